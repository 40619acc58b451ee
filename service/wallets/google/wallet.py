"""Google Wallet behind the three verbs: a link to save, a PATCH per object, a check."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from google.auth import crypt

from service.domain.credentials import GoogleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.errors import InvalidInput, SetupError
from service.domain.passes import PassContent
from service.wallets.google.answers import BAD_REQUEST, EXISTS, Verdict, is_out, verdict
from service.wallets.google.clicks import Clicks
from service.wallets.google.client import (
    NO_TURN,
    GoogleAddresses,
    GoogleAnswer,
    GoogleClient,
    Limit,
)
from service.wallets.google.content import class_id, for_a_link, loyalty_object
from service.wallets.google.links import SaveLinks
from service.wallets.google.objects import GoogleObjects
from service.wallets.interface import Offer, PushOutcome, PushResult, Turns

log = logging.getLogger(__name__)
CALLS_AT_ONCE = 8  # 15 calls a second at Google's usual half second each
OFFER_WITHIN_S = 5.0  # a customer waits for it
# With more patience, workers would keep customers' clicks from their turns, and a backlog of one
# brand the others' debts from a worker.
WORKER_PATIENCE_S = 1.0
LEASE_MARGIN = timedelta(seconds=5)  # the outcome must be recorded before the lease ends


class GoogleWallet:
    """One issuer's passes. Safe to use from several threads."""

    def __init__(
        self,
        credential: GoogleCredential,
        addresses: GoogleAddresses,
        turns: Turns,
        now: Callable[[], datetime],
        clicks: Clicks,
    ) -> None:
        """Read the key; the network is used by `offer` and `push`.

        Raises:
            SetupError: the key cannot be used.
        """
        signer = _signer(credential)
        self._issuer_id = credential.type_id
        self._now = now
        self._client = GoogleClient(credential, signer, addresses, turns)
        self._objects = GoogleObjects(self._client)
        self._links = SaveLinks(credential, signer, addresses.save_url)
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="google")
        self._clicks = clicks
        self._fault: str | None = None

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return a save link, after inserting the object if Google does not keep it yet.

        If Google does not answer within 5 s, or too many clicks wait for it, the link brings the
        pass along, where its class is known to be there and it is not too long; else there is no
        link now (docs/decisions/0017).

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        if is_kept:
            return Offer(link=self._skinny(content))
        with self._clicks.permit() as may_call:
            if not may_call:
                return Offer(link=self._fat(content, design))
            answer = self._objects.insert(content, design, Limit.of(OFFER_WITHIN_S))
            if answer.status != NO_TURN:
                self._clicks.note(is_out=is_out(answer))
        judged = self._noted(verdict(answer))
        if answer.is_good or answer.status == EXISTS:
            return Offer(link=self._skinny(content), is_told=answer.is_good)
        if judged.outcome is PushOutcome.REFUSED:
            return Offer()
        return Offer(link=self._fat(content, design))

    def vouch(self, token: bytes) -> bytes:
        """Return nothing: holders do not sign up in Google Wallet."""
        return b""

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Bring the object of every delivery up to date; yield results as they come."""
        begun = {self._begun(delivery): delivery for delivery in batch}
        for future in as_completed(begun):
            yield _result(begun[future], future)

    def why_unfit(self, now: datetime) -> str | None:
        """Return None: the key of a service account has no end of its own."""
        return None

    def check(self, now: datetime) -> list[str]:
        """Return what Google refused last; empty when well, or when nothing was asked yet."""
        return [self._fault] if self._fault else []

    def close(self) -> None:
        """Begin no more calls, let those in hand end, and close the connections."""
        self._client.stop()
        self._pool.shutdown()
        self._client.close()

    def _begun(self, delivery: Delivery) -> Future[Verdict]:
        try:
            return self._pool.submit(self._tell, delivery)
        except RuntimeError:  # closed since this batch was claimed
            ended: Future[Verdict] = Future()
            ended.set_result(Verdict(PushOutcome.NOT_YET, "the service stops"))
            return ended

    def _tell(self, delivery: Delivery) -> Verdict:
        assert delivery.content is not None
        assert delivery.design is not None
        left = delivery.leased_until - LEASE_MARGIN - self._now()
        limit = Limit.of(left.total_seconds(), WORKER_PATIENCE_S)
        try:
            answer = self._objects.put(delivery.content, delivery.design, limit)
        except InvalidInput as error:
            answer = GoogleAnswer(BAD_REQUEST, "design", error.detail)
        return self._noted(verdict(answer))

    def _skinny(self, content: PassContent) -> str:
        return self._links.skinny(content.serial, class_id(content), self._now())

    def _fat(self, content: PassContent, design: Design) -> str:
        if not self._objects.knows_class(content, design):
            return ""
        payload = {"loyaltyObjects": [for_a_link(loyalty_object(content, design))]}
        return self._links.fat(payload, self._now()) or ""

    def _noted(self, judged: Verdict) -> Verdict:
        """Remember what an answer tells about our set-up; leave Google alone where it asks so."""
        if judged.outcome is PushOutcome.ACCEPTED:
            self._fault = None
        elif judged.outcome is PushOutcome.REFUSED:
            self._fault = f"Google Wallet refuses issuer {self._issuer_id}: {judged.reason}."
        if judged.hold_s is not None:
            self._client.hold(judged.hold_s)
        return judged


def _result(delivery: Delivery, ended: Future[Verdict]) -> PushResult:
    """Return what became of a delivery; a fault of ours in one call must not lose the others."""
    error = ended.exception()
    if error is not None:
        log.error("a call to Google failed on our side", exc_info=error)
        return PushResult(delivery.id, PushOutcome.TRY_LATER, f"our fault: {type(error).__name__}")
    judged = ended.result()
    return PushResult(
        delivery.id,
        judged.outcome,
        judged.reason,
        wait=judged.wait,
        is_doubtful=judged.is_doubtful,
    )


def _signer(credential: GoogleCredential) -> crypt.Signer:
    key, key_id = credential.private_key_pem, credential.key_id
    try:
        signer: crypt.Signer = crypt.RSASigner.from_string(key, key_id)
    except ValueError as error:
        raise SetupError(f"The key of {credential.email} cannot be read.") from error
    return signer
