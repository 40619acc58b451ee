"""Standard Webhooks 1.0: whose call is it, and which message?

Source: github.com/standard-webhooks spec, "Signature scheme", checked 2026-11-22.
"""

from collections.abc import Iterable, Mapping

from standardwebhooks import Webhook, WebhookVerificationError

from service.domain.errors import Unauthorized

SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
MOST_SIGNATURES = 10
LONGEST_ID = 255


def verified_id(secrets: Iterable[str], headers: Mapping[str, str], body: bytes) -> str:
    """Return the `webhook-id` of a call that was signed with one of the secrets.

    The timestamp may be 5 minutes off; at most 10 signatures are looked at.

    Raises:
        Unauthorized: no signature fits; which part is wrong is not told.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signed = {name: given.get(name, "") for name in SIGNED_HEADERS}
    signatures = signed["webhook-signature"].split(" ")[:MOST_SIGNATURES]
    signed["webhook-signature"] = " ".join(signatures)
    if len(signed["webhook-id"]) <= LONGEST_ID:
        for secret in secrets:
            if _fits(secret, signed, body):
                return signed["webhook-id"]
    raise Unauthorized("The webhook's signature is missing, wrong or too old.")


def _fits(secret: str, signed: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: base64 or UTF-8 that is none
        return False
    return True
