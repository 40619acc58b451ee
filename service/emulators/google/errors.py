"""Google's words for a refusal: one exception, one body.

Sources: docs/sources.md, g-6 and g-9; reasons as seen on live answers.
"""

from http import HTTPStatus

WALLET = "walletobjects"
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
USUAL_REASONS = {
    400: "invalidResource",
    401: "authError",
    403: "permissionDenied",
    404: "resourceNotFound",
    409: "existingResource",
    429: "rateLimitExceeded",
    500: "internalError",
    502: "backendError",
    503: "backendError",
    504: "backendError",
}
DOMAINS = {
    "authError": "global",
    "badRequest": "global",
    "notFound": "global",
    "rateLimitExceeded": "usageLimits",
    "internalError": "global",
    "backendError": "global",
}


class GoogleRefused(Exception):
    """A request that Google would refuse; `reason` is what a client branches on."""

    def __init__(
        self, status: int, reason: str, message: str, *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, object]:
        """Return Google's JSON for it."""
        domain = DOMAINS.get(self.reason, WALLET)
        detail = {"message": self.message, "domain": domain, "reason": self.reason}
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "status": STATUS_WORDS.get(self.status, "UNKNOWN"),
                "errors": [detail],
            }
        }


def invalid(message: str) -> GoogleRefused:
    """Return the refusal of content that breaks a rule."""
    return GoogleRefused(HTTPStatus.BAD_REQUEST, "invalidResource", message)


def malformed(message: str) -> GoogleRefused:
    """Return the refusal of JSON that does not fit the schema."""
    return GoogleRefused(HTTPStatus.BAD_REQUEST, "badRequest", message)


def not_found(message: str, reason: str = "notFound") -> GoogleRefused:
    """Return the refusal of something that is not there."""
    return GoogleRefused(HTTPStatus.NOT_FOUND, reason, message)
