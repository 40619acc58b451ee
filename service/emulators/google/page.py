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
  h1 { font-size: 1.25rem; }
  article { border: 1px solid #8886; border-radius: 1rem; overflow: hidden; margin: 1rem 0; }
  header { padding: 1rem; border-top: .75rem solid var(--brand, #1a73e8); }
  h2 { margin: 0; font-size: 1.125rem; }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0;
    padding: 0 1rem 1rem; }
  dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
  figure { margin: 0; padding: 1rem; background: #fff; color: #000; text-align: center; }
  figure svg { width: 11rem; max-width: 100%; height: auto; max-height: 11rem; }
  p { margin: .25rem 0; overflow-wrap: anywhere; }
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
<article style="--brand: {{ card.background or '#1a73e8' }}">
  <header><h2>{{ card.program }}</h2><p>{{ card.issuer }}</p></header>
  <dl>
    {% for label, value in card.facts %}<dt>{{ label }}</dt><dd>{{ value }}</dd>
    {% endfor %}
  </dl>
  {% if card.barcode %}
  <figure aria-label="Barcode {{ card.barcode.value }}">
    {{ card.picture|safe }}
    <figcaption>{{ card.barcode.text or card.barcode.value }}</figcaption>
  </figure>
  {% endif %}
</article>
{% endfor %}
</main>
</body>
</html>
"""

# The card as `google_card.card` gives it.
Card = dict[str, Any]


def saved_page(cards: Sequence[Card]) -> Response:
    """Return the page that says what is now in the wallet."""
    shown = [{**each, "facts": _facts(each), "picture": _picture(each)} for each in cards]
    return _page(200, title="Saved to Google Wallet (emulated)", cards=shown)


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
        *[(each["label"] or "Points", each["value"]) for each in _points(card)],
        ("Tier", card["tier"]),
        ("Member", card["account_name"]),
        ("Number", card["account_id"]),
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
