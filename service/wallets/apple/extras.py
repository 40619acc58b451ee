"""What the options of a design add to the files of its passes: texts of links, the sign-up."""

from collections.abc import Mapping
from dataclasses import replace
from html import escape

from pydantic_core import to_json

from service.domain.designs import Design
from service.wallets.apple.fields import link_key
from service.wallets.apple.options import AppleOptions

PERSONALIZATION_FILE = "personalization.json"


def with_links(design: Design, options: AppleOptions) -> Design:
    """Return the design with a linked text, in each language, for every field that has a link.

    A phone knows the tag `a` with its `href` and no other (docs/sources.md, a-1).
    """
    linked = [(field, options.of_fields[field.key].link) for field in design.fields]
    strings = {}
    for language, known in design.strings.items():
        links = {
            link_key(field): _anchor(known[address], known[field.text])
            for field, address in linked
            if address is not None and field.text is not None
        }
        strings[language] = {**known, **links}
    return replace(design, strings=strings)


def _anchor(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def enrollment_files(design: Design, options: AppleOptions) -> Mapping[str, bytes]:
    """Return the file that makes Wallet ask the holder to sign up; none if the design has no such.

    It is in the default language: Wallet translates no conditions.
    """
    asked = options.of_pass.personalization
    if asked is None:
        return {}
    return {PERSONALIZATION_FILE: to_json(asked.file(design.strings[design.default_language]))}
