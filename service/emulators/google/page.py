"""The pages a save link ends on: self-contained HTML, no script, nothing fetched."""

import re
from collections.abc import Sequence
from typing import Any

import zxingcpp
from flask import Response, render_template_string

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
FORMATS = {
    "AZTEC": zxingcpp.BarcodeFormat.Aztec,
    "CODE_39": zxingcpp.BarcodeFormat.Code39,
    "CODE_128": zxingcpp.BarcodeFormat.Code128,
    "CODABAR": zxingcpp.BarcodeFormat.Codabar,
    "DATA_MATRIX": zxingcpp.BarcodeFormat.DataMatrix,
    "EAN_8": zxingcpp.BarcodeFormat.EAN8,
    "EAN_13": zxingcpp.BarcodeFormat.EAN13,
    "ITF_14": zxingcpp.BarcodeFormat.ITF,
    "PDF_417": zxingcpp.BarcodeFormat.PDF417,
    "QR_CODE": zxingcpp.BarcodeFormat.QRCode,
    "UPC_A": zxingcpp.BarcodeFormat.UPCA,
}
# An SVG inside HTML has no prologue; with a viewBox it scales.
SVG_START = re.compile(r'.*?<svg width="(\d+)" height="(\d+)"', re.DOTALL)
STYLE = """
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 26rem; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  article { margin: 0 0 2rem; }
  .card { background: var(--brand); color: var(--ink); border-radius: 1.25rem; padding: 1.25rem;
    box-shadow: 0 .5rem 1.5rem #0004; }
  .card.ended { filter: grayscale(1); }
  .card p, h2 { margin: 0; overflow-wrap: anywhere; }
  h2 { font-size: 1.5rem; line-height: 1.25; }
  .points { display: flex; gap: 2rem; margin: 1.25rem 0 0; }
  .points dt { font-size: .8125rem; opacity: .85; }
  .points dd { margin: 0; font-size: 1.5rem; font-weight: 600; }
  figure { margin: 1.25rem 0 0; padding: 1rem; border-radius: .75rem; background: #fff; color: #000;
    text-align: center; }
  figure svg { width: 11rem; max-width: 100%; height: auto; max-height: 11rem; }
  .state { margin: 1.25rem 0 0; font-weight: 600; }
  .more { margin: 1.5rem 0 0; }
  .more dt { font-size: .875rem; opacity: .75; margin: .75rem 0 0; }
  .more dd { margin: 0; overflow-wrap: anywhere; }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{% if detail %}<p>{{ detail }}</p>{% endif %}
{% for card in cards %}
<article>
  <div class="card{{ '' if card.state == 'ACTIVE' else ' ended' }}"
       style="--brand: {{ card.background or '#1a73e8' }}; --ink: {{ card.ink }}">
    <p>{{ card.issuer }}</p>
    <h2>{{ card.program }}</h2>
    <dl class="points">
      {% for label, value in card.amounts %}<div><dt>{{ label }}</dt><dd>{{ value }}</dd></div>
      {% endfor %}
    </dl>
    {% if card.barcode %}
    <figure aria-label="Barcode {{ card.barcode.value }}">
      {{ card.picture|safe }}
      <figcaption>{{ card.barcode.text or card.barcode.value }}</figcaption>
    </figure>
    {% else %}
    <p class="state">{{ card.state }}: no barcode</p>
    {% endif %}
  </div>
  <dl class="more">
    {% for label, value in card.facts %}<dt>{{ label }}</dt><dd>{{ value }}</dd>
    {% endfor %}
  </dl>
</article>
{% endfor %}
</main>
</body>
</html>
"""
DARK, LIGHT = "#202124", "#ffffff"
LIGHT_FROM = 0.18  # the luminance at which dark ink reads as well as light (WCAG 2.2, 1.4.3)

# The card as `card.card` gives it.
Card = dict[str, Any]


def saved_page(cards: Sequence[Card]) -> Response:
    """Return the page that says what is now in the wallet."""
    shown = [_shown(each) for each in cards]
    return _page(200, title="Saved to Google Wallet (emulated)", cards=shown)


def _shown(card: Card) -> Card:
    return {
        **card,
        "amounts": [(each["label"] or "Points", each["value"]) for each in _points(card)],
        "facts": _facts(card),
        "ink": _ink(card["background"]),
        "picture": _picture(card),
    }


def _ink(background: str | None) -> str:
    """Return the color of text that reads well on the card's own."""
    digits = (background or "#1a73e8").removeprefix("#")
    full = digits if len(digits) == len("rrggbb") else "".join(each * 2 for each in digits)
    red, green, blue = (_linear(int(full[place : place + 2], 16) / 255) for place in (0, 2, 4))
    return DARK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LIGHT_FROM else LIGHT


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def error_page(status: int, detail: str) -> Response:
    """Return the page that says why nothing was saved."""
    return _page(status, title="This pass cannot be saved (emulated)", detail=detail)


def _page(status: int, **context: object) -> Response:
    return Response(
        render_template_string(PAGE, style=STYLE, **context),
        status,
        HEADERS,
        content_type="text/html; charset=utf-8",
    )


def _facts(card: Card) -> list[tuple[str, object]]:
    facts = [
        ("Member", card["account_name"]),
        ("Number", card["account_id"]),
        ("Tier", card["tier"]),
        ("State", card["state"]),
        *[(text["header"] or "Note", text["body"]) for text in card["texts"]],
    ]
    return [(label, value) for label, value in facts if value is not None]


def _points(card: Card) -> list[dict[str, Any]]:
    return [each for each in (card["points"], card["secondary_points"]) if each]


def _picture(card: Card) -> str:
    barcode = card["barcode"]
    if barcode is None or barcode["type"] not in FORMATS:
        return ""
    try:
        drawn = zxingcpp.create_barcode(barcode["value"], FORMATS[barcode["type"]]).to_svg()
    except ValueError:
        # A value its symbology cannot carry; the phone would show the text alone.
        return ""
    return SVG_START.sub(r'<svg viewBox="0 0 \1 \2" role="img"', drawn, count=1)
