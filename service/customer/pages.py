"""Customer pages as answers: templates, languages and the headers that keep a link private."""

import secrets
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from flask import Response, current_app, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.context import Context
from service.customer import languages
from service.customer.devices import HEADERS
from service.domain.passes import WalletName

VARY = ", ".join(("Accept", "Accept-Language", *HEADERS))
ENDS = {None: "", WalletName.APPLE: "/apple.pkpass", WalletName.GOOGLE: "/google"}
POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def here() -> Context:
    """Return the context of the application that serves this request."""
    context: Context = current_app.extensions["tessera"]
    return context


def language(member_locale: str | None = None) -> str:
    """Return the language of the answer to this request."""
    return languages.chosen(_asked(), request.accept_languages, member_locale)


def path_of(token: str, wallet: WalletName | None = None) -> str:
    """Return the path of a card's page, or of one wallet on it, in the language asked for."""
    return address_of(f"/add/{quote(token, safe='')}{ENDS[wallet]}")


def address_of(path: str) -> str:
    """Return a path of ours as a link: below our root, in the language asked for."""
    return f"{root()}{path}{asked_language()}"


def asked_language() -> str:
    """Return the query of the language that was asked for, for a link; empty if none was."""
    asked = _asked()
    return f"?lang={asked}" if asked in languages.LANGUAGES else ""


def _asked() -> str | None:
    try:
        return request.args.get("lang")
    except UnicodeDecodeError:  # bytes that are no text name no language
        return None


def root() -> str:
    """Return the path below which customers reach us: empty, or that of a shared host."""
    return urlsplit(here().settings.base_url).path


def rendered(name: str, chosen: str, status: int = 200, **shown: object) -> Response:
    """Return a page in the chosen language; its style carries a nonce of its own."""
    nonce = secrets.token_urlsafe(16)
    template = environments(here().templates)[chosen].get_template(name)
    html = template.render(
        language=chosen, languages=languages.LANGUAGES, nonce=nonce, root=root(), **shown
    )
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = chosen
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    response.headers["Vary"] = VARY
    return response


@cache
def environments(templates: Path) -> dict[str, Environment]:
    """Return the templates in each language, read and compiled once per process."""
    return {each: _environment(templates, each) for each in languages.LANGUAGES}


def _environment(templates: Path, each: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates / "customer"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    strings = languages.translations(templates, each)
    environment.install_gettext_translations(strings, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return environment
