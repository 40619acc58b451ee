"""Encryption of single fields and keyed hashes, all derived from one master key.

A sealed field is bound to its place (table, column, row): moved elsewhere it does not open.
"""

import base64
import binascii
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.domain.errors import SetupError

KEY_BYTES = 32
NONCE_BYTES = 12


class Box:
    """Seals and opens fields under one key (AES-256-GCM, a random nonce per seal)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str, *place: object) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), _bind(place))

    def open(self, sealed: bytes, *place: object) -> str:
        """Return the text that was sealed for this place.

        Raises:
            SetupError: the key is another one, or the field was moved or altered.
        """
        try:
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bind(place))
        except (InvalidTag, ValueError) as error:
            raise SetupError("A stored secret does not open with this master key.") from error
        return plain.decode()


def _bind(place: tuple[object, ...]) -> bytes:
    return "\x1f".join(str(part) for part in place).encode()


class Vault(Box):
    """The master key's box, the keyed hashes, and the boxes of members."""

    def __init__(self, master_key: bytes) -> None:
        super().__init__(_derive(master_key, "fields"))
        self._hash_key = _derive(master_key, "hashes")

    def digest(self, purpose: str, value: str) -> bytes:
        """Return the keyed hash under which a secret or contact can be looked up."""
        return hmac.digest(self._hash_key, f"{purpose}\x1f{value}".encode(), "sha256")

    def new_member_key(self, *place: object) -> bytes:
        """Return a fresh key for one member, sealed; without it the member cannot be read."""
        return self.seal(secrets.token_hex(KEY_BYTES), *place)

    def member_box(self, sealed_key: bytes, *place: object) -> Box:
        return Box(bytes.fromhex(self.open(sealed_key, *place)))


def _derive(master_key: bytes, purpose: str) -> bytes:
    return hmac.digest(master_key, f"tessera {purpose} 1".encode(), sha256)


def load_vault(file: Path) -> Vault:
    """Return the vault of a master-key file (32 bytes, base64).

    Raises:
        SetupError: the file is missing, readable by others, or not a key.
    """
    try:
        text = file.read_bytes().strip()
        mode = file.stat().st_mode
    except OSError as error:
        raise SetupError(
            f"The master key {file} cannot be read ({error.strerror}). `tessera migrate` makes one "
            "for a new database; for an existing one restore the file from your backup."
        ) from error
    if mode & 0o077:
        raise SetupError(f"The master key {file} is open to other users: chmod 600 {file}")
    return Vault(_decode(text, file))


def _decode(text: bytes, file: Path) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SetupError(f"The master key {file} is not base64.") from error
    if len(key) != KEY_BYTES:
        raise SetupError(f"The master key {file} must hold {KEY_BYTES} bytes, it holds {len(key)}.")
    return key


def create_master_key(file: Path) -> bool:
    """Write a new master key, readable by this user only; False if there is a file already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as stream:
        stream.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        stream.flush()
        os.fsync(handle)  # the database must not outlive its key
    return True
