"""Cards, their numbers, and the links that lead to them."""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, exists, or_, select, update

from service.domain.cards import Card, CardStatus, Reason
from service.domain.errors import CardNotFound, TooManyActiveCards
from service.storage.database import Transaction, TransactionConflict
from service.storage.tables import CardRow


@dataclass(frozen=True)
class StoredCard:
    """A card with what else its row holds: the barcode's text, the sealed token of its link."""

    card: Card
    barcode: str
    sealed_link: bytes = field(repr=False)


def insert(transaction: Transaction, card: Card, slots: int, link_token: str) -> StoredCard:
    """Add a card; an active one takes a free slot of its account, which must be locked.

    Raises:
        TooManyActiveCards: all `slots` of the account are taken.
    """
    sealed = transaction.vault.seal(link_token, "cards", "link", card.id)
    transaction.session.add(
        CardRow(
            **vars(card),
            barcode=card.number,
            slots=slots,
            active_slot=_slot(transaction, card, slots),
            link_token=sealed,
            link_digest=transaction.vault.digest("link", link_token),
        )
    )
    transaction.session.flush()
    return StoredCard(card, card.number, sealed)


def save(transaction: Transaction, card: Card, slots: int) -> None:
    """Write the card if nobody saved it since it was read.

    Raises:
        TooManyActiveCards: it became active and all `slots` of its account are taken.
        TransactionConflict: somebody else saved it first.
    """
    write = (
        update(CardRow)
        .where(CardRow.id == card.id, CardRow.version == card.version - 1)
        .values(
            status=card.status,
            status_reason=card.status_reason,
            blocked_by=card.blocked_by,
            version=card.version,
            activated_at=card.activated_at,
            slots=slots,
            active_slot=_slot(transaction, card, slots),
        )
    )
    if cast("CursorResult[Any]", transaction.session.execute(write)).rowcount != 1:
        raise TransactionConflict


def _slot(transaction: Transaction, card: Card, slots: int) -> int | None:
    if card.status is not CardStatus.ACTIVE:
        return None
    query = select(CardRow.active_slot).where(
        CardRow.account_id == card.account_id, CardRow.active_slot.is_not(None)
    )
    taken = set(transaction.session.scalars(query))
    free = [slot for slot in range(1, slots + 1) if slot not in taken]
    if not free:
        raise TooManyActiveCards(
            f"The account already has {len(taken)} active card(s), and its program allows {slots}. "
            "Block or close one first."
        )
    return free[0]


def get(transaction: Transaction, brand_id: UUID, card_id: UUID) -> Card:
    """Return a card of this brand.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    return stored(transaction, brand_id, card_id).card


def stored(transaction: Transaction, brand_id: UUID, card_id: UUID) -> StoredCard:
    """Return a card of this brand with what its row holds.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    row = _first(transaction, CardRow.brand_id == brand_id, CardRow.id == card_id)
    if row is None:
        raise CardNotFound(f"There is no card {card_id}.")
    return stored_from(row)


def by_number(transaction: Transaction, brand_id: UUID, number: str) -> StoredCard | None:
    row = _first(transaction, CardRow.brand_id == brand_id, CardRow.number == number)
    return None if row is None else stored_from(row)


def by_barcode(transaction: Transaction, brand_id: UUID, message: str) -> StoredCard | None:
    row = _first(transaction, CardRow.brand_id == brand_id, CardRow.barcode == message)
    return None if row is None else stored_from(row)


def by_link(transaction: Transaction, token: str) -> Card | None:
    """Return the card a customer's link leads to, whatever the brand: the token is the secret."""
    digest = transaction.vault.digest("link", token)
    row = _first(transaction, CardRow.link_digest == digest)
    return None if row is None else card_from(row)


def by_id(transaction: Transaction, card_id: UUID) -> Card:
    """Return the card behind a pass; the caller has already proved its right to it."""
    return card_from(transaction.session.get_one(CardRow, card_id))


def of_accounts(transaction: Transaction, account_ids: list[UUID]) -> list[StoredCard]:
    """Return the accounts' cards, newest first."""
    query = (
        select(CardRow)
        .where(CardRow.account_id.in_(account_ids))
        .order_by(CardRow.created_at.desc(), CardRow.id.desc())
        .execution_options(populate_existing=True)
    )
    return [stored_from(row) for row in transaction.session.scalars(query)]


def is_taken(transaction: Transaction, brand_id: UUID, number: str) -> bool:
    """Say whether any card of the brand ever had this number or barcode."""
    taken = exists().where(
        CardRow.brand_id == brand_id, or_(CardRow.number == number, CardRow.barcode == number)
    )
    return bool(transaction.session.scalar(select(taken)))


def barcode_message(transaction: Transaction, card_id: UUID) -> str:
    return transaction.session.get_one(CardRow, card_id).barcode


def link_token(transaction: Transaction, known: StoredCard) -> str:
    """Return the token of the customer's link."""
    return transaction.vault.open(known.sealed_link, "cards", "link", known.card.id)


def _first(transaction: Transaction, *conditions: ColumnElement[bool]) -> CardRow | None:
    query = select(CardRow).where(*conditions).execution_options(populate_existing=True)
    return transaction.session.scalars(query).first()


def stored_from(row: CardRow) -> StoredCard:
    return StoredCard(card_from(row), row.barcode, row.link_token)


def card_from(row: CardRow) -> Card:
    return Card(
        id=row.id,
        brand_id=row.brand_id,
        program_id=row.program_id,
        account_id=row.account_id,
        number=row.number,
        status=CardStatus(row.status),
        created_at=row.created_at,
        version=row.version,
        status_reason=Reason(row.status_reason) if row.status_reason else None,
        blocked_by=row.blocked_by,
        activated_at=row.activated_at,
        expires_at=row.expires_at,
        replaces=row.replaces,
        replaced_by=row.replaced_by,
        reference=row.reference,
    )
