"""Every table. All but `brands`, `master_key`, `turns` and `halts` carry the brand."""

from service.storage.tables.base import Base, Owned, Row
from service.storage.tables.brands import (
    AlarmRow,
    ApiKeyRow,
    BrandRow,
    CertificateRequestRow,
    CredentialRow,
    IdempotencyKeyRow,
    MasterKeyRow,
    PushKeyRow,
    SourceRow,
)
from service.storage.tables.cards import (
    AccountMemberRow,
    AccountRow,
    BalanceRow,
    CardRow,
    EntryRow,
    EventRow,
    HistoryRow,
    MemberRow,
)
from service.storage.tables.passes import (
    DeliveryRow,
    DeviceReportRow,
    DeviceRow,
    HaltRow,
    InstallationRow,
    PassRow,
    TurnRow,
)
from service.storage.tables.programs import DesignImageRow, DesignRow, ProgramRow, RollOutRow

__all__ = [
    "AccountMemberRow",
    "AccountRow",
    "AlarmRow",
    "ApiKeyRow",
    "BalanceRow",
    "Base",
    "BrandRow",
    "CardRow",
    "CertificateRequestRow",
    "CredentialRow",
    "DeliveryRow",
    "DesignImageRow",
    "DesignRow",
    "DeviceReportRow",
    "DeviceRow",
    "EntryRow",
    "EventRow",
    "HaltRow",
    "HistoryRow",
    "IdempotencyKeyRow",
    "InstallationRow",
    "MasterKeyRow",
    "MemberRow",
    "Owned",
    "PassRow",
    "ProgramRow",
    "PushKeyRow",
    "RollOutRow",
    "Row",
    "SourceRow",
    "TurnRow",
]
