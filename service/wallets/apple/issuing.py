"""Makes the signed `.pkpass` of a card; designs are prepared once."""

import json
import threading
from collections import OrderedDict
from uuid import UUID

from service.domain.credentials import AppleCredential
from service.domain.designs import Design
from service.domain.errors import SetupError
from service.domain.passes import PassContent
from service.wallets.apple.bundle import PreparedDesign
from service.wallets.apple.certificates import Identity
from service.wallets.apple.content import pass_json
from service.wallets.apple.signing import Signer

JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
DESIGNS_KEPT = 64  # each is about as large as its images


class Issuer:
    """Makes the passes of one Pass Type ID. Safe to use from several threads."""

    def __init__(self, credential: AppleCredential, identity: Identity) -> None:
        self._type_id = credential.type_id
        self._team_id = credential.team_id
        self._signer = Signer(identity)
        self._designs = _PreparedDesigns()

    def issue(self, content: PassContent, design: Design) -> bytes:
        """Return the signed `.pkpass`.

        Raises:
            InvalidInput: the design has a file no pass can hold.
            SetupError: the pass belongs to another Pass Type ID than the certificate.
        """
        if content.type_id != self._type_id:
            raise SetupError(
                f"The pass is of {content.type_id}, but the certificate signs "
                f"{self._type_id}: phones would refuse it."
            )
        encoded = JSON.encode(pass_json(content, design, self._team_id)).encode()
        return self._designs.get(design).build(encoded, self._signer.sign)


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
