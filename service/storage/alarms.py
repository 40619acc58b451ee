"""Stages of what needs an operator, each told once by all processes together."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import AlarmRow


def raise_once(
    transaction: Transaction, brand_id: UUID, subject: str, stage: int, now: datetime
) -> bool:
    """Note that the subject has reached the stage; False if that was noted before."""
    return insert_new(
        transaction,
        AlarmRow,
        id=uuid7(),
        brand_id=brand_id,
        subject=subject,
        stage=stage,
        raised_at=now,
    )
