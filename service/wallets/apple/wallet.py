"""Apple Wallet behind the three verbs: a signed pass, a push per phone, a check of the set-up."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.credentials import AppleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.errors import SetupError
from service.domain.passes import PassContent
from service.wallets.apple.answers import (
    NO_ANSWER,
    OK,
    UNREGISTERED,
    Verdict,
    is_doubtful,
    refused_as_a_whole,
    verdict,
)
from service.wallets.apple.bundle import PreparedDesign
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.content import pass_json
from service.wallets.apple.request import ApnsAnswer
from service.wallets.apple.signing import Signer
from service.wallets.interface import Offer, PushOutcome, PushResult

JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
DESIGNS_KEPT = 64  # each is about as large as its images
PROOF = frozenset({OK, UNREGISTERED})  # server, certificate and topic are the right ones


class AppleWallet:
    """One brand's passes of one Pass Type ID. Safe to use from several threads."""

    def __init__(
        self,
        credential: AppleCredential,
        apns_url: str,
        apns_ca_path: str | None,
        now: Callable[[], datetime],
    ) -> None:
        """Read and check the credential; the network is used only by `push`.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """
        self._credential = credential
        self._signer = Signer(credential)
        self._client = ApnsClient(
            apns_url,
            self._signer.chain_pem,
            credential.private_key_pem,
            topic=credential.type_id,
            ca_path=apns_ca_path,
            now=now,
        )
        self._designs = _PreparedDesigns()
        self._is_proven = False
        self._push_fault: str | None = None

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return the signed `.pkpass`; Apple keeps none, so it is the same for every click.

        Raises:
            InvalidInput: the design has a file no pass can hold.
            SetupError: the pass belongs to another Pass Type ID than the certificate.
        """
        if content.type_id != self._credential.type_id:
            raise SetupError(
                f"The pass is of {content.type_id}, but the certificate signs "
                f"{self._credential.type_id}: phones would refuse it."
            )
        drawn = pass_json(content, design, self._credential.team_id)
        encoded = JSON.encode(drawn).encode()
        return Offer(file=self._designs.get(design).build(encoded, self._signer.sign))

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

    def check(self, now: datetime) -> list[str]:
        """Return the faults of the certificates, and of the last pushes; empty when well."""
        return self._signer.faults(now) + ([self._push_fault] if self._push_fault else [])

    def close(self) -> None:
        """Close the connection to APNs."""
        self._client.close()

    def _noted(self, answer: ApnsAnswer, judged: Verdict) -> Verdict:
        """Remember what an answer tells about our set-up."""
        type_id, words = self._credential.type_id, judged.reason
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


class _PreparedDesigns:
    """The designs used last, prepared. A design never changes, so its id says it all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[UUID, PreparedDesign] = OrderedDict()

    def get(self, design: Design) -> PreparedDesign:
        with self._lock:
            prepared = self._kept.pop(design.id, None) or PreparedDesign(design)
            self._kept[design.id] = prepared
            if len(self._kept) > DESIGNS_KEPT:
                self._kept.popitem(last=False)
        return prepared
