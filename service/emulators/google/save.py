"""What happens behind Google's save link: the JWT is read and the pass lands in a wallet.

Source: docs/sources.md, g-5.
"""

from http import HTTPStatus

from service.emulators.google.accounts import Account, Accounts
from service.emulators.google.checks import Json
from service.emulators.google.errors import GoogleRefused
from service.emulators.google.jwt import Claims, JwtRefused, whole_seconds
from service.emulators.google.resources import Resources, check_access
from service.emulators.google.stored import CLASS, OBJECT, Kind, Stored

# Google's documented safe length of the token in a link.
LONGEST_JWT = 1800
PAYLOAD_KEYS = {"loyaltyObjects", "loyaltyClasses"}
SKINNY_KEYS = {"id", "classId"}
ONE_HOLDER = {"ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"}


class SaveRefused(Exception):
    """A save link that ends on an error page."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class SaveLinks:
    """Opens save links for the wallets of any number of people."""

    def __init__(self, accounts: Accounts, resources: Resources) -> None:
        self._accounts = accounts
        self._resources = resources

    def save(self, token: str, user: str) -> list[str]:
        """Put the objects of a link's JWT into a person's wallet and return their ids.

        Classes and objects the link carries in full are created if they are not there;
        those that are there stay as they are. Saving again changes nothing.

        Raises:
            SaveRefused: the JWT is not in order, or its content is not.
        """
        try:
            account, payload = self._read(token)
            for class_content in _entries(payload, "loyaltyClasses"):
                self._ensure(CLASS, account, class_content)
            saved = [
                self._take(account, each, user) for each in _entries(payload, "loyaltyObjects")
            ]
        except JwtRefused as refusal:
            raise SaveRefused(HTTPStatus.BAD_REQUEST, f"{refusal}.") from refusal
        except GoogleRefused as refusal:
            raise SaveRefused(refusal.status, refusal.message) from refusal
        if not saved:
            raise SaveRefused(HTTPStatus.BAD_REQUEST, "The link holds no loyaltyObjects.")
        return saved

    def _read(self, token: str) -> tuple[Account, Json]:
        if len(token) > LONGEST_JWT:
            detail = f"The JWT has {len(token)} characters; a link carries {LONGEST_JWT} at most."
            raise SaveRefused(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
        account, claims = self._accounts.read_signed(token)
        return account, _payload(claims)

    def _take(self, account: Account, content: Json, user: str) -> str:
        object_id = str(content.get("id", ""))
        check_access(object_id, account.issuer_id)
        if self._resources.find(OBJECT, object_id) is None and set(content) <= SKINNY_KEYS:
            detail = f"The object {object_id} does not exist and the link does not carry it."
            raise SaveRefused(HTTPStatus.NOT_FOUND, detail)
        stored = self._ensure(OBJECT, account, content)
        has_one_holder = self._has_one_holder(stored)

        def with_user(holders: tuple[str, ...]) -> tuple[str, ...]:
            if user in holders:
                return holders
            if holders and has_one_holder:
                raise SaveRefused(HTTPStatus.FORBIDDEN, "Somebody else has saved this pass.")
            return (*holders, user)

        self._resources.hold(object_id, with_user)
        return object_id

    def _ensure(self, kind: Kind, account: Account, content: Json) -> Stored:
        resource_id = str(content.get("id", ""))
        check_access(resource_id, account.issuer_id)
        stored = self._resources.find(kind, resource_id)
        return stored or self._resources.insert(kind, account.issuer_id, content)

    def _has_one_holder(self, stored: Stored) -> bool:
        of_class = self._resources.get(CLASS, str(stored.content["classId"]))
        return of_class.content.get("multipleDevicesAndHoldersAllowedStatus") in ONE_HOLDER


def _payload(claims: Claims) -> Json:
    if claims.get("aud") != "google" or claims.get("typ") != "savetowallet":
        raise JwtRefused('aud must be "google" and typ "savetowallet"')
    whole_seconds(claims, "iat")
    payload = claims.get("payload")
    if not isinstance(payload, dict) or not payload:
        raise JwtRefused("payload must be an object")
    unknown = sorted(set(payload) - PAYLOAD_KEYS)
    if unknown:
        known = ", ".join(sorted(PAYLOAD_KEYS))
        raise JwtRefused(f"payload has the unknown key {', '.join(unknown)}; known: {known}")
    return payload


def _entries(payload: Json, name: str) -> list[Json]:
    entries = payload.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise JwtRefused(f"{name} must be a list of objects")
    return entries
