"""Google Wallet behind the three verbs: a link to save, a PATCH per object, a check."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from google.auth import crypt

from service.domain.credentials import GoogleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.errors import InvalidInput, SetupError
from service.domain.passes import PassContent
from service.wallets.google.answers import EXISTS, Verdict, verdict
from service.wallets.google.client import GoogleAddresses, GoogleAnswer, GoogleClient
from service.wallets.google.content import class_id, for_a_link, loyalty_object
from service.wallets.google.links import SaveLinks
from service.wallets.google.objects import GoogleObjects
from service.wallets.interface import Offer, PushOutcome, PushResult, Turns

CALLS_AT_ONCE = 8  # 15 calls a second at Google's usual half second each
OFFER_WITHIN_S = 5.0  # a customer waits for it
LEASE_MARGIN = timedelta(seconds=5)  # the outcome must be recorded before the lease ends


class GoogleWallet:
    """One issuer's passes. Safe to use from several threads."""

    keeps_passes = True

    def __init__(
        self,
        credential: GoogleCredential,
        addresses: GoogleAddresses,
        turns: Turns,
        now: Callable[[], datetime],
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
        self._fault: str | None = None

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return a save link, after inserting the object if Google does not keep it yet.

        If Google does not answer within 5 s, the link brings the pass along, where its class is
        known to be there and it is not too long; else there is no link now (docs/decisions/0017).

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        if is_kept:
            return Offer(link=self._skinny(content))
        answer = self._objects.insert(content, design, time.monotonic() + OFFER_WITHIN_S)
        judged = self._noted(verdict(answer))
        if answer.is_good or answer.status == EXISTS:
            return Offer(link=self._skinny(content), is_told=answer.is_good)
        if judged.outcome is PushOutcome.REFUSED:
            return Offer()
        return Offer(link=self._fat(content, design))

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Bring the object of every delivery up to date; yield results as they come."""
        for future in as_completed([self._begun(delivery) for delivery in batch]):
            yield future.result()

    def check(self, now: datetime) -> list[str]:
        """Return what Google refused last; empty when well, or when nothing was asked yet."""
        return [self._fault] if self._fault else []

    def close(self) -> None:
        """Begin no more calls, let those in hand end, and close the connections."""
        self._client.stop()
        self._pool.shutdown()
        self._client.close()

    def _begun(self, delivery: Delivery) -> Future[PushResult]:
        try:
            return self._pool.submit(self._tell, delivery)
        except RuntimeError:  # closed since this batch was claimed
            ended: Future[PushResult] = Future()
            ended.set_result(PushResult(delivery.id, PushOutcome.TRY_LATER, "the service stops"))
            return ended

    def _tell(self, delivery: Delivery) -> PushResult:
        assert delivery.content is not None
        assert delivery.design is not None
        left = delivery.leased_until - LEASE_MARGIN - self._now()
        until = time.monotonic() + left.total_seconds()
        try:
            answer = self._objects.put(delivery.content, delivery.design, until)
        except InvalidInput as error:
            answer = GoogleAnswer(400, "design", error.detail)
        judged = self._noted(verdict(answer))
        return PushResult(delivery.id, judged.outcome, judged.reason, wait=judged.wait)

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


def _signer(credential: GoogleCredential) -> crypt.Signer:
    key, key_id = credential.private_key_pem, credential.key_id
    try:
        signer: crypt.Signer = crypt.RSASigner.from_string(key, key_id)
    except ValueError as error:
        raise SetupError(f"The key of {credential.email} cannot be read.") from error
    return signer
