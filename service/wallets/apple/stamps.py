"""How many stamps the strip of a card shows."""

from service.domain.designs import Design
from service.domain.passes import PassContent


def stamps_shown(content: PassContent, design: Design) -> int:
    """Return how many places of the design's strip are filled; 0 if it draws none.

    A concealed card tells its holder nothing, so its strip is empty.
    """
    if design.stamps is None or content.is_concealed:
        return 0
    for shown in content.balances:
        if shown.type.code == design.stamps.balance:
            return design.stamps.shown(shown.balance.amount // 10**shown.type.decimals)
    return 0
