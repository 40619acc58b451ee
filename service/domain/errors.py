"""Every error a caller can meet, with its stable code; what each means is in docs/errors.md.

ServiceError
├── InvalidInput          the request itself is wrong: fix it, then send it again
│   └── UnsupportedMedia  the body is not JSON
├── Unauthorized          no valid credential
├── Forbidden             a valid credential without the needed scope
├── NotFound              CardNotFound, ProgramNotFound, ActionNotFound, SourceNotFound ...
├── Conflict              IllegalTransition, EventConflict, NumberTaken, TooManyActiveCards ...
├── Unavailable           try again later: StorageBusy, PassUnavailable
└── SetupError            an operator must fix something before the service can start
"""

from collections.abc import Sequence


class ServiceError(Exception):
    """Base of all expected errors; `code` is public and never changes its meaning."""

    code = "internal_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidInput(ServiceError):
    """The request is wrong. `faults` lists (where, what is wrong) for each bad field."""

    code = "invalid_input"

    def __init__(self, detail: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class UnsupportedMedia(InvalidInput):
    code = "unsupported_media_type"


class BodyTooLarge(InvalidInput):
    code = "body_too_large"


class Unauthorized(ServiceError):
    code = "unauthorized"


class Forbidden(ServiceError):
    code = "scope_missing"


class NotFound(ServiceError):
    code = "not_found"


class CardNotFound(NotFound):
    code = "card_not_found"


class ProgramNotFound(NotFound):
    code = "program_not_found"


class ActionNotFound(NotFound):
    code = "action_not_found"


class AccountNotFound(NotFound):
    code = "account_not_found"


class SourceNotFound(NotFound):
    code = "source_not_found"


class Conflict(ServiceError):
    code = "conflict"


class IllegalTransition(Conflict):
    code = "illegal_transition"


class EventConflict(Conflict):
    code = "event_conflict"


class NumberTaken(Conflict):
    code = "number_taken"


class StaleCard(ServiceError):
    code = "stale_card"


class OrderingMixed(Conflict):
    code = "ordering_mixed"


class TooManyActiveCards(Conflict):
    code = "too_many_active_cards"


class AlreadyExists(Conflict):
    code = "already_exists"


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"


class IdempotencyMismatch(ServiceError):
    code = "idempotency_mismatch"


class Unavailable(ServiceError):
    code = "unavailable"


class StorageBusy(Unavailable):
    code = "storage_busy"


class PassUnavailable(Unavailable):
    code = "pass_unavailable"


class SetupError(ServiceError):
    """Start-up is refused; `detail` says what to fix."""

    code = "setup_error"
