"""Pushes to the phones of a lease batch, and judges what APNs says."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from service.domain.credentials import AppleCredential
from service.domain.deliveries import Delivery
from service.wallets.apple.answers import (
    NO_ANSWER,
    OK,
    UNREGISTERED,
    Verdict,
    is_doubtful,
    refused_as_a_whole,
    verdict,
)
from service.wallets.apple.certificates import Identity
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.request import ApnsAnswer
from service.wallets.interface import PushOutcome, PushResult

PROOF = frozenset({OK, UNREGISTERED})  # server, certificate and topic are the right ones


class Pusher:
    """Pushes for one Pass Type ID. Safe to use from several threads."""

    def __init__(
        self,
        credential: AppleCredential,
        identity: Identity,
        apns_url: str,
        apns_ca_path: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._type_id = credential.type_id
        self._client = ApnsClient(
            apns_url,
            identity.chain_pem,
            credential.private_key_pem,
            topic=credential.type_id,
            ca_path=apns_ca_path,
            now=now,
        )
        self._is_proven = False
        self._push_fault: str | None = None

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Push once to each phone of the batch; yield a result for every delivery.

        Words that a token is bad are held back to the end: until one answer has proved that server,
        certificate and topic are right, the fault is ours and no registration may be lost for it.
        """
        owed: dict[str, list[Delivery]] = {}
        for delivery in batch:
            owed.setdefault(delivery.push_token, []).append(delivery)
        doubtful = []
        for answer in self._client.push(owed):
            if is_doubtful(answer):
                doubtful.append(answer)
                continue
            yield from _results(owed[answer.token], self._noted(answer, verdict(answer)))
        judge = verdict if self._is_proven else refused_as_a_whole
        for answer in doubtful:
            yield from _results(owed[answer.token], self._noted(answer, judge(answer)))

    def faults(self) -> list[str]:
        """Return what the last pushes tell about our set-up; empty when well."""
        return [self._push_fault] if self._push_fault else []

    def close(self) -> None:
        """Close the connection to APNs."""
        self._client.close()

    def _noted(self, answer: ApnsAnswer, judged: Verdict) -> Verdict:
        """Remember what an answer tells about our set-up."""
        type_id, words = self._type_id, judged.reason
        if judged.outcome is PushOutcome.REFUSED:
            self._push_fault = f"APNs refuses pushes of {type_id}: {answer.status} {words}."
        elif answer.status == NO_ANSWER:
            self._push_fault = f"APNs did not answer the last push of {type_id}: {words}."
        elif answer.status in PROOF:
            self._push_fault, self._is_proven = None, True
        return judged


def _results(deliveries: Sequence[Delivery], judged: Verdict) -> Iterator[PushResult]:
    for delivery in deliveries:
        yield PushResult(delivery_id=delivery.id, **judged._asdict())
