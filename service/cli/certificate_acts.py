"""What `tessera certs` does: commands by name, the same here as inside a running service."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.cli.results import Command, Result
from service.context import Context
from service.domain.certificates import State
from service.domain.credentials import CertificateFiles
from service.domain.errors import InvalidInput, SetupError
from service.domain.passes import WalletName
from service.operations import certificates, expiry, programs
from service.operations.certificates import Imported, Outcome
from service.operations.expiry import Standing, Unreadable

PORTAL = "https://developer.apple.com/account/resources/certificates"


def request_certificate(context: Context, brand: str, email: str, common_name: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    csr = certificates.request_certificate(context, brand_id, common_name, email)
    steps = [
        f"Open {PORTAL} and add a Pass Type ID Certificate for your Pass Type ID.",
        "Upload the signing request there and download the certificate, pass.cer.",
        f"Import it: tessera certs import --brand {shlex.quote(brand)} --certificate pass.cer "
        "--wwdr AppleWWDRCAG4.cer",
    ]
    return {"csr": csr.decode(), "next": steps}


def import_certificate(
    context: Context,
    brand: str,
    certificate: str,
    key: str | None,
    wwdr: Sequence[str],
    password_file: str | None,
    active_from: str | None,
    is_nfc: bool,
) -> Result:
    brand_id = programs.brand_called(context, brand)
    files = CertificateFiles(
        certificate=content(certificate),
        key=content(key) if key else None,
        wwdr=tuple(content(each) for each in wwdr),
        password=_password(password_file) if password_file else None,
    )
    at = moment(active_from) if active_from else None
    imported = certificates.import_certificate(
        context, brand_id, files, active_from=at, is_nfc=is_nfc
    )
    return _imported(imported, context.now())


def _imported(imported: Imported, now: datetime) -> Result:
    facts = imported.certificate.facts
    return {
        "pass_type_id": facts.type_id,
        "team_id": facts.team_id,
        "outcome": imported.outcome,
        "signs": _signs(imported, now),
        "ends": facts.ends_at.isoformat(),
        "nfc": facts.is_nfc,
        "wwdr": facts.wwdr,
        "notes": list(_notes(imported)),
    }


def _signs(imported: Imported, now: datetime) -> str | None:
    since = imported.certificate.active_from
    if since > now:
        return f"from {since:%Y-%m-%d %H:%M} UTC"
    return "now" if imported.outcome is Outcome.IMPORTED else None


def _notes(imported: Imported) -> list[str]:
    notes = []
    if imported.ended_before is not None:
        notes.append(
            f"The certificate before it ends on {imported.ended_before:%Y-%m-%d %H:%M} UTC. From "
            "then to the switch-over no pass can be signed: import it again with an earlier --from."
        )
    if imported.other_types:
        notes.append(
            f"This is another pass type of the brand: its new passes belong to it, while those of "
            f"{', '.join(imported.other_types)} still need theirs."
        )
    return notes


def check_certificates(context: Context, brand: str | None) -> Result:
    """Return a row per certificate; `must_act` of any says that something needs doing now."""
    brand_id = programs.brand_called(context, brand) if brand else None
    reached = expiry.reach(context)
    rows = [_row(context, each, reached) for each in expiry.standings(context, brand_id)]
    return rows + [_lost(each, reached) for each in expiry.unreadable(context, brand_id)]


def _lost(lost: Unreadable, reached: Mapping[str, expiry.Reach]) -> dict[str, Any]:
    concerned = reached.get(lost.type_id, expiry.NOBODY)
    return {
        "brand": lost.brand,
        "pass_type_id": lost.type_id,
        "state": State.UNREADABLE,
        "from": lost.active_from.isoformat(),
        "passes": concerned.passes,
        "devices": concerned.devices,
        "faults": [lost.fault],
        "next": lost.cure,
        "must_act": True,
    }


def _row(
    context: Context, standing: Standing, reached: Mapping[str, expiry.Reach]
) -> dict[str, Any]:
    facts, concerned = standing.certificate.facts, reached.get(standing.type_id, expiry.NOBODY)
    faults, cure = _faults(context, standing, reached)
    return {
        "brand": standing.brand,
        "pass_type_id": facts.type_id,
        "team_id": facts.team_id,
        "state": standing.state,
        "from": standing.certificate.active_from.isoformat(),
        "ends": facts.ends_at.isoformat(),
        "days_left": standing.days_left,
        "nfc": facts.is_nfc,
        "key": facts.key_kind,
        "wwdr": facts.wwdr,
        "wwdr_ends": facts.wwdr_ends_at.isoformat(),
        "passes": concerned.passes,
        "devices": concerned.devices,
        "faults": faults,
        "next": cure,
        "must_act": standing.must_act_now,
    }


def _faults(
    context: Context, standing: Standing, reached: Mapping[str, expiry.Reach]
) -> tuple[list[str], str | None]:
    certificate = standing.certificate
    faults, cure = [], None
    if standing.stage is not None:
        told, cure = expiry.told(standing, reached)
        faults.append(told)
    if standing.state is State.ACTIVE:
        with context.reading() as transaction:
            faults += expiry.wallet_faults(
                context, transaction, certificate.brand_id, WalletName.APPLE, standing.type_id
            )
    return faults, cure


def _password(path: str) -> str:
    try:
        return content(path).decode().rstrip("\r\n")
    except ValueError as error:
        raise SetupError(f"{path} is no text in UTF-8.") from error


def moment(text: str) -> datetime:
    """Return a date (its first moment) or a time in UTC, if it names no other zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"--from takes a day or a time, such as 2027-01-15 or 2027-01-15T08:00Z: not {text}."
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def content(path: str) -> bytes:
    """Return what is in a file.

    Raises:
        SetupError: it cannot be read; says why.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from error


COMMANDS: Mapping[str, Command] = {
    "certs csr": request_certificate,
    "certs import": import_certificate,
    "certs check": check_certificates,
}
