"""Which files a design may have, how they are called, and how large they may be."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from service.domain.design_rules import SHEET, Fault

MEGABYTE = 1024 * 1024
MOST_FILES = 200
LARGEST_FILE, LARGEST_SUM = 5 * MEGABYTE, 20 * MEGABYTE
LARGEST_TEXT, LARGEST_TEXTS = 64 * 1024, 1024 * 1024
STRINGS = re.compile(r"strings/([^/]+)\.toml")
IMAGE = re.compile(r"images/(?:([^/]+)/)?([^/@]+)(?:@([23])x)?\.png")
PART = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_@.-]*")
LONGEST_PATH = 100
PICTURES = frozenset(
    {".svg", ".webp", ".avif", ".heic", ".gif", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pdf"}
)
WHAT_THERE_IS = f"{SHEET}, strings/LANGUAGE.toml, images/NAME.png and images/LANGUAGE/NAME.png"


def faults_of_names(names: Iterable[str]) -> list[Fault]:
    """Return what is wrong with the names of a design's files; empty when well."""
    listed = list(names)
    if len(listed) > MOST_FILES:
        return [Fault("design", "too_many_files", f"has more than {MOST_FILES} files")]
    found = [fault for name in listed if (fault := _fault_of(name)) is not None]
    return [*found, *_alike(listed)]


def faults_of_sizes(sizes: Mapping[str, int]) -> list[Fault]:
    """Return which files, in bytes, are too large; and whether all together are."""
    found = []
    for name, size in sizes.items():
        most = LARGEST_FILE if name.endswith(".png") else LARGEST_TEXT
        if size > most:
            found.append(Fault(_shown(name), "too_large", f"has more than {most // 1024:,} KiB"))
    if sum(size for name, size in sizes.items() if not name.endswith(".png")) > LARGEST_TEXTS:
        found.append(Fault("strings", "too_large", "have more than 1 MB in all"))
    if sum(sizes.values()) > LARGEST_SUM:
        text = f"has more than {LARGEST_SUM // MEGABYTE} MB in all, unpacked"
        found.append(Fault("design", "too_large", text))
    return found


def _fault_of(name: str) -> Fault | None:
    shown = _shown(name)
    parts = name.split("/")
    if len(name) > LONGEST_PATH or not all(PART.fullmatch(part) for part in parts):
        text = "names are relative, of letters, digits and _@.-, with / between folders"
        return Fault(shown, "bad_path", text)
    if name == SHEET or STRINGS.fullmatch(name) or IMAGE.fullmatch(name):
        return None
    if parts[0] == "images" and PurePosixPath(name).suffix.lower() in PICTURES:
        return Fault(shown, "not_png", "images are PNG files: export it as one")
    if parts[1:] and parts[1:2] in ([SHEET], ["strings"], ["images"]):
        return Fault(shown, "unexpected_file", f"zip what is inside {parts[0]}, not the folder")
    return Fault(shown, "unexpected_file", f"is no part of a design, which has {WHAT_THERE_IS}")


def _shown(name: str) -> str:
    """Return a name that can be shown: a sender may have made it of anything."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    return printable[:LONGEST_PATH] or "?"


def _alike(names: list[str]) -> Iterator[Fault]:
    """Yield names that are there twice, or are one file where cases make no difference."""
    for name, times in Counter(names).items():
        if times > 1:
            yield Fault(_shown(name), "name_twice", "is there twice")
    for folded, times in Counter(name.casefold() for name in set(names)).items():
        if times > 1:
            yield Fault(_shown(folded), "name_twice", "differs from another name by case only")
