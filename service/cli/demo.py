"""`tessera run --demo`: a whole world in var/ without any account at Apple or Google.

A test authority, emulators of APNs, of phones and of Google Wallet, a test brand with programs. A
second run finds everything again.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from service.cli.run import database_held, run
from service.context import Context
from service.domain.brands import Mode
from service.domain.credentials import CertificateFiles
from service.domain.errors import NotFound, ServiceError, SourceNotFound
from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.emulators.google.emulator import GoogleEmulator
from service.emulators.phone import PhoneEmulator
from service.operations import access, certificates, credentials, programs
from service.settings import Settings
from service.wiring import System, migrate, opened, utc_now

BRAND = "Tessera Demo"
PASS_TYPE = "pass.com.example.tessera"  # noqa: S105 - a name, not a secret
TEAM_ID = "TESSERA001"
SOURCE = "demo shop"
ISSUER_ID = "3388000000000000001"
CERTIFICATE_DAYS = 3650


@dataclass(frozen=True)
class Emulators:
    apns: ApnsEmulator
    phone: PhoneEmulator
    google: GoogleEmulator


def run_demo(settings: Settings) -> None:
    """Set the demo up where it is not there yet, and run it until SIGINT or SIGTERM.

    Raises:
        SetupError: the port or the database is taken, or var/ cannot be used.
    """
    folder = settings.master_key_file.parent
    with database_held(settings):
        migrate(settings)
        authority = _authority(folder / "ca")
        with _emulators(authority, folder) as emulators:
            ca_file = folder / "ca" / "root.pem"
            shown = {"metrics_port": settings.port}
            world = settings.model_copy(update=shown | _addresses(emulators, ca_file))
            with opened(world) as system:
                told = _seeded(system.context, authority, folder / "demo.json")
                _introduce_to_google(system.context, emulators.google)
            told["emulators"] |= {
                "apns": emulators.apns.control_url,
                "google": emulators.google.control_url,
                "phone": emulators.phone.control_url,
            }
            told["apple"]["ca_pem_path"] = os.path.relpath(ca_file)
            run(world, lambda system: _announce(system, told, folder / "demo.json"))


@contextmanager
def _emulators(authority: Authority, folder: Path) -> Iterator[Emulators]:
    with (
        PhoneEmulator(authority.root_pem, state_path=folder / "phones.json") as phone,
        ApnsEmulator(authority, wake=phone.wake) as apns,
        GoogleEmulator(authority, state_path=folder / "google.db") as google,
    ):
        yield Emulators(apns, phone, google)


def _addresses(emulators: Emulators, ca_file: Path) -> dict[str, Any]:
    return {
        "apns_url": emulators.apns.push_url,
        "apns_ca_file": ca_file,
        "google_api_url": emulators.google.api_url,
        "google_token_url": emulators.google.token_url,
        "google_save_url": emulators.google.save_url,
        "google_ca_file": ca_file,
    }


def _introduce_to_google(context: Context, google: GoogleEmulator) -> None:
    """Give the brand a service account, unless it has one that this emulator knows."""
    brand_id = programs.brand_called(context, BRAND)
    known = WalletName.GOOGLE in credentials.wallets_of(context, brand_id)
    if not (known and google.has_accounts):
        key_file = json.dumps(google.service_account(ISSUER_ID)).encode()
        credentials.import_google_key(context, brand_id, key_file, ISSUER_ID)


def _authority(folder: Path) -> Authority:
    if not (folder / "root.pem").exists():
        Authority.create(utc_now()).save(folder)
    return Authority.load(folder)


def _seeded(context: Context, authority: Authority, file: Path) -> dict[str, Any]:
    """Return what demo.json says, after making what is not there yet."""
    known = json.loads(file.read_text()) if file.exists() else {}
    brand_id = _brand(context, authority)
    return {
        "base_url": context.settings.base_url,
        "api_key": _api_key(context, brand_id, known.get("api_key")),
        "webhook": _webhook(context, brand_id, known.get("webhook")),
        "programs": {p.kind: str(p.id) for p in programs.programs_of(context, brand_id)},
        "console": {"url": None, "email": None, "password": None},
        "apple": {"pass_type_id": PASS_TYPE, "team_id": TEAM_ID, "ca_pem_path": None},
        "emulators": {"apns": None, "google": None, "phone": None, "sms": None},
    }


def _brand(context: Context, authority: Authority) -> UUID:
    """Return the demo's brand; each part that is not there yet is made."""
    try:
        brand_id = programs.brand_called(context, BRAND)
    except NotFound:
        brand_id = programs.create_brand(context, BRAND, Mode.TEST).id
    if WalletName.APPLE not in credentials.wallets_of(context, brand_id):
        issued = authority.pass_certificate(
            PASS_TYPE, TEAM_ID, now=utc_now(), days=CERTIFICATE_DAYS
        )
        files = CertificateFiles(issued.certificate_pem, issued.key_pem, (authority.wwdr_pem,))
        certificates.import_certificate(context, brand_id, files)
    made = {program.kind for program in programs.programs_of(context, brand_id)}
    for kind in programs.kinds(context):
        if kind not in made:
            programs.create_program(context, brand_id, kind)
    return brand_id


def _api_key(context: Context, brand_id: UUID, known: str | None) -> str:
    try:
        access.authenticate(context, known or "", "demo")
    except ServiceError:
        return access.create_key(context, brand_id, "demo", sorted(access.SCOPES))
    return str(known)


def _webhook(context: Context, brand_id: UUID, known: dict[str, str] | None) -> dict[str, str]:
    try:
        source_id = UUID((known or {}).get("url", "").rpartition("/")[2])
        secret = access.source(context, source_id).secrets[0]
    except (ValueError, SourceNotFound):
        source_id, secret = programs.create_source(
            context, brand_id, f"{SOURCE} {secrets.token_hex(3)}"
        )
    return {"url": f"{context.settings.base_url}/in/{source_id}", "secret": secret}


def _announce(system: System, told: dict[str, Any], file: Path) -> None:
    _write_private(file, json.dumps(told, indent=2) + "\n")
    click.echo(
        f"""
Tessera answers on {told["base_url"]}; stop it with Ctrl-C.

  What to call, with which key:   {os.path.relpath(file)}
  The API:                        {told["base_url"]}/docs
  An iPhone (emulated):           {told["emulators"]["phone"]}
  Apple's push service (emulated): {told["emulators"]["apns"]}
  Google Wallet (emulated):       {told["emulators"]["google"]}
"""
    )


def _write_private(file: Path, content: str) -> None:
    """Replace the file in one step; nobody else may read it."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(content)
    part.replace(file)
