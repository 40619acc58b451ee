"""What the suite takes out of a pass: in hand, as the server gives it out now."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.conformance.outcomes import Failed
from service.conformance.server import Answer
from service.domain.errors import SetupError
from service.emulators.pass_reader import MANIFEST, READ_ERRORS, PassRefused, read_content, unpack


@dataclass(frozen=True)
class Copy:
    """What a phone reads out of a pass to talk to its web service."""

    type_id: str
    serial: str
    token: str = field(repr=False)
    web_service_url: str = ""


@dataclass(frozen=True)
class Fetched:
    """A pass as the server gave it out. `manifest` differs when anything in the pass does."""

    copy: Copy
    content: Mapping[str, object] = field(repr=False)
    manifest: bytes = field(repr=False)


def in_hand(file: Path) -> Copy:
    """Return the copy in a `.pkpass` file.

    Raises:
        SetupError: it is no pass with a web service; says what is missing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
            content = json.loads(archive.read("pass.json"))
    except (*READ_ERRORS, KeyError) as error:
        raise SetupError(f"{file} is no pass: {error}") from error
    copy = _copy(content if isinstance(content, dict) else {})
    if not (copy.type_id and copy.serial and copy.token):
        wanted = "passTypeIdentifier, serialNumber and authenticationToken"
        raise SetupError(f"{file} has no web service: its pass.json needs {wanted}.")
    return copy


def fetched(answer: Answer) -> Fetched:
    """Return the pass in an answer.

    Raises:
        Failed: a phone would refuse it; says why.
    """
    answer.expect(200)
    try:
        files = unpack(answer.body)
        content = read_content(files)
    except PassRefused as refusal:
        raise Failed(f"{answer}; a phone refuses the pass: {refusal}") from refusal
    return Fetched(_copy(content), content, files[MANIFEST])


def _copy(content: Mapping[str, object]) -> Copy:
    keys = ("passTypeIdentifier", "serialNumber", "authenticationToken", "webServiceURL")
    return Copy(*(str(content.get(key, "")) for key in keys))
