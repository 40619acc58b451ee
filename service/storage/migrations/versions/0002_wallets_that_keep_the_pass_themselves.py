"""Google Wallet: other credentials, targets without a device, images by their hash, turns."""

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPLE_FACTS = ("team_id", "certificate_pem", "wwdr_pem")
OWED = sa.text("due_at IS NOT NULL")
IS_OBJECT = sa.text("installation_id IS NULL")


def upgrade() -> None:
    _credentials()
    _images()
    _targets()
    op.create_table(
        "turns",
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("free_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("wallet", "type_id", name="pk_turns"),
    )
    op.create_index("ix_cards_brand_id_id", "cards", ["brand_id", "id"])
    op.create_index("ix_cards_brand_id_status_id", "cards", ["brand_id", "status", "id"])
    # One index, for statements with and without a balance: each costs every points event a write.
    op.create_index("ix_entries_account_id_id", "entries", ["account_id", "id"])
    op.drop_index("ix_entries_account_id_balance_id", "entries")


def _credentials() -> None:
    """Put what only Apple has into one column that every wallet fills in its own way."""
    with op.batch_alter_table("credentials") as table:
        table.add_column(sa.Column("facts", JSON, nullable=True))
    columns: list[sa.ColumnClause[Any]] = [
        sa.column("id"),
        *(sa.column(name) for name in APPLE_FACTS),
    ]
    credentials = sa.table("credentials", *columns, sa.column("facts", JSON))
    connection = op.get_bind()
    for row in connection.execute(sa.select(*columns)).mappings().all():
        facts = {name: row[name] for name in APPLE_FACTS}
        known = credentials.c.id == row["id"]
        connection.execute(sa.update(credentials).where(known).values(facts=facts))
    with op.batch_alter_table("credentials") as table:
        table.alter_column("facts", existing_type=JSON, nullable=False)
        for name in APPLE_FACTS:
            table.drop_column(name)


def _images() -> None:
    """Name every image by its hash, so that it can be served under an address of its own."""
    with op.batch_alter_table("design_images") as table:
        table.add_column(sa.Column("sha256", sa.String(), nullable=True))
    images = sa.table("design_images", sa.column("id"), sa.column("png"), sa.column("sha256"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(images.c.id)).all():
        png: Any = connection.scalar(sa.select(images.c.png).where(images.c.id == row.id))
        named = sa.update(images).where(images.c.id == row.id)
        connection.execute(named.values(sha256=sha256(png).hexdigest()))
    with op.batch_alter_table("design_images") as table:
        table.alter_column("sha256", existing_type=sa.String(), nullable=False)
    op.create_index("ix_design_images_sha256", "design_images", ["sha256"])


def _targets() -> None:
    with op.batch_alter_table("passes") as table:
        table.alter_column("token", existing_type=sa.LargeBinary(), nullable=True)
        table.alter_column("token_digest", existing_type=sa.LargeBinary(), nullable=True)
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("installation_id", existing_type=sa.Uuid(), nullable=True)
        table.alter_column("device_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("confirm_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("type_id", sa.String(), nullable=True))
    op.execute(
        "UPDATE deliveries SET type_id = "
        "(SELECT passes.type_id FROM passes WHERE passes.id = deliveries.pass_id)"
    )
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("type_id", existing_type=sa.String(), nullable=False)
    op.drop_index("ix_deliveries_due", "deliveries")
    due = {
        "ix_deliveries_due": ["wallet", "priority", "due_at"],
        "ix_deliveries_due_by_type": ["wallet", "type_id", "priority", "due_at"],
    }
    for name, columns in due.items():
        op.create_index(name, "deliveries", columns, postgresql_where=OWED, sqlite_where=OWED)
    op.create_index(
        "uq_deliveries_object",
        "deliveries",
        ["pass_id"],
        unique=True,
        postgresql_where=IS_OBJECT,
        sqlite_where=IS_OBJECT,
    )
