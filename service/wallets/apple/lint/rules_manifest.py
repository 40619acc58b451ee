"""Rules of the manifest: every file is in it, with its hash, and nothing else."""

import hashlib
from collections.abc import Iterator, Mapping

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, has_mark
from service.wallets.apple.lint.package import MANIFEST, SIGNATURE, is_of_macos
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.SIGNED)


def _listed(subject: Subject) -> Mapping[str, bytes]:
    """Return the files that belong into the manifest."""
    own = (MANIFEST, SIGNATURE)
    return {name: content for name, content in subject.files.items() if name not in own}


def _manifest(subject: Subject) -> Json | None:
    """Return the manifest; None if there is none, or it cannot be read."""
    return subject.manifest.value or None


@SET.rule
def manifest_missing(subject: Subject) -> Iterator[Hit]:
    if MANIFEST not in subject.files:
        yield Hit(MANIFEST)


@SET.rule
def manifest_unreadable(subject: Subject) -> Iterator[Hit]:
    if MANIFEST not in subject.files:
        return
    entries = subject.manifest.value.values()
    if subject.manifest.fault or has_mark(subject.files[MANIFEST]):
        yield Hit(MANIFEST, subject.manifest.fault or "it has one")
    elif not entries or not all(isinstance(entry, str) for entry in entries):
        yield Hit(MANIFEST, "a value is no string, or there is none")


@SET.rule
def manifest_file_unlisted(subject: Subject) -> Iterator[Hit]:
    manifest = _manifest(subject)
    for name in _listed(subject):
        if manifest is not None and name not in manifest and not is_of_macos(name):
            yield Hit(name)


@SET.rule
def manifest_macos_file(subject: Subject) -> Iterator[Hit]:
    for name in _listed(subject):
        if is_of_macos(name) and name not in subject.manifest.value:
            yield Hit(name)


@SET.rule
def manifest_file_absent(subject: Subject) -> Iterator[Hit]:
    yield from map(Hit, sorted(set(_manifest(subject) or {}) - set(_listed(subject))))


@SET.rule
def manifest_hash(subject: Subject) -> Iterator[Hit]:
    manifest = _manifest(subject) or {}
    for name, content in _listed(subject).items():
        actual = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        entry = manifest.get(name, actual)
        if isinstance(entry, str) and entry != actual:
            yield Hit(name, entry, actual)
