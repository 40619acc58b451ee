"""Apple Wallet complete: roll-outs, renewed certificates, halts, what devices report."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _credentials()
    _passes()
    _roll_outs()
    _devices()
    _halts()


def _owned(table: str, *columns: sa.Column[object] | sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=f"fk_{table}_brand_id"),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _credentials() -> None:
    """A renewed certificate waits for its day; requests and APNs keys hold keys of their own."""
    with op.batch_alter_table("credentials") as table:
        table.add_column(sa.Column("active_from", TIME, nullable=True))
    op.execute("UPDATE credentials SET active_from = created_at")
    with op.batch_alter_table("credentials") as table:
        table.alter_column("active_from", existing_type=TIME, nullable=False)
    _owned(
        "certificate_requests",
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("key_digest", name="uq_certificate_requests_key_digest"),
    )
    _owned(
        "push_keys",
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_push_keys_brand_id_type_id", "push_keys", ["brand_id", "type_id"])
    _owned(
        "alarms",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.UniqueConstraint("subject", "stage", name="uq_alarms_subject_stage"),
    )


def _passes() -> None:
    """Every pass knows its design, and by its bucket whether a part of a roll-out reaches it."""
    with op.batch_alter_table("passes") as table:
        table.add_column(sa.Column("design_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("bucket", sa.Integer(), nullable=True))
    chance = "floor(random() * 100)"
    if op.get_bind().dialect.name == "sqlite":
        chance = "abs(random() % 100)"
    op.execute(
        f"UPDATE passes SET bucket = {chance}, design_id = "  # noqa: S608 # two fixed texts
        "(SELECT programs.design_id FROM programs JOIN cards ON cards.program_id = programs.id "
        "WHERE cards.id = passes.card_id)"
    )
    with op.batch_alter_table("passes") as table:
        table.alter_column("design_id", existing_type=sa.Uuid(), nullable=False)
        table.alter_column("bucket", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key("fk_passes_design_id", "designs", ["design_id"], ["id"])
    op.create_index("ix_passes_design_id_bucket_id", "passes", ["design_id", "bucket", "id"])
    op.create_index("ix_passes_type_id", "passes", ["type_id"])


def _roll_outs() -> None:
    _owned(
        "roll_outs",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("from_design_id", sa.Uuid(), nullable=False),
        sa.Column("to_design_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("moved", AMOUNT, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        _refers("roll_outs", "program_id", "programs"),
        _refers("roll_outs", "from_design_id", "designs"),
        _refers("roll_outs", "to_design_id", "designs"),
    )
    # A program has one roll-out at a time.
    unended = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_roll_outs_running",
        "roll_outs",
        ["program_id"],
        unique=True,
        postgresql_where=unended,
        sqlite_where=unended,
    )


def _devices() -> None:
    """Some readers poll by themselves; what devices report is kept with the pass it is about."""
    with op.batch_alter_table("devices") as table:
        table.add_column(sa.Column("provider", sa.String(), nullable=False, server_default="apns"))
    with op.batch_alter_table("devices") as table:
        table.alter_column("provider", existing_type=sa.String(), server_default=None)
    _owned(
        "device_reports",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        _refers("device_reports", "account_id", "accounts"),
        _refers("device_reports", "pass_id", "passes"),
    )
    op.create_index("ix_device_reports_pass_id_id", "device_reports", ["pass_id", "id"])
    op.create_index("ix_device_reports_brand_id_kind", "device_reports", ["brand_id", "kind"])


def _halts() -> None:
    """A vendor that refuses our set-up is left alone; phones that do not fetch are pushed again."""
    op.create_table(
        "halts",
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("wallet", "type_id", name="pk_halts"),
    )
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("repushes", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("repushes_since", TIME, nullable=True))
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("repushes", existing_type=sa.Integer(), server_default=None)
    op.create_index("ix_deliveries_device_id", "deliveries", ["device_id"])
    _index_where("ix_deliveries_confirm", ["wallet", "confirm_at"], "confirm_at IS NOT NULL")
    _index_where("ix_deliveries_repushed", ["brand_id"], "repushes_since IS NOT NULL")


def _index_where(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "deliveries", columns, postgresql_where=where, sqlite_where=where)
