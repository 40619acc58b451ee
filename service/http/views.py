"""Domain values as the shapes of the API."""

from service.domain.accounts import Account, Tier
from service.domain.cards import allowed_actions
from service.domain.history import Record
from service.domain.members import Member
from service.domain.passes import WalletName
from service.domain.programs import Program
from service.http.models import (
    AccountOut,
    ActionLink,
    BalanceOut,
    BarcodeOut,
    CardOut,
    LinksOut,
    MemberOut,
    TierOut,
)
from service.operations.cards import CardDetails


def card_out(details: CardDetails, base_url: str, record: Record | None = None) -> CardOut:
    """Return the Card of the API; with the act that made it so, if there was one."""
    card = details.card
    account = AccountOut(
        id=details.account.id,
        balances=balances_out(details.account, details.program),
        tier=tier_out(details.account.tier),
    )
    acted = {"action": _action(record, base_url)} if record is not None else {}
    return CardOut(
        id=card.id,
        number=card.number,
        barcode=BarcodeOut(format=details.program.barcode_format, message=details.barcode_message),
        program=card.program_id,
        member=member_out(details.member),
        account=account,
        status=card.status,
        status_reason=card.status_reason,
        blocked_by=card.blocked_by,
        allowed_actions=list(allowed_actions(card)),
        version=card.version,
        created_at=card.created_at,
        activated_at=card.activated_at,
        expires_at=card.expires_at,
        replaces=card.replaces,
        replaced_by=card.replaced_by,
        reference=card.reference,
        links=_links(details, base_url),
        **acted,
    )


def _action(record: Record, base_url: str) -> ActionLink:
    return ActionLink(id=record.id, url=action_url(record, base_url))


def action_url(record: Record, base_url: str) -> str:
    return f"{base_url}/v1/actions/{record.id}"


def _links(details: CardDetails, base_url: str) -> LinksOut:
    if not details.wallets or not allowed_actions(details.card):
        return LinksOut()
    add = f"{base_url}/add/{details.link_token}"
    known = {
        WalletName.APPLE: ("apple", f"{add}/apple.pkpass"),
        WalletName.GOOGLE: ("google", f"{add}/google"),
    }
    return LinksOut(add=add, **dict(known[name] for name in WalletName if name in details.wallets))


def balances_out(account: Account, program: Program) -> dict[str, BalanceOut]:
    """Return the account's balances by code, with the program's decimals and currency."""
    shown = {}
    for type in program.balances:
        balance = account.balance(type.code)
        currency = {"currency": type.currency} if type.currency else {}
        shown[type.code] = BalanceOut(
            amount=balance.amount,
            decimals=type.decimals,
            pending=balance.pending,
            expiring=list(balance.expiring),
            **currency,
        )
    return shown


def tier_out(tier: Tier | None) -> TierOut | None:
    return None if tier is None else TierOut(code=tier.code, name=tier.name)


def member_out(member: Member | None) -> MemberOut | None:
    return None if member is None else MemberOut(external_id=member.external_id, name=member.name)
