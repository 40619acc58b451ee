"""The customer's links: the page of a card, what each wallet is given, all cards in one file."""

import re

from flask import Blueprint, Response, request

from service.customer import devices, pages, qr, refusals
from service.domain.errors import CardNotFound
from service.domain.passes import WalletName
from service.operations import bundles, links, offers
from service.operations.runner import retrying

blueprint = Blueprint("customer", __name__)
blueprint.after_app_request(refusals.shown)
# What a token is made of: nothing else may get into an address that we send a browser to.
TOKEN = re.compile(r"[A-Za-z0-9_-]+")


@blueprint.get("/add/<token>", merge_slashes=False)
def card_page(token: str) -> Response:
    """Show the card and the wallets it can be added to, those of the visitor's device first."""
    context = pages.here()
    card = links.page(context, token)
    device = devices.device_of(request.headers)
    layout = devices.layout(device, card.wallets)
    address = f"{context.settings.base_url}/add/{token}"
    return pages.rendered(
        "add.html",
        pages.language(card.locale),
        card=card,
        device=device,
        layout=layout,
        is_inside_app=devices.is_inside_app(request.headers),
        qr=qr.drawn(address) if layout.has_qr else None,
        paths={wallet: pages.path_of(token, wallet) for wallet in devices.WALLETS},
    )


@blueprint.get("/add/<token>/", merge_slashes=False)
def card_page_with_slash(token: str) -> Response:
    """Send the browser to the page itself: some messengers add a slash to a link.

    The address is relative, because a proxy in front may be reached by another name and path.
    """
    if not TOKEN.fullmatch(token):
        raise CardNotFound("This link leads to no card.")
    return Response(status=308, headers={"Location": f"../{token}{pages.asked_language()}"})


@blueprint.get("/add/<token>/apple.pkpass", merge_slashes=False)
def apple_pass(token: str) -> Response:
    """Give out the card's Apple pass; the token in the address is the right to it."""
    if request.method == "HEAD":
        return _pass_file(_looked_at(token, WalletName.APPLE))
    signed = retrying(lambda: offers.apple_pass(pages.here(), token))
    return _pass_file(Response(signed.file, 200))


@blueprint.get("/add/all/<token>/cards.pkpasses", merge_slashes=False)
def apple_passes(token: str) -> Response:
    """Give out all cards of a member in one file; the token in the address is the right to it."""
    if request.method == "HEAD":
        bundles.check(pages.here(), token)
        return _bundle_file(_without_length())
    file = retrying(lambda: bundles.apple_passes(pages.here(), token))
    return _bundle_file(Response(file, 200))


def _pass_file(response: Response) -> Response:
    return _download(response, "application/vnd.apple.pkpass", "card.pkpass")


def _bundle_file(response: Response) -> Response:
    return _download(response, "application/vnd.apple.pkpasses", "cards.pkpasses")


def _download(response: Response, media_type: str, name: str) -> Response:
    """Return the answer as browsers hand it to Wallet: by its exact type, whole, as a download.

    Rules: docs/sources.md, a-40. A later answer may be signed anew, so no part of it is given out.
    """
    response.content_type = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Accept-Ranges"] = "none"
    return response


def _looked_at(token: str, wallet: WalletName) -> Response:
    """Answer a HEAD and make nothing: a link checker takes no pass, a Google object is for ever."""
    links.check_offer(pages.here(), token, wallet)
    return _without_length()


def _without_length() -> Response:
    """Return an answer that tells no length, because only a finished pass has one."""
    response = Response(status=200)
    response.automatically_set_content_length = False
    return response


@blueprint.get("/add/<token>/google", merge_slashes=False)
def google_link(token: str) -> Response:
    """Send the browser on to Google, where the card is saved."""
    if request.method == "HEAD":
        return _looked_at(token, WalletName.GOOGLE)
    link = retrying(lambda: offers.google_link(pages.here(), token))
    return Response(status=302, headers={"Location": link})
