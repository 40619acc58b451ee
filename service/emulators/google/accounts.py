"""Service accounts and their access tokens: Google's OAuth JWT bearer grant.

Of a key pair only the public half stays here. Sources: docs/sources.md, g-8; RFC 7523.
"""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from service.emulators.control import Clock
from service.emulators.google.jwt import Claims, JwtRefused, read_jwt, whole_seconds
from service.emulators.google.state import StateDatabase

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# google-auth writes this into every assertion, whatever the key file's token_uri says.
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
TOKEN_LIFE_S = 3599
LONGEST_ASSERTION_S = 3600
CLOCK_TOLERANCE_S = 300
PROJECT = "tessera-emulated"
ACCOUNTS = "account"


class GrantRefused(Exception):
    """A token request Google would refuse; `error` is OAuth's word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True)
class Account:
    """A service account: who it is, whose objects it may touch, how to know its signature."""

    email: str
    issuer_id: str
    key_id: str
    public_key_pem: str

    @property
    def public_key(self) -> rsa.RSAPublicKey | None:
        key = load_pem_public_key(self.public_key_pem.encode())
        return key if isinstance(key, rsa.RSAPublicKey) else None


class Accounts:
    """All service accounts known here and the access tokens they hold."""

    def __init__(self, state: StateDatabase, now: Clock) -> None:
        self._state = state
        self._now = now
        self._lock = threading.Lock()
        self._accounts = {
            email: Account(**{name: str(value) for name, value in saved.items()})
            for email, saved in state.load(ACCOUNTS).items()
        }
        self._tokens: dict[str, tuple[Account, datetime]] = {}

    def any(self) -> bool:
        """Say whether any account was created, now or before a restart."""
        with self._lock:
            return bool(self._accounts)

    def create(self, issuer_id: str, token_url: str) -> dict[str, str]:
        """Return the key file of a new service account that belongs to `issuer_id`."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        number = secrets.randbelow(10**21)
        account = Account(
            email=f"wallet-{number:021d}@{PROJECT}.iam.gserviceaccount.com",
            issuer_id=issuer_id,
            key_id=secrets.token_hex(20),
            public_key_pem=_public_pem(key),
        )
        with self._lock:
            self._accounts[account.email] = account
            self._state.put(ACCOUNTS, account.email, asdict(account))
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": account.key_id,
            "private_key": _private_pem(key),
            "client_email": account.email,
            "client_id": f"{number:021d}",
            "token_uri": token_url,
        }

    def grant(self, form: Mapping[str, str], token_url: str) -> dict[str, object]:
        """Return Google's answer to a token request that is in order.

        Raises:
            GrantRefused: the grant or its assertion is not.
        """
        if form.get("grant_type") != GRANT_TYPE:
            raise GrantRefused("unsupported_grant_type", f"Invalid grant_type; use {GRANT_TYPE}.")
        try:
            account = self._asserted(form.get("assertion", ""), token_url)
        except JwtRefused as refusal:
            raise GrantRefused("invalid_grant", f"Invalid JWT: {refusal}.") from None
        token = f"ya29.{secrets.token_urlsafe(48)}"
        now = self._now()
        with self._lock:
            self._tokens = {old: held for old, held in self._tokens.items() if held[1] > now}
            self._tokens[token] = (account, now + timedelta(seconds=TOKEN_LIFE_S))
        return {"access_token": token, "expires_in": TOKEN_LIFE_S, "token_type": "Bearer"}

    def holder_of(self, authorization: str) -> Account | None:
        """Return whose unexpired token an Authorization header carries, if anyone's."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            account, expires = self._tokens.get(token, (None, None))
        if account is None or expires is None or scheme.lower() != "bearer":
            return None
        return account if self._now() < expires else None

    def read_signed(self, token: str) -> tuple[Account, Claims]:
        """Return the claims of a JWT and the account that signed it.

        Raises:
            JwtRefused: no account known here did.
        """
        claims = read_jwt(token, self._key_of)
        with self._lock:
            return self._accounts[str(claims["iss"])], claims

    def _key_of(self, email: object, key_id: object) -> rsa.RSAPublicKey | None:
        with self._lock:
            account = self._accounts.get(str(email))
        if account is None or key_id not in (None, account.key_id):
            return None
        return account.public_key

    def _asserted(self, assertion: str, token_url: str) -> Account:
        account, claims = self.read_signed(assertion)
        if claims.get("aud") not in (token_url, GOOGLE_TOKEN_URL):
            raise JwtRefused(f"aud must be {token_url}")
        if str(claims.get("scope", "")).split() != [SCOPE]:
            raise JwtRefused(f"scope must be {SCOPE}")
        self._check_times(whole_seconds(claims, "iat"), whole_seconds(claims, "exp"))
        return account

    def _check_times(self, issued: int, expires: int) -> None:
        now = self._now().timestamp()
        if not 0 < expires - issued <= LONGEST_ASSERTION_S:
            raise JwtRefused("it must live an hour at most; check your iat and exp values")
        if issued > now + CLOCK_TOLERANCE_S:
            raise JwtRefused("it is from the future; check your iat and exp values")
        if expires <= now:
            raise JwtRefused("it has expired; check your iat and exp values")


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
