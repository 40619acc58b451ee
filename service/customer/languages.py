"""The languages of customer pages: which one a visitor gets, and their catalogs."""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept

# Each by its own name: whoever looks for a language may not read the one in use.
LANGUAGES = {"en": "English", "ru": "Русский"}
DEFAULT = "en"  # the templates are written in it


def chosen(asked: str | None, accepted: LanguageAccept, locale: str | None) -> str:
    """Return the language: as asked, else the browser's, else the member's, else English."""
    if asked in LANGUAGES:
        return asked
    named = LanguageAccept([(tag, quality) for tag, quality in accepted if tag != "*"])
    known = LanguageAccept([(locale, 1)] if locale else [])
    return named.best_match(LANGUAGES) or known.best_match(LANGUAGES) or DEFAULT


def translations(templates: Path, language: str) -> NullTranslations:
    """Return a language's strings, compiled from its `messages.po`."""
    if language == DEFAULT:
        return NullTranslations()
    compiled = BytesIO()
    with (templates / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
