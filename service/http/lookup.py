"""The till's look-up."""

from service.domain.errors import Forbidden
from service.http.contract import Call, answer, api
from service.http.models import LookupIn, LookupOut
from service.http.views import card_out
from service.operations.lookup import Key, look_up
from service.operations.runner import Answer


@api.operation(
    "POST",
    "/v1/lookup",
    scope="lookup",
    body=LookupIn,
    answers={200: LookupOut},
    changes=False,  # the answer is never that of an earlier call
)
def look_card_up(call: Call) -> Answer:
    """Ask whether a scanned card may earn and redeem now."""
    sent: LookupIn = call.body
    if sent.phone is not None and "lookup:phone" not in call.actor.scopes:
        raise Forbidden("This API key lacks the scope lookup:phone.")
    key = next(key for key in Key if getattr(sent, key) is not None)
    result = look_up(call.context, call.actor, key, getattr(sent, key))
    verdict = LookupOut(**vars(result.verdict))
    if result.details is None:
        return answer(verdict)
    card = card_out(result.details, call.context.settings.base_url)
    return answer(LookupOut(**vars(result.verdict), card=card, account=card.account))
