"""Rules of the zip itself."""

from collections import Counter
from collections.abc import Iterator

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.package import Archive
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.ARCHIVE)


def _archive(subject: Subject) -> Archive:
    return subject.archive or Archive()


@SET.rule
def archive_unreadable(subject: Subject) -> Iterator[Hit]:
    if _archive(subject).fault:
        yield Hit("archive", _archive(subject).fault)


@SET.rule
def archive_too_large(subject: Subject) -> Iterator[Hit]:
    if _archive(subject).is_too_large:
        yield Hit("archive")


@SET.rule
def archive_entry(subject: Subject) -> Iterator[Hit]:
    archive = _archive(subject)
    yield from (Hit(name, "damaged, or not deflated") for name in archive.damaged)
    yield from (Hit(name, "encrypted") for name in archive.encrypted)
    yield from (Hit(name, "a symbolic link") for name in archive.links)
    yield from (Hit(name, "outside the pass") for name in archive.names if _is_outside(name))


def _is_outside(name: str) -> bool:
    parts = name.split(
        "/"
    )  # a name without letters, or one that begins with a slash, has an empty one
    return "" in parts or ".." in parts or "\\" in name


@SET.rule
def archive_folder(subject: Subject) -> Iterator[Hit]:
    if _archive(subject).folder:
        yield Hit(_archive(subject).folder)


@SET.rule
def archive_name_twice(subject: Subject) -> Iterator[Hit]:
    for name, times in Counter(_archive(subject).names).items():
        if times > 1:
            yield Hit(name, times)


@SET.rule
def archive_name_case(subject: Subject) -> Iterator[Hit]:
    seen: dict[str, str] = {}
    for name in dict.fromkeys(_archive(subject).names):
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield Hit(name, other)
