"""Texts of a design in the form that Google takes: one default language and its translations."""

from typing import Any

from service.domain.designs import Design, DesignField


def localized(design: Design, key: str) -> dict[str, Any] | None:
    """Return a LocalizedString of the design's text `key`, or None if it has no such text.

    The first language of the design is the default; it is not repeated as a translation.
    Source: docs/sources.md, g-3.
    """
    said = [(name, texts[key]) for name, texts in design.strings.items() if key in texts]
    if not said:
        return None
    (language, text), *others = said
    shown: dict[str, Any] = {"defaultValue": {"language": language, "value": text}}
    if others:
        shown["translatedValues"] = [{"language": name, "value": text} for name, text in others]
    return shown


def plain(design: Design, key: str) -> str | None:
    """Return the text in the design's default language, for phones that know no other."""
    return next((texts[key] for texts in design.strings.values() if key in texts), None)


def field_showing(design: Design, shows: str) -> DesignField | None:
    """Return the field of the design that shows this, or None."""
    return next((field for field in design.fields if field.shows == shows), None)


def labelled(design: Design, name: str, shows: str) -> dict[str, Any]:
    """Return `name` and its localized form for the label of the field that shows this.

    Both are None where the design has no such field, or the field no label.
    """
    field = field_showing(design, shows)
    label = field.label or "" if field is not None else ""
    localized_name = f"localized{name[0].upper()}{name[1:]}"
    return {name: plain(design, label), localized_name: localized(design, label)}
