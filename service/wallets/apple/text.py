"""Makes text that people typed harmless on a pass, without changing what it says."""

import unicodedata

# They reorder or hide what follows them, also beyond their own field (Unicode TR 36, 2.1).
BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
BYTE_ORDER_MARK = "\ufeff"
# Control characters, half surrogate pairs (no valid UTF-8), line and paragraph separators.
UNSHOWABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def plain(text: str) -> str:
    """Return `text` on one line, without control and direction characters.

    Joiners stay: emoji and Persian names need them.
    """
    if not text.isprintable():
        text = "".join(character if _is_shown(character) else " " for character in text)
    return " ".join(text.split())


def _is_shown(character: str) -> bool:
    if character in BIDI_CONTROLS or character == BYTE_ORDER_MARK:
        return False
    return unicodedata.category(character) not in UNSHOWABLE
