"""Writes the tables of docs/pass-rules.md from the rules themselves.

python -m tests.wallets.lint.page
"""

import re
from pathlib import Path

from service.wallets.apple.lint.lint import explain
from service.wallets.apple.lint.rules_fields import DRAWN

PAGE = Path(__file__).parents[3] / "docs" / "pass-rules.md"
PLACES = {"where": "*place*", "found": "*what is there*", "wanted": "*what is wanted*"}


def rules() -> str:
    head = ("Code", "Severity", "Rule", "The customer sees", "Fix", "Source")
    rows = [
        (f"`{code}`", words.severity, words.says, words.sees, _fix(words.fix), words.source)
        for code, words in explain()
    ]
    return _table(head, rows)


def drawn() -> str:
    rows = [
        (f"`{style}`", ", ".join(f"{most} {' + '.join(names)}" for names, most in limits.items()))
        for style, limits in DRAWN.items()
    ]
    return _table(("Style", "Draws at most"), rows)


def _fix(template: str) -> str:
    return (
        re.sub(r"`?\{(where|found|wanted)\}`?", lambda m: PLACES[m[1]], template)
        .replace("{{", "{")
        .replace("}}", "}")
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def filled(text: str) -> str:
    """Return the page with its two tables as the rules are now."""
    for name, table in (("rules", rules()), ("drawn", drawn())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + begin + table + end + after
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
