"""Pushes to the phones of a lease batch, and judges what APNs says."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from service.domain.credentials import AppleCredential
from service.domain.deliveries import Delivery
from service.wallets.apple.answers import (
    EXPIRED,
    PROOFS,
    REFUSALS,
    Kind,
    Verdict,
    kind_of,
    refusal,
    verdict,
)
from service.wallets.apple.certificates import Identity
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.proof import Proof
from service.wallets.apple.push_tokens import PushTokens
from service.wallets.apple.request import NO_ANSWER, NOT_SENT, ApnsAnswer
from service.wallets.interface import PushResult


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
        """Prepare; the network is used only by `push`.

        Raises:
            SetupError: the push key cannot be used.
        """
        self._type_id = credential.type_id
        self._tokens = PushTokens(credential.push_key, now) if credential.push_key else None
        self._client = ApnsClient(
            apns_url,
            identity.chain_pem,
            credential.private_key_pem,
            topic=credential.type_id,
            ca_path=apns_ca_path,
            now=now,
            tokens=self._tokens,
        )
        self._proof = Proof(now)
        self._silence: str | None = None

    @property
    def is_resting(self) -> bool:
        """Say whether nobody can be called from here now."""
        return self._client.is_resting

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Push once to each phone of the batch; yield a result for every delivery.

        Refusals are held back to the end: a phone that was reached shows that they concern single
        phones. Without one, the fault may be ours, and no registration may be lost for it.
        """
        owed: dict[str, list[Delivery]] = {}
        for delivery in batch:
            owed.setdefault(delivery.push_token, []).append(delivery)
        if any(delivery.is_probe for delivery in batch):
            self._proof.forget()
        hearing = Hearing()
        for answer in self._answers(owed, hearing):
            yield from _results(owed[answer.token], verdict(answer))
        yield from self._judged(hearing, owed)

    def faults(self) -> list[str]:
        """Return what the last push tells of the way to APNs; empty when well."""
        return [self._silence] if self._silence else []

    def close(self) -> None:
        """Close the connection to APNs."""
        self._client.close()

    def _answers(self, tokens: Iterable[str], hearing: "Hearing") -> Iterator[ApnsAnswer]:
        """Push to every token; yield the answers, while refusals go to the hearing."""
        expired: list[str] = []
        for answer in self._client.push(tokens, hearing.stops):
            if self._tokens and (answer.reason == EXPIRED or (expired and _is_unsent(answer))):
                expired.append(answer.token)
            elif self._noted(answer, hearing):
                yield answer
        if expired and self._tokens:
            self._tokens.renew()
            for answer in self._client.push(expired, hearing.stops):
                if self._noted(answer, hearing):
                    yield answer

    def _noted(self, answer: ApnsAnswer, hearing: "Hearing") -> bool:
        """Remember what an answer proves; say whether it can be judged at once."""
        kind = kind_of(answer)
        if answer.status == NO_ANSWER:
            self._silence = f"APNs did not answer a push of {self._type_id}: {answer.reason}."
        elif kind is not Kind.UNCALLED:
            self._silence = None
        if kind in PROOFS:
            hearing.is_proven = True
            self._proof.note()
        if kind in REFUSALS:
            hearing.refused.append(answer)
        return kind not in REFUSALS

    def _judged(self, hearing: "Hearing", owed: dict[str, list[Delivery]]) -> Iterator[PushResult]:
        if not hearing.refused:
            return
        refused = [answer.token for answer in hearing.refused]
        trust = self._proof.trust(refused, is_proven_here=hearing.is_proven)
        for answer in hearing.refused:
            for delivery in owed[answer.token]:
                yield from _results([delivery], refusal(answer, trust, delivery.attempts))


class Hearing:
    """What one batch has told so far: whether a phone was reached, and whose push was refused."""

    def __init__(self) -> None:
        self.is_proven = False
        self.refused: list[ApnsAnswer] = []

    def stops(self, answer: ApnsAnswer) -> bool:
        """Say whether an answer makes further pushes of the batch pointless."""
        return kind_of(answer) is Kind.SET_UP and not self.is_proven


def _is_unsent(answer: ApnsAnswer) -> bool:
    return answer.status == NOT_SENT


def _results(deliveries: Sequence[Delivery], judged: Verdict) -> Iterator[PushResult]:
    for delivery in deliveries:
        yield PushResult(delivery_id=delivery.id, **judged._asdict())
