"""What a design must keep to before it may be published; every fault names its file and place."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, NamedTuple

from service.domain.cards import CardStatus
from service.domain.designs import COLOR, SHOWS, Design, DesignField, Stamps
from service.domain.errors import DesignRefused

SHEET = "design.toml"
LONGEST_NAME = 64
MOST_FAULTS, LONGEST_FAULT = 100, 300
LARGEST_PART = 255  # of a color
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
FIELD_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
# A dot in every key: so no member and no tier is called like one (wallets/apple/content.py).
STRING_KEY = re.compile(r"[a-z]+(\.[a-z0-9_]+)+")
CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
FEWEST_STAMPS, MOST_STAMPS = 2, 30
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # lines and tabs are none
MISSING_IMAGE: Final = "missing_image"
VALUE = "%@"  # where Apple puts a field's value (docs/sources.md, a-2)
STATUS_WORDS = tuple(f"status.{word}" for word in (*CardStatus, "concealed"))


# Public: what each means is in docs/errors.md.
Code = Literal[
    "animated_image",
    "bad_color",
    "bad_color_profile",
    "bad_key",
    "bad_language",
    "bad_name",
    "bad_path",
    "bad_stamps",
    "bad_text",
    "bad_toml",
    "bad_zip",
    "change_message_without_value",
    "damaged_image",
    "image_too_small",
    "key_twice",
    "missing_file",
    "missing_image",
    "missing_key",
    "missing_string",
    "more_faults",
    "name_twice",
    "no_letter",
    "not_png",
    "too_large",
    "too_many_files",
    "too_many_pixels",
    "unexpected_file",
    "unknown_image",
    "unknown_key",
    "unknown_language",
    "unknown_mark",
    "unknown_value",
    "wallet_refuses",
    "wrong_shape",
    "wrong_size",
    "wrong_type",
]


class Fault(NamedTuple):
    """One thing to mend: where, under which stable code, and in words."""

    place: str
    code: Code
    text: str


def refusal(faults: Iterable[Fault]) -> DesignRefused:
    """Return the error that tells all faults at once, each once."""
    unique = list(dict.fromkeys(faults))
    told = [
        (_readable(fault.place), _readable(f"{fault.code}: {fault.text}"))
        for fault in unique[:MOST_FAULTS]
    ]
    if len(unique) > MOST_FAULTS:
        told.append(("design", f"more_faults: {len(unique) - MOST_FAULTS} more are not listed"))
    return DesignRefused("The design cannot be published as it is.", told)


def _readable(text: str) -> str:
    """Return text of a design so that a terminal and a log can show it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST_FAULT])


def faults(design: Design) -> list[Fault]:
    """Return all that must be mended before the design may be published; empty when well."""
    return [
        *_name(design),
        *_colors(design),
        *_fields(design),
        *_languages(design),
        *_strings(design),
        *_change_messages(design),
        *_images(design),
        *(_stamps(design, design.stamps) if design.stamps is not None else ()),
    ]


def advice(design: Design) -> list[str]:
    """Return what the design may do without, and what comes of that."""
    if design.has_google_logo:
        return []
    return ["images/google/logo.png is missing: the design is not offered for Google Wallet."]


def place_of(field: DesignField) -> str:
    """Return the place of a field in the files."""
    return f"{SHEET}: fields.{field.section}.{field.key}"


def without_balance(design: Design, codes: Collection[str]) -> list[str]:
    """Return the places of the design that show a balance which is none of the program's."""
    shown = {place_of(field): field.balance for field in design.fields if field.balance}
    if design.stamps is not None:
        shown[f"{SHEET}: stamps.balance"] = design.stamps.balance
    return [f"{place} shows {code}" for place, code in shown.items() if code not in codes]


def strings_file(language: str) -> str:
    return f"strings/{language}.toml"


def _name(design: Design) -> Iterator[Fault]:
    name = design.name
    is_one_line = not re.search(r"[\n\t]", name) and not CONTROL.search(name)
    if not (1 <= len(name) <= LONGEST_NAME and is_one_line and name == name.strip()):
        text = f"takes 1 to {LONGEST_NAME} characters on one line, none of them a blank at an end"
        yield Fault(f"{SHEET}: name", "bad_name", text)


def _colors(design: Design) -> Iterator[Fault]:
    colors = {
        "colors.background": design.background,
        "colors.foreground": design.foreground,
        "colors.label": design.label,
    }
    if design.stamps is not None:
        colors |= {"stamps.filled": design.stamps.filled, "stamps.empty": design.stamps.empty}
    for place, color in colors.items():
        if not is_color(color):
            yield Fault(f"{SHEET}: {place}", "bad_color", "is written like rgb(22, 26, 66)")


def is_color(text: str) -> bool:
    """Say whether every wallet reads this as a color."""
    found = COLOR.fullmatch(text)
    return found is not None and all(int(part) <= LARGEST_PART for part in found.groups())


def _fields(design: Design) -> Iterator[Fault]:
    for key, times in Counter(field.key for field in design.fields).items():
        if times > 1:
            yield Fault(f"{SHEET}: fields", "key_twice", f"{key} is the key of {times} fields")
    for field in design.fields:
        if not FIELD_KEY.fullmatch(field.key):
            text = "takes small letters, digits and _, at most 64, the first a letter"
            yield Fault(place_of(field), "bad_key", text)
        if not SHOWS.fullmatch(field.shows):
            text = (
                f"shows {field.shows!r}, which is none of balance:CODE, pending:CODE, "
                "expiring:CODE, expiring_at:CODE, text:KEY, member_name, card_number, tier, "
                "status, expires_at"
            )
            yield Fault(place_of(field), "unknown_value", text)


def _languages(design: Design) -> Iterator[Fault]:
    for language in design.strings:
        if not LANGUAGE.fullmatch(language):
            text = "is not named for a language, like en.toml or pt-BR.toml"
            yield Fault(strings_file(language), "bad_language", text)
    for name in sorted(design.images):
        language, is_folder, file = name.partition(".lproj/")
        if is_folder and language not in design.strings:
            text = f"there is no {strings_file(language)}, so nobody would see it"
            yield Fault(f"images/{language}/{file}", "unknown_language", text)


def _strings(design: Design) -> Iterator[Fault]:
    needed = {*_used(design), *STATUS_WORDS}
    for language, strings in design.strings.items():
        file = strings_file(language)
        for key in sorted(needed - strings.keys()):
            yield Fault(file, "missing_string", f"lacks {key}")
        for key, text in strings.items():
            if not STRING_KEY.fullmatch(key):
                wanted = "keys are small letters with a dot in between, like label.points"
                yield Fault(file, "bad_key", f"{key!r}: {wanted}")
            if not text.strip() or CONTROL.search(text):
                yield Fault(file, "bad_text", f"{key} is empty or holds a control character")


def _used(design: Design) -> Iterator[str]:
    for field in design.fields:
        yield from (key for key in (field.label, field.change_message, field.text) if key)
    if design.stamps is not None and design.stamps.text is not None:
        yield design.stamps.text


def _change_messages(design: Design) -> Iterator[Fault]:
    keys = sorted({field.change_message for field in design.fields if field.change_message})
    for language, strings in design.strings.items():
        for key in keys:
            if strings.get(key, VALUE).count(VALUE) != 1:
                text = f"{key} needs one {VALUE}, where the new value is put"
                yield Fault(strings_file(language), "change_message_without_value", text)


def _images(design: Design) -> Iterator[Fault]:
    if "icon.png" not in design.images:
        yield Fault("images/icon.png", MISSING_IMAGE, "no pass opens without an icon")


def _stamps(design: Design, stamps: Stamps) -> Iterator[Fault]:
    if not FEWEST_STAMPS <= stamps.of <= MOST_STAMPS:
        text = f"takes {FEWEST_STAMPS} to {MOST_STAMPS}"
        yield Fault(f"{SHEET}: stamps.of", "bad_stamps", text)
    if not CODE.fullmatch(stamps.balance):
        yield Fault(f"{SHEET}: stamps.balance", "bad_stamps", "takes the code of a balance")
    for name in sorted(design.images):
        language, is_localized, file = name.partition(".lproj/")
        if is_localized and file == "strip.png":
            text = "stamps are drawn upon one strip for all languages: images/strip.png"
            yield Fault(f"images/{language}/{file}", "bad_stamps", text)
