"""What the link of a card shows before the card is added to a phone."""

from dataclasses import dataclass

from service.context import Context
from service.domain.cards import CardStatus
from service.domain.designs import Design
from service.domain.errors import PassUnavailable
from service.domain.passes import WalletName
from service.operations import offers
from service.storage import brands, members, programs

# Google's logo is made to be shown alone; an icon stands in for it.
LOGOS = ("google/logo.png", "icon@3x.png", "icon.png")


@dataclass(frozen=True)
class LinkPage:
    """What anybody with the link may see: nothing personal, because links are forwarded.

    Of a card that `is_concealed` the page must not even say that it is blocked. Colors are the
    design's `rgb(r, g, b)`; `logo` is a path of this service; `locale` is the member's BCP 47 tag.
    """

    brand_name: str
    program_name: str
    status: CardStatus
    is_concealed: bool
    wallets: frozenset[WalletName]
    background: str
    foreground: str
    label: str
    logo: str | None
    locale: str | None


def page(context: Context, link_token: str) -> LinkPage:
    """Return what is shown to whoever opens a card's link; nothing comes into being.

    Raises:
        CardNotFound: the link leads nowhere, or to a card that is replaced, expired or closed.
    """
    with context.reading() as transaction:
        card = offers.linked(context, transaction, link_token)
        program = programs.get(transaction, card.brand_id, card.program_id)
        design = context.design(transaction, program.design_id)
        member = members.owner(transaction, card.account_id)
        return LinkPage(
            brand_name=brands.get(transaction, card.brand_id).name,
            program_name=program.name,
            status=card.status,
            is_concealed=card.is_concealed,
            wallets=offers.wallets_for(context, transaction, program),
            background=design.background,
            foreground=design.foreground,
            label=design.label,
            logo=_logo(design),
            locale=member.locale if member else None,
        )


def check_offer(context: Context, link_token: str, wallet: WalletName) -> None:
    """Make sure that a link can give out the card's pass for a wallet; nothing comes into being.

    Raises:
        CardNotFound: the link leads nowhere, or to a card that is replaced, expired or closed.
        PassUnavailable: the card is not offered for this wallet.
    """
    if wallet not in page(context, link_token).wallets:
        raise PassUnavailable(f"The card is not offered for {wallet.capitalize()} Wallet yet.")


def _logo(design: Design) -> str | None:
    paths = (design.image_path(name) for name in LOGOS)
    return next((path for path in paths if path is not None), None)
