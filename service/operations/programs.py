"""Setting up: brands, programs with their designs, sources, Apple certificates."""

import base64
import json
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

import phonenumbers
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain import designs
from service.domain.brands import Brand, Mode
from service.domain.credentials import AppleCredential, Credential, GoogleCredential
from service.domain.errors import AlreadyExists, ImageNotFound, InvalidInput, NotFound, SetupError
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.passes import WalletName
from service.domain.programs import BalanceType, BarcodeFormat, Program
from service.domain.sources import Source
from service.storage import brands, credentials, programs, sources
from service.storage.database import Transaction

STANDARD_WEBHOOKS = "standard_webhooks"


def create_brand(context: Context, name: str, mode: Mode) -> Brand:
    """Add a brand and return it.

    Raises:
        AlreadyExists: another brand has this name.
    """
    brand = Brand(uuid7(), name, mode)
    with context.transaction() as transaction:
        if not brands.insert(transaction, brand, context.now()):
            raise AlreadyExists(f"There is a brand called {name} already.")
    return brand


def brands_of(context: Context) -> list[Brand]:
    """Return all brands, by name."""
    with context.reading() as transaction:
        return brands.listed(transaction)


def brand_called(context: Context, name: str) -> UUID:
    """Return the id of a brand.

    Raises:
        NotFound: there is no brand of that name.
    """
    known = {brand.name: brand.id for brand in brands_of(context)}
    if name not in known:
        listed = ", ".join(known) or "none"
        raise NotFound(f"There is no brand called {name}. There are: {listed}.")
    return known[name]


def kinds(context: Context) -> list[str]:
    """Return the program kinds that can be created: each is a folder of data."""
    return sorted(path.parent.name for path in _passes_folder(context).glob("*/program.json"))


def create_program(
    context: Context, brand_id: UUID, kind: str, name: str | None = None, **changes: Any
) -> Program:
    """Add a program of a kind, with the kind's design, and return it.

    `changes` replaces fields of the kind: `barcode_format`, `number_prefix`, `phone_region` ...

    Raises:
        NotFound: there is no such kind.
        AlreadyExists: the brand has a program of this name.
        InvalidInput: a change does not make sense.
    """
    if kind not in kinds(context):
        raise NotFound(f"There is no kind {kind}. There are: {', '.join(kinds(context))}.")
    folder = _passes_folder(context) / kind
    said = {**json.loads((folder / "program.json").read_text()), **changes}
    with context.transaction() as transaction:
        name = name or str(said["name"])
        if name in {known.name for known in programs.listed(transaction, brand_id)}:
            raise AlreadyExists(f"The brand has a program called {name} already.")
        design_id = _import_design(context, transaction, brand_id, folder)
        program = _program(brand_id, design_id, name, said)
        programs.insert(transaction, program, context.now())
    return program


def _passes_folder(context: Context) -> Path:
    return context.templates / "passes"


def _program(brand_id: UUID, design_id: UUID, name: str, said: dict[str, Any]) -> Program:
    scheme = said["number_scheme"]
    region = said.get("phone_region", Program.phone_region)
    if not said["balances"]:
        raise InvalidInput("A program needs at least one balance.", [("balances", "is empty")])
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput(f"{region} is no country code of phone numbers, such as US or DE.")
    try:
        return Program(
            id=uuid7(),
            brand_id=brand_id,
            name=name,
            kind=said["kind"],
            design_id=design_id,
            number_scheme=NumberScheme(
                scheme["prefix"], scheme["length"], CheckDigit(scheme["check"])
            ),
            barcode_format=BarcodeFormat(said["barcode_format"]),
            balances=tuple(BalanceType(**balance) for balance in said["balances"]),
            cards_per_account=said["cards_per_account"],
            below_zero=said["below_zero"],
            phone_region=region,
        )
    except ValueError as error:
        raise InvalidInput(f"The program cannot be made so: {error}.") from error


def _import_design(
    context: Context, transaction: Transaction, brand_id: UUID, folder: Path
) -> UUID:
    source = json.loads((folder / "design.json").read_text())
    files = sorted(folder.rglob("*.png"))
    images = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    version = programs.newest_design_version(transaction, brand_id, source["name"]) + 1
    design = designs.read(source, images, id=uuid7(), brand_id=brand_id, version=version)
    programs.insert_design(transaction, design, source, context.now())
    return design.id


def image(context: Context, digest: str) -> bytes:
    """Return the PNG of a design whose SHA-256 this is.

    Raises:
        ImageNotFound: there is none.
    """
    with context.reading() as transaction:
        png = programs.image(transaction, digest)
    if png is None:
        raise ImageNotFound("There is no such image.")
    return png


def programs_of(context: Context, brand_id: UUID) -> list[Program]:
    with context.reading() as transaction:
        return programs.listed(transaction, brand_id)


def create_source(context: Context, brand_id: UUID, name: str) -> tuple[UUID, str]:
    """Add a Standard Webhooks sender; return its id and its secret, which is not shown again.

    Raises:
        AlreadyExists: the brand has a source of this name.
    """
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    source = Source(uuid7(), brand_id, name, STANDARD_WEBHOOKS, (secret,))
    with context.transaction() as transaction:
        if sources.exists(transaction, brand_id, name):
            raise AlreadyExists(f"The brand has a source called {name} already.")
        sources.insert(transaction, source, context.now())
    return source.id, secret


def import_certificate(
    context: Context, brand_id: UUID, certificate: bytes, key: bytes, wwdr: bytes
) -> AppleCredential:
    """Check a Pass Type ID certificate with its key and keep it for the brand's passes.

    Raises:
        SetupError: a file is unreadable, or they do not belong together; says what to fix.
        AlreadyExists: another brand issues this pass type.
    """
    credential = context.wallets.read_apple(certificate, key, wwdr)
    with context.transaction() as transaction:
        _keep(context, transaction, brand_id, credential)
    return credential


def import_google_key(
    context: Context, brand_id: UUID, key_file: bytes, issuer_id: str
) -> GoogleCredential:
    """Check a service account's key file and keep it for the brand's Google passes.

    A newer key of the same issuer takes the place of the one before.

    Raises:
        SetupError: the file or the issuer id cannot be used; says what to fix.
        AlreadyExists: another brand is this issuer.
    """
    credential = context.wallets.read_google(key_file, issuer_id)
    with context.transaction() as transaction:
        _keep(context, transaction, brand_id, credential)
    return credential


def _keep(
    context: Context, transaction: Transaction, brand_id: UUID, credential: Credential
) -> None:
    credentials.lock_type(transaction, credential.wallet, credential.type_id)
    owner = credentials.owner_of(transaction, credential.wallet, credential.type_id)
    if owner not in (None, brand_id):
        raise AlreadyExists(f"Another brand issues {credential.type_id}.")
    credentials.insert(transaction, brand_id, credential, context.now())


def wallets_of(context: Context, brand_id: UUID) -> frozenset[WalletName]:
    """Return the wallets that the brand has a credential for."""
    with context.reading() as transaction:
        return credentials.wallets_of(transaction, brand_id)


def wallet_faults(context: Context) -> list[str]:
    """Return what an operator must fix in the brands' credentials; empty when well."""
    with context.reading() as transaction:
        return [
            fault
            for issued in credentials.issued_types(transaction)
            for fault in _faults(context, transaction, *issued)
        ]


def _faults(
    context: Context, transaction: Transaction, brand_id: UUID, name: WalletName, type_id: str
) -> list[str]:
    try:
        wallet = context.wallet(transaction, brand_id, name, type_id)
    except SetupError as error:
        return [error.detail]
    return wallet.check(context.now()) if wallet is not None else []
