"""Runs the rules over a pass, before it is signed or after."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from service.wallets.apple.lint import (
    rules_archive,
    rules_barcodes,
    rules_fields,
    rules_files,
    rules_identity,
    rules_images,
    rules_life,
    rules_looks,
    rules_manifest,
    rules_service,
    rules_signature,
)
from service.wallets.apple.lint.finding import Finding, Severity
from service.wallets.apple.lint.package import CONTENT, PassPackage, read_package
from service.wallets.apple.lint.registry import Rule, Stage, Words
from service.wallets.apple.lint.subject import Subject

RULES: tuple[Rule, ...] = (
    *rules_archive.SET.rules,
    *rules_manifest.SET.rules,
    *rules_signature.SET.rules,
    *rules_files.SET.rules,
    *rules_identity.SET.rules,
    *rules_fields.SET.rules,
    *rules_barcodes.SET.rules,
    *rules_life.SET.rules,
    *rules_service.SET.rules,
    *rules_looks.SET.rules,
    *rules_images.SET.rules,
)
SEVERITIES = tuple(Severity)


def lint_file(content: bytes, now: datetime, roots: bytes = b"") -> Mapping[str, list[Finding]]:
    """Return the findings of a `.pkpass` under an empty name, of a `.pkpasses` by its passes."""
    package = read_package(content)
    bundled = package.passes
    if not bundled:
        return {"": lint(package, now, roots)}
    return {name: lint(read_package(each), now, roots) for name, each in bundled.items()}


def lint(package: PassPackage, now: datetime, roots: bytes = b"") -> list[Finding]:
    """Return what is wrong with a packed pass at `now` (aware), the worst first; empty when well.

    The chain of certificates is followed up to the intermediate that the pass carries, or up to
    `roots` (PEM), if any are given.
    """
    return _run(Subject(package.files, now, package.archive, roots))


def lint_unsigned(files: Mapping[str, bytes], now: datetime) -> list[Finding]:
    """Return what is wrong with the files of a pass before they are signed and packed."""
    return _run(Subject(files, now))


def _run(subject: Subject) -> list[Finding]:
    stages = set(_stages(subject))
    found = [
        finding for rule in RULES if rule.stage in stages for finding in rule.findings(subject)
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _stages(subject: Subject) -> Iterator[Stage]:
    """Yield what there is to look at: one fault is told once, not by every rule that it spoils."""
    archive = subject.archive
    if archive is not None:
        yield Stage.ARCHIVE
        if archive.fault or archive.is_too_large:
            return
        yield Stage.SIGNED
    yield Stage.FILES
    if CONTENT in subject.files and not subject.pass_json.fault:
        yield Stage.CONTENT


def explain() -> Iterator[tuple[str, Words]]:
    """Yield every rule's code and words, in the order in which they are checked."""
    yield from ((rule.code, rule.words) for rule in RULES)
