"""Tables of the first version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brands"),
        sa.UniqueConstraint("name", name="uq_brands_name"),
    )
    op.create_table(
        "master_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_master_key"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_api_keys_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("certificate_pem", sa.String(), nullable=False),
        sa.Column("wwdr_pem", sa.String(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_credentials_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
    )
    op.create_index(
        "ix_credentials_brand_id_wallet_type_id",
        "credentials",
        ["brand_id", "wallet", "type_id"],
        unique=False,
    )

    op.create_table(
        "designs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_designs_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_designs"),
        sa.UniqueConstraint("brand_id", "name", "version", name="uq_designs_brand_id_name_version"),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("device_digest", sa.LargeBinary(), nullable=False),
        sa.Column("push_token", sa.LargeBinary(), nullable=False),
        sa.Column("push_token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("push_token_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counter", AMOUNT, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_devices_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("type_id", "device_digest", name="uq_devices_type_id_device_digest"),
    )
    op.create_index("ix_devices_push_token_digest", "devices", ["push_token_digest"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_idempotency_keys_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency_keys"),
        sa.UniqueConstraint(
            "brand_id", "endpoint", "key", name="uq_idempotency_keys_brand_id_endpoint_key"
        ),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("birthday", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("order_kind", sa.String(), nullable=True),
        sa.Column("order_position", AMOUNT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_members_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("brand_id", "external_id", name="uq_members_brand_id_external_id"),
    )
    op.create_index(
        "ix_members_brand_id_email_index", "members", ["brand_id", "email_index"], unique=False
    )
    op.create_index(
        "ix_members_brand_id_phone_index", "members", ["brand_id", "phone_index"], unique=False
    )

    op.create_table(
        "sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_sources_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("brand_id", "name", name="uq_sources_brand_id_name"),
    )
    op.create_table(
        "design_images",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("design_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_design_images_brand_id"),
        sa.ForeignKeyConstraint(["design_id"], ["designs.id"], name="fk_design_images_design_id"),
        sa.PrimaryKeyConstraint("id", name="pk_design_images"),
        sa.UniqueConstraint("design_id", "name", name="uq_design_images_design_id_name"),
    )
    op.create_table(
        "programs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("design_id", sa.Uuid(), nullable=False),
        sa.Column("number_prefix", sa.String(), nullable=False),
        sa.Column("number_length", sa.Integer(), nullable=False),
        sa.Column("number_check", sa.String(), nullable=False),
        sa.Column("barcode_format", sa.String(), nullable=False),
        sa.Column("balances", JSON, nullable=False),
        sa.Column("balance_owner", sa.String(), nullable=False),
        sa.Column("cards_per_account", sa.Integer(), nullable=False),
        sa.Column("below_zero", sa.Boolean(), nullable=False),
        sa.Column("phone_region", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_programs_brand_id"),
        sa.ForeignKeyConstraint(["design_id"], ["designs.id"], name="fk_programs_design_id"),
        sa.PrimaryKeyConstraint("id", name="pk_programs"),
        sa.UniqueConstraint("brand_id", "name", name="uq_programs_brand_id_name"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("tier_code", sa.String(), nullable=True),
        sa.Column("tier_name", sa.String(), nullable=True),
        sa.Column("tier_order_kind", sa.String(), nullable=True),
        sa.Column("tier_order_position", AMOUNT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_accounts_brand_id"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_accounts_program_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "account_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_members_account_id"
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_account_members_brand_id"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_account_members_member_id"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_account_members_program_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_members"),
        sa.UniqueConstraint(
            "account_id", "member_id", name="uq_account_members_account_id_member_id"
        ),
        sa.UniqueConstraint(
            "program_id", "member_id", name="uq_account_members_program_id_member_id"
        ),
    )
    op.create_index("ix_account_members_member_id", "account_members", ["member_id"], unique=False)

    op.create_table(
        "balances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("pending", AMOUNT, nullable=False),
        sa.Column("expiring", JSON, nullable=False),
        sa.Column("order_kind", sa.String(), nullable=True),
        sa.Column("set_position", AMOUNT, nullable=True),
        sa.Column("add_position", AMOUNT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_balances_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_balances_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_balances"),
        sa.UniqueConstraint("account_id", "code", name="uq_balances_account_id_code"),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("blocked_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("active_slot", sa.Integer(), nullable=True),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("link_token", sa.LargeBinary(), nullable=False),
        sa.Column("link_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(status = 'active') = (active_slot IS NOT NULL)",
            name=op.f("ck_cards_active_holds_slot"),
        ),
        sa.CheckConstraint(
            "active_slot BETWEEN 1 AND slots", name=op.f("ck_cards_slot_within_limit")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_cards_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_cards_brand_id"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_cards_program_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        sa.UniqueConstraint("account_id", "active_slot", name="uq_cards_account_id_active_slot"),
        sa.UniqueConstraint("brand_id", "barcode", name="uq_cards_brand_id_barcode"),
        sa.UniqueConstraint("brand_id", "number", name="uq_cards_brand_id_number"),
        sa.UniqueConstraint("link_digest", name="uq_cards_link_digest"),
    )
    op.create_index(
        "ix_cards_account_id_created_at", "cards", ["account_id", "created_at"], unique=False
    )

    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("dead_letter", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_events_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_events_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint(
            "brand_id", "source", "event_id", name="uq_events_brand_id_source_event_id"
        ),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("balance", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("balance_after", AMOUNT, nullable=False),
        sa.Column("order_kind", sa.String(), nullable=True),
        sa.Column("order_position", AMOUNT, nullable=True),
        sa.Column("store", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_entries_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_entries_brand_id"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_entries_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index(
        "ix_entries_account_id_balance_id", "entries", ["account_id", "balance", "id"], unique=False
    )

    op.create_table(
        "history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("from_status", sa.String(), nullable=True),
        sa.Column("to_status", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=True),
        sa.Column("pass_versions", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_history_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_history_brand_id"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_history_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
    )
    op.create_index("ix_history_card_id_id", "history", ["card_id", "id"], unique=False)

    op.create_table(
        "passes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("type_id", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_modified", AMOUNT, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_offered_version", sa.Integer(), nullable=True),
        sa.Column("fetched_version", sa.Integer(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("single_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_passes_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_passes_brand_id"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_passes_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_passes"),
        sa.UniqueConstraint("card_id", "wallet", name="uq_passes_card_id_wallet"),
        sa.UniqueConstraint("wallet", "serial", name="uq_passes_wallet_serial"),
    )
    op.create_index("ix_passes_account_id", "passes", ["account_id"], unique=False)

    op.create_table(
        "installations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=True),
        sa.Column("told_at", AMOUNT, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_installations_account_id"
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_installations_brand_id"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_installations_device_id"),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name="fk_installations_pass_id"),
        sa.PrimaryKeyConstraint("id", name="pk_installations"),
        sa.UniqueConstraint("pass_id", "device_id", name="uq_installations_pass_id_device_id"),
    )
    op.create_index("ix_installations_device_id", "installations", ["device_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("wanted_version", sa.Integer(), nullable=False),
        sa.Column("sent_version", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_deliveries_account_id"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_deliveries_brand_id"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_deliveries_device_id"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_deliveries_installation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name="fk_deliveries_pass_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("installation_id", name="uq_deliveries_installation_id"),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["priority", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_deliveries_pass_id", "deliveries", ["pass_id"], unique=False)
