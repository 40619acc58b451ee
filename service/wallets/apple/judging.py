"""Says what a phone would refuse or leave out of a design's passes, before there are any."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from service.domain.designs import Design
from service.domain.errors import InvalidInput
from service.domain.passes import PassContent
from service.wallets.apple.bundle import files_of
from service.wallets.apple.content import PreparedContent
from service.wallets.apple.lint.finding import Finding, Severity
from service.wallets.apple.lint.lint import lint_unsigned
from service.wallets.apple.lint.package import CONTENT
from service.wallets.apple.stamps import stamps_shown

TEAM_ID = "SAMPLETEAM"
SHEET = "design.toml"


def design_faults(
    design: Design, contents: Iterable[PassContent], now: datetime
) -> list[tuple[str, str]]:
    """Return each fault with its place, in the linter's words; empty when well.

    `now` is aware UTC. The certificate that will sign is not known yet: it may carry NFC.
    """
    try:
        prepared = PreparedContent(design, TEAM_ID, is_nfc=True)
    except InvalidInput as error:
        return [(f"{SHEET}: {place}", text) for place, text in error.faults]
    found = [
        finding for content in contents for finding in _findings(prepared, design, content, now)
    ]
    return list(dict.fromkeys((f"Apple pass: {each.where}", _words(each)) for each in found))


def _findings(
    prepared: PreparedContent, design: Design, content: PassContent, now: datetime
) -> Iterator[Finding]:
    files = files_of(prepared.design, stamps_shown(content, design))
    if prepared.asks_to_enroll(content):
        files |= prepared.enrollment_files
    files[CONTENT] = prepared.pass_json(content)
    for finding in lint_unsigned(files, now):
        if finding.severity is not Severity.ADVICE:
            yield finding


def _words(finding: Finding) -> str:
    return f"{finding.rule} {finding.sees} {finding.fix} ({finding.code})"
