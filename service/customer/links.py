"""The customer's link to a card: its page, and what each wallet is given."""

from flask import Blueprint, Response, request

from service.customer import devices, pages, qr, refusals
from service.operations import links, offers
from service.operations.runner import retrying

blueprint = Blueprint("customer", __name__)
blueprint.after_app_request(refusals.shown)


@blueprint.get("/add/<token>")
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


@blueprint.get("/add/<token>/apple.pkpass")
def apple_pass(token: str) -> Response:
    """Give out the card's Apple pass; the token in the address is the right to it."""
    signed = retrying(lambda: offers.apple_pass(pages.here(), token))
    response = Response(signed.file, 200, content_type="application/vnd.apple.pkpass")
    response.headers["Content-Disposition"] = 'attachment; filename="card.pkpass"'
    return response


@blueprint.get("/add/<token>/google")
def google_link(token: str) -> Response:
    """Send the browser on to Google, where the card is saved."""
    link = retrying(lambda: offers.google_link(pages.here(), token))
    return Response(status=302, headers={"Location": link})
