"""Rules of the files as such: pass.json as a file, strings, enrollment, weight."""

import re
from collections.abc import Iterator

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, has_mark, list_of, read_object, text_of
from service.wallets.apple.lint.package import CONTENT
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import STRINGS, Subject

SET = RuleSet(Stage.FILES)
HEAVY_BYTES = 3_000_000
PERSONALIZATION = "personalization.json"
PERSONALIZATION_FIELDS = [
    f"PKPassPersonalizationField{name}"
    for name in ("Name", "PostalCode", "EmailAddress", "PhoneNumber")
]
# What only a key looks like: words joined by dots or underscores.
KEY = re.compile(r"[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)+")
LOCALIZED = ("label", "value", "changeMessage")


@SET.rule
def pass_json_missing(subject: Subject) -> Iterator[Hit]:
    if CONTENT not in subject.files:
        yield Hit(CONTENT)


@SET.rule
def pass_json_unreadable(subject: Subject) -> Iterator[Hit]:
    if subject.pass_json.fault:
        yield Hit(CONTENT, subject.pass_json.fault)


@SET.rule
def pass_json_mark(subject: Subject) -> Iterator[Hit]:
    if has_mark(subject.files.get(CONTENT, b"")):
        yield Hit(CONTENT)


@SET.rule
def pass_heavy(subject: Subject) -> Iterator[Hit]:
    total = sum(map(len, subject.files.values()))
    if total > HEAVY_BYTES:
        yield Hit("files", f"{total:,}")


@SET.rule
def strings_unreadable(subject: Subject) -> Iterator[Hit]:
    for language, table in subject.strings.items():
        if table is None:
            yield Hit(f"{language}.lproj/pass.strings")


@SET.rule
def strings_misplaced(subject: Subject) -> Iterator[Hit]:
    for name in subject.files:
        last = name.rsplit("/", 1)[-1]
        if last.lower() == "pass.strings" and not STRINGS.fullmatch(name):
            yield Hit(name)


@SET.rule
def strings_key_shown(subject: Subject) -> Iterator[Hit]:
    yield from (hit for hit in _untranslated(subject) if KEY.fullmatch(str(hit.found)))


@SET.rule
def strings_untranslated(subject: Subject) -> Iterator[Hit]:
    yield from (hit for hit in _untranslated(subject) if not KEY.fullmatch(str(hit.found)))


def _untranslated(subject: Subject) -> Iterator[Hit]:
    tables = {name: table for name, table in subject.strings.items() if table is not None}
    translated = {key for table in tables.values() for key in table}
    for text in dict.fromkeys(_texts(subject)):
        if text in translated:
            for language, table in tables.items():
                if text not in table:
                    yield Hit(f"{language}.lproj/pass.strings", text)


def _texts(subject: Subject) -> Iterator[str]:
    yield from (subject.text(key) for key in ("description", "logoText", "organizationName"))
    for each in subject.fields:
        yield from (each.text(key) for key in LOCALIZED)


@SET.rule
def enrollment_incomplete(subject: Subject) -> Iterator[Hit]:
    # The logo alone asks nobody: it stays in a pass that asks no more.
    if PERSONALIZATION not in subject.files:
        return
    if not any(image.base == "personalizationLogo" for image in subject.images):
        yield Hit(PERSONALIZATION, "personalizationLogo@2x.png")
    if "nfc" not in subject.content:
        yield Hit(PERSONALIZATION, "nfc")


@SET.rule
def enrollment_fields(subject: Subject) -> Iterator[Hit]:
    if PERSONALIZATION not in subject.files:
        return
    asked: Json = read_object(subject.files[PERSONALIZATION]).value
    fields = list_of(asked, "requiredPersonalizationFields")
    unknown = [each for each in fields if each not in PERSONALIZATION_FIELDS]
    if unknown or not fields:
        yield Hit("requiredPersonalizationFields", "an unknown field" if unknown else "none")
    if not text_of(asked, "description"):
        yield Hit("description", "none")
