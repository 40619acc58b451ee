"""Every error a caller can meet, with its stable code; what each means is in docs/errors.md.

ServiceError
├── InvalidInput          the request itself is wrong: fix it, then send it again
│   ├── UnsupportedMedia  the body is not of the type that is asked for
│   └── DesignRefused     a design that no phone would show as it is meant
├── Unauthorized          no valid credential
├── Forbidden             a valid credential without the needed scope
├── NotFound              CardNotFound, ProgramNotFound, ActionNotFound, SourceNotFound ...
├── TooManyCalls          this address calls too often: slow down
├── Conflict              IllegalTransition, EventConflict, NumberTaken, TooManyActiveCards ...
├── Unavailable           try again later: StorageBusy, PassUnavailable
├── InternalError         what callers are told of any other fault of ours
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
    """A part of the request is missing, unknown or cannot be used.

    `faults` lists (where, what is wrong) for each bad field.
    """

    code = "invalid_input"

    def __init__(self, detail: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class UnsupportedMedia(InvalidInput):
    """The body is not sent as `application/json`, or a design not as `application/zip`."""

    code = "unsupported_media_type"


class BodyTooLarge(InvalidInput):
    """The body has more bytes than the call takes: 64 KiB, where nothing else is said."""

    code = "body_too_large"


class DesignRefused(InvalidInput):
    """The design holds what cannot be published; every fault names its file, code and cure."""

    code = "design_refused"


class Unauthorized(ServiceError):
    """There is no valid API key, signature or token."""

    code = "unauthorized"


class Forbidden(ServiceError):
    """The API key is good but lacks the scope."""

    code = "scope_missing"


class TooManyCalls(ServiceError):
    """This address calls too often; a little later it may again."""

    code = "too_many_calls"


class NotFound(ServiceError):
    """There is nothing at this address, or an id is none of Tessera."""

    code = "not_found"


class CardNotFound(NotFound):
    """The brand has no such card; or no account or member that an event names."""

    code = "card_not_found"


class ProgramNotFound(NotFound):
    """The brand has no such program."""

    code = "program_not_found"


class ActionNotFound(NotFound):
    """The brand has no such act on a card."""

    code = "action_not_found"


class AccountNotFound(NotFound):
    """The brand has no such account."""

    code = "account_not_found"


class DesignNotFound(NotFound):
    """The brand has no such design."""

    code = "design_not_found"


class ImageNotFound(NotFound):
    code = "image_not_found"


class SourceNotFound(NotFound):
    """No source has this id."""

    code = "source_not_found"


class RollOutNotFound(NotFound):
    """The brand has no such roll-out."""

    code = "roll_out_not_found"


class Conflict(ServiceError):
    """What is asked does not fit what is there."""

    code = "conflict"


class IllegalTransition(Conflict):
    """The status of the card or roll-out does not allow the action."""

    code = "illegal_transition"


class RollOutRunning(Conflict):
    """The program has a roll-out that has not ended."""

    code = "roll_out_running"


class AlreadyPublished(Conflict):
    """The program's cards show this design already."""

    code = "already_published"


class EventConflict(Conflict):
    """The event id was used for another body."""

    code = "event_conflict"


class NumberTaken(Conflict):
    """The card number belongs to another card of the brand."""

    code = "number_taken"


class StaleCard(ServiceError):
    """The card has another version by now than `If-Match` names."""

    code = "stale_card"


class OrderingMixed(Conflict):
    """The balance is ordered by the other kind of key, or by none."""

    code = "ordering_mixed"


class TooManyActiveCards(Conflict):
    """The account has as many active cards as its program allows."""

    code = "too_many_active_cards"


class AlreadyExists(Conflict):
    """There is one of this name."""

    code = "already_exists"


class IdempotencyInProgress(Conflict):
    """The first request with this key is still running; send it again."""

    code = "idempotency_in_progress"


class IdempotencyMismatch(ServiceError):
    """The key was used for another request."""

    code = "idempotency_mismatch"


class Unavailable(ServiceError):
    """The database does not answer; try again later."""

    code = "unavailable"


class StorageBusy(Unavailable):
    """Other calls hold what this one needs; try again."""

    code = "storage_busy"


class PassUnavailable(Unavailable):
    """The brand has no certificate to sign this pass with, or it has ended, or it is unfit."""

    code = "pass_unavailable"


class InternalError(ServiceError):
    """Something is wrong on our side; it is in the log under the request's id."""


class SetupError(ServiceError):
    """Start-up is refused; `detail` says what to fix."""

    code = "setup_error"
