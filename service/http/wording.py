"""What the parameters and fields of the API mean, for /openapi.json and /docs.

`FIELDS` names a field alone where it means the same everywhere, else with its model.
"""

from collections.abc import Iterable

from service.domain.attention import Attention
from service.domain.cards import NEEDS_COMMENT, RULES, CardAction, CardStatus
from service.domain.certificates import State
from service.domain.device_reports import Kind
from service.domain.roll_outs import RollOutStatus


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


# Which part of the API an address belongs to: the longest beginning that fits. The order is that
# of the page.
TAGS = {
    "/v1/programs": "Members",
    "/v1/members": "Members",
    "/v1/cards": "Cards",
    "/v1/actions": "Cards",
    "/v1/accounts": "Accounts",
    "/v1/points": "Points",
    "/in": "Webhooks",
    "/v1/lookup": "Look-up",
    "/v1/designs": "Designs",
    "/v1/programs/{program_id}/roll-outs": "Roll-outs",
    "/v1/roll-outs": "Roll-outs",
    "/v1/health": "Health",
}

TAG_TEXTS = {
    "Members": "Your word on how a member's account stands: here it is, make it so.",
    "Cards": "A card is a credential that points at an account: a number, a barcode, a status.",
    "Accounts": "The standing in one program. Points belong to the account, not to the card.",
    "Points": "What a sale or a correction changes. Send the same event as often as you like.",
    "Webhooks": "The same events from a configured sender, by its signature instead of a key.",
    "Look-up": "The till's question, answered from the database as it is now.",
    "Designs": "What passes look like: colors, fields, texts per language, images; in versions.",
    "Roll-outs": "A design on its way to the passes on people's phones, at a pace of your own.",
    "Health": "What an operator should look at before customers notice it.",
}

NOTES = {
    f"/v1/cards/{{card_id}}/{action}": f"Takes the reasons {_listed(rule.reasons)}."
    for action, rule in RULES.items()
}

PARAMETERS = {
    "account_id": "The account's id.",
    "action_id": "The id that an act on a card answered as `action.id`.",
    "card_id": "The card's id.",
    "design_id": "The design's id: that of one version.",
    "external_id": "Your own id of the member, percent-encoded; it holds no slash.",
    "program_id": "The program's id; `tessera programs list --brand NAME` shows it.",
    "roll_out_id": "The id that the start of the roll-out answered.",
    "source_id": "The source's id; `tessera sources create` showed it.",
    "balance": "Only lines of this balance.",
    "cursor": "The `next_cursor` of the part before; without it the list begins with the newest.",
    "limit": "How many lines at most, in plain digits.",
    "member": "Only cards of the member with this external id.",
    "number": "Only the card with this number.",
    "phone": (
        "Only cards of members with this phone, with country code or as written in the country of "
        "one of your programs. Needs the scope `lookup:phone` too."
    ),
    "program": "Only cards of this program.",
    "status": "Only cards of this status.",
    "Idempotency-Key": "New for each intent: a repeat with the same key gets the first answer.",
    "If-Match": 'Act only if the card still has this version, like `"3"`.',
    "webhook-id": "The message's own id; a repeat carries the same one.",
    "webhook-timestamp": "Seconds since 1970, at most 5 minutes off.",
    "webhook-signature": (
        "`v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}` under the source's secret."
    ),
}

FIELDS = {
    # what callers send
    "activate": "Whether the card can be used at once; `false` issues it `inactive`.",
    "add": "By how much the balance changes; below zero it is spent. Either `set` or `add`.",
    "set": "What the balance is now. Either `set` or `add`.",
    "event_id": "The sender's own id of the event, unique for ever.",
    "card_number": "Names the account by a card's number.",
    "card_id": "Names the account by a card's id.",
    "account_id": "Names the account by its id.",
    "PointsIn.member": "Names the account by a member's external id, together with `program`.",
    "PointsIn.program": "The program of the member's account.",
    "PointsIn.reason": "What the change is for; kept on the statement.",
    "message": "A text to the customer; kept on the statement.",
    "PointsIn.balance": "Which balance of the account.",
    "version": "Your count of statements about this account; the highest is the newest.",
    "occurred_at": "When it happened, instead of `version`.",
    "store": "The shop, in your own words.",
    "barcode": "What the scanner read. One of `barcode`, `number`, `phone`.",
    "phone": "Phone number; without country code it is read as of the program's country.",
    "LookupIn.number": "The number people read. One of `barcode`, `number`, `phone`.",
    "LookupIn.phone": "The member's phone; needs the scope `lookup:phone` too.",
    "name": "Shown on the pass.",
    "email": "E-mail address.",
    "birthday": "Day of birth.",
    "locale": "Language of the member, like `en` or `pt-BR`.",
    "external_id": "Your own id of the member.",
    "IssueMemberIn.external_id": (
        "Your own id of the member: no slash, no control character, no blank at either end."
    ),
    "IssueIn.program": "The program to issue the card in.",
    "IssueIn.member": "Who gets the card; without it the card is anonymous.",
    "IssueIn.number": "Letters, digits, dots, hyphens; drawn by the program's scheme if left out.",
    "reference": "Your own note, kept and shown.",
    "SnapshotIn.member": "What is left out stays as it is; `null` clears it.",
    "SnapshotIn.number": "The number of a card that is issued by this call.",
    "SnapshotIn.balances": "Balances by code. A whole number is short for `amount`.",
    "SnapshotIn.tier": "The member's level; `null` takes it away.",
    "ActIn.reason": "Why; each act takes its own reasons.",
    "ActIn.comment": f"In your own words; needed for {_listed(NEEDS_COMMENT)}.",
    "RollOutIn.design": "The id of the design that the passes are to show.",
    "percent": "Which part of the passes: each belongs to one of a hundred by chance, for good.",
    "per_second": "How many passes are moved in a second at most.",
    "dry_run": "Only say how many passes there are and how long they take; nothing is kept.",
    # amounts
    "amount": "In the smallest unit of the balance.",
    "pending": "Not yet usable, in the smallest unit.",
    "expiring": "Parts of the amount that end, and when.",
    "at": "When this part ends.",
    "decimals": "How many digits of the amount come after the decimal point.",
    "currency": "ISO 4217 code, if the balance is money.",
    # what the service answers
    "id": "The id of Tessera; it never changes.",
    "number": "What people read; unique in the brand, for ever.",
    "BarcodeOut.format": "How the barcode is drawn.",
    "BarcodeOut.message": "What scanners read.",
    "CardOut.barcode": "What the pass shows to scanners.",
    "program": "The program's id.",
    "member": "Who it belongs to; `null` if it is anonymous.",
    "account": "The account that the card points at.",
    "balances": "Balances by code.",
    "tier": "The member's level, if there is one.",
    "code": "Stable name of the level, for programs.",
    "TierIn.name": "What the pass shows; the code, if left out.",
    "TierOut.name": "What the pass shows.",
    "status": f"One of {_listed(CardStatus)}; a card past `expires_at` is `expired`.",
    "status_reason": "Why the card is blocked or closed.",
    "blocked_by": "Through which channel it was blocked.",
    "allowed_actions": f"What may be done now, of {_listed(CardAction)}.",
    "CardOut.version": "Counts changes of the card itself; points do not raise it.",
    "created_at": "When it was made.",
    "activated_at": "When the card became active.",
    "expires_at": "When the card's time is over.",
    "replaces": "The card that this one took the place of.",
    "replaced_by": "The card that took the place of this one.",
    "links": "Where the customer opens the card; only the links that work.",
    "CardsLinkOut.url": "Gives out all cards as Apple passes in one file, at most the newest 10.",
    "CardsLinkOut.expires_at": "When the link ends.",
    "LinksOut.add": "The page where the customer picks a wallet.",
    "apple": "Gives out the pass for Apple Wallet.",
    "google": "Saves the card to Google Wallet.",
    "CardOut.action": "The act that this call asked for, or repeated.",
    "url": "Where to read how far the act has settled.",
    "cards": "The cards that fit.",
    "entries": "Lines of the statement.",
    "history": "Acts on the card, its issue included.",
    "next_cursor": "Send it as `cursor` for the next part; `null` at the end.",
    "EntryOut.balance": "Code of the balance.",
    "operator": "`set` or `add`.",
    "EntryOut.amount": "What was set or added, in the smallest unit.",
    "balance_after": "What the balance was from then on.",
    "EntryOut.event_id": "The sender's own id of the event; `null` for a snapshot.",
    "source": "`api`, or the id of the source; `null` for a snapshot.",
    "EntryOut.version": "The version that the statement came with.",
    "EntryOut.occurred_at": "The time that the statement came with.",
    "EntryOut.reason": "What the change was for.",
    "ActionOut.card": "The card's id.",
    "action": "What was done, like `block`.",
    "reason": "Why it was done.",
    "comment": "In the words of who did it.",
    "from_status": "The card's status before; `null` at its issue.",
    "to_status": "The card's status after.",
    "actor": "Who did it, like `key till-7`.",
    "channel": "Through what: `api`, `webhook`, `apple_wallet` ...",
    "request_id": "The call, as `X-Request-Id` named it.",
    "RecordOut.store": "The shop that was named at issue.",
    "surfaces": "How far each place has followed: `done`, `pending`, `failing`, `not_connected`.",
    "can_earn": "Whether points may be added.",
    "can_redeem": "Whether points may be spent.",
    "decline_code": "Why not; `null` if nothing is refused.",
    "LookupOut.card": "The card, if nothing is refused.",
    "LookupOut.account": "Its account, if nothing is refused.",
    "outcome": "`applied`, `duplicate`, `superseded` or `refused`.",
    "why": "Which rule refused it.",
    "first": "The outcome that the event had at first, for a duplicate.",
    "PointsOut.balances": "Balances as they are now.",
    "DeliveryOut.card": "The card's id.",
    "passes": "One for each wallet that has the card.",
    "wallet": "Which wallet shows the pass.",
    "serial": "The wallet's own name of the pass; for support.",
    "PassDeliveryOut.version": "Raised by anything that the pass shows.",
    "changed_at": "When the pass last changed.",
    "installations": "One for each phone that has the pass.",
    "provider": "Who tells it of changes: `apns`, or `none` for a reader that asks by itself.",
    "device_reports": "What phones could not make sense of, newest first; 20 at most.",
    "DeviceReportOut.at": "When the phone reported it.",
    "DeviceReportOut.kind": f"One of {_listed(Kind)}.",
    "DeviceReportOut.text": "The phone's own words, in one line, without secrets.",
    "registered_at": "When the phone asked to be told of changes.",
    "wanted_version": "What the phone should have.",
    "pushed_version": "The wallet accepted a push for it; that is not yet the phone.",
    "pushed_at": "When the wallet accepted it.",
    "asked_version": "The phone asked, and was told of this version.",
    "asked_at": "When the phone asked.",
    "fetched_version": "The version that was fetched last.",
    "fetched_at": "When it was fetched.",
    "fetched_by": "Who can have fetched it, like `one of 3 devices`.",
    "accepted_version": "The version that the wallet took last, where it keeps the pass itself.",
    "accepted_at": "When it took it.",
    "stale": "A push was accepted over 4 hours ago and the phone has not come for the version.",
    "repushes": "How often within a day the phone was pushed again for that.",
    "attempts": "How often the push failed since it last succeeded.",
    "last_error": "What the wallet said then.",
    "attention": f"Codes of what needs an operator, of {_listed(Attention)}; empty when well.",
    "certificates": "The brand's Apple certificates.",
    "halts": "Pass types that are not pushed, because the wallet's vendor refuses our set-up.",
    "HaltOut.type": "Apple's Pass Type ID, or Google's issuer id.",
    "HaltOut.reason": "The vendor's word.",
    "since": "When it began.",
    "until": "When one push goes out to see whether it is over.",
    "waiting": "How many pushes are due and wait.",
    "stale_passes": "How many phones were pushed again and still did not come, last counted.",
    "HealthOut.device_reports": "How many reports of phones are kept, by kind, last counted.",
    "pass_type_id": "Which passes it signs.",
    "CertificateOut.state": f"One of {_listed(State)}.",
    "active_from": "From when on it signs.",
    "ends_at": "When it, or Apple's intermediate behind it, ends; `null` if that cannot be read.",
    "days_left": "Whole days until then; below zero afterwards, `null` if nobody knows.",
    "stage": (
        "The last of 60, 30, 14, 7, 1 and 0 days that it has reached; `null` before that, and if "
        "another one takes over in time."
    ),
    "CertificateOut.passes": "How many passes it concerns, as counted in the last 5 minutes.",
    "CertificateOut.devices": "On how many devices they are.",
    # designs
    "DesignOut.name": "Name of the design; uploaded again it is the next version.",
    "ListedDesignOut.name": "Name of the design.",
    "DesignImageOut.name": "Name of the file in the pass, or below the wallet's folder.",
    "DesignOut.version": "Counted up per name.",
    "ListedDesignOut.version": "Counted up per name.",
    "languages": "Languages of the texts, the default one first.",
    "images": "Every image that was made of yours.",
    "width": "In pixels.",
    "height": "In pixels.",
    "warnings": "What the design may do without, and what comes of that.",
    "designs": "Versions of designs.",
    # roll-outs
    "RollOutOut.from": "The design that the passes had.",
    "RollOutOut.to": "The design that they are given.",
    "RollOutOut.status": f"One of {_listed(RollOutStatus)}.",
    "moved": "How many passes were moved so far; a roll-back counts anew.",
    "remaining": "How many passes are still to be moved.",
    "forecast_s": "In how many seconds they will have been moved, and Google been told of its own.",
    "ended_at": "When no pass was left to be moved, or moved back.",
    "roll_outs": "The roll-outs of the program.",
    # problems
    "type": "Always `about:blank`.",
    "title": "The status in words.",
    "ProblemOut.status": "The status of the answer.",
    "ProblemOut.code": "Stable; it never changes its meaning.",
    "detail": "For people; it may be reworded.",
    "errors": "The fields that are wrong, if there are any.",
    "field": "Where.",
    "problem": "What is wrong there.",
}


def field_text(model: str, field: str) -> str:
    """Return what a field of a model means, empty if nobody has written it down."""
    return FIELDS.get(f"{model}.{field}", FIELDS.get(field, ""))


def tag_of(path: str) -> str:
    """Return the part of the API that an address belongs to."""
    start = _start_of(path)
    return TAGS[start] if start else path.split("/")[2].capitalize()


def place_of(path: str) -> int:
    """Return what sorts addresses by parts of the API; within one they stay as they were declared.

    So the acts on a card are in the order in which one can do them.
    """
    start = _start_of(path)
    return list(TAGS).index(start) if start else len(TAGS)


def _start_of(path: str) -> str:
    return max((start for start in TAGS if path.startswith(start)), key=len, default="")
