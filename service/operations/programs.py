"""Setting up: brands, programs with their designs, sources."""

import base64
import secrets
import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID

import phonenumbers
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain import barcodes
from service.domain.brands import Brand, Mode
from service.domain.errors import AlreadyExists, InvalidInput, NotFound
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.programs import BalanceType, BarcodeFormat, Program
from service.domain.sources import Source
from service.operations import designs
from service.storage import brands, programs, sources

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
    return sorted(path.parent.name for path in _passes_folder(context).glob("*/program.toml"))


def create_program(
    context: Context, brand_id: UUID, kind: str, name: str | None = None, **changes: Any
) -> Program:
    """Add a program of a kind, with the kind's design, and return it.

    `changes` replaces fields of the kind: `barcode_format`, `phone_region`, parts of its
    `number_scheme` ...

    Raises:
        NotFound: there is no such kind.
        AlreadyExists: the brand has a program of this name.
        InvalidInput: a change does not make sense, or the barcode cannot carry the numbers.
    """
    if kind not in kinds(context):
        raise NotFound(f"There is no kind {kind}. There are: {', '.join(kinds(context))}.")
    sheet = _passes_folder(context) / kind / "program.toml"
    said = _changed(tomllib.loads(sheet.read_text(encoding="utf-8")), changes)
    design = designs.shipped(context.templates, kind)
    with context.transaction() as transaction:
        name = name or str(said["name"])
        if name in {known.name for known in programs.listed(transaction, brand_id)}:
            raise AlreadyExists(f"The brand has a program called {name} already.")
        published = designs.add_version(context, transaction, brand_id, design)
        program = _program(brand_id, published.design.id, name, said)
        programs.insert(transaction, program, context.now())
    return program


def _changed(said: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    scheme = {**said["number_scheme"], **changes.get("number_scheme", {})}
    return {**said, **changes, "number_scheme": scheme}


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
        program = Program(
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
    barcodes.check_scheme(program.barcode_format, program.number_scheme)
    return program


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
