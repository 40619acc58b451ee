"""Makes the signed `.pkpass` of a card: what is the same as last time is not made again."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from service.domain.credentials import AppleCredential
from service.domain.designs import Design
from service.domain.enrollment import TOKEN
from service.domain.errors import InvalidInput, SetupError
from service.domain.passes import PassContent
from service.wallets.apple.bundle import PreparedDesign, SignedPart
from service.wallets.apple.certificates import Identity
from service.wallets.apple.content import PreparedContent
from service.wallets.apple.kept import FOR_EVER, Kept
from service.wallets.apple.signing import Signer
from service.wallets.apple.stamps import stamps_shown

DESIGNS_KEPT = 256  # each is about as large as the images of one card
PASSES_KEPT = 4_000  # about 8 kB each: the images are kept with the design
# A phone is not to be given a signature from long ago, nor one from before a renewal.
SIGNATURE_GOOD_FOR = timedelta(hours=1)
Key = tuple[Hashable, ...]


class Stock:
    """What the issuers of a process keep: it is bounded together, however many brands there are."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        # A design never changes, so its id says it all.
        self.contents = Kept[Key, PreparedContent](DESIGNS_KEPT, FOR_EVER, now)
        self.designs = Kept[Key, PreparedDesign](DESIGNS_KEPT, FOR_EVER, now)
        self.signed = Kept[Key, SignedPart](PASSES_KEPT, SIGNATURE_GOOD_FOR, now)


class Issuer:
    """Makes the passes of one Pass Type ID. Safe to use from several threads."""

    def __init__(
        self,
        credential: AppleCredential,
        identity: Identity,
        now: Callable[[], datetime],
        stock: Stock | None = None,
    ) -> None:
        """Take part in `stock`, or in one of its own."""
        self._type_id = credential.type_id
        self._team_id = credential.team_id
        self._is_nfc = credential.is_nfc
        self._signer = Signer(identity, now)
        self._stock = stock or Stock(now)
        self._own = object()  # in every key: no issuer finds what another one made

    def issue(self, content: PassContent, design: Design) -> bytes:
        """Return the signed `.pkpass`.

        The same `pass.json` in the same design is signed once in an hour, however many ask for it.

        Raises:
            InvalidInput: the design has a file no pass can hold, or an option of no use.
            SetupError: the pass belongs to another Pass Type ID than the certificate, or the design
                needs a certificate with NFC.
        """
        if content.type_id != self._type_id:
            raise SetupError(
                f"The pass is of {content.type_id}, but the certificate signs "
                f"{self._type_id}: phones would refuse it."
            )
        contents = self._stock.contents.get((self._own, design.id), lambda: self._content(design))
        said = contents.pass_json(content)
        extra = contents.enrollment_files if contents.asks_to_enroll(content) else {}
        stamps = stamps_shown(content, design)
        prepared = self._stock.designs.get(
            (contents, stamps, *extra), lambda: PreparedDesign(contents.design, extra, stamps)
        )
        # Not by version: time, brand and program change what a pass says too. So the key is all
        # that a phone could tell apart.
        signed = self._stock.signed.get(
            (prepared, said), lambda: prepared.signed(said, self._signer.sign)
        )
        return prepared.packed(signed)

    def vouch(self, token: bytes) -> bytes:
        """Return the detached signature of a sign-up's token (docs/sources.md, a-10).

        Raises:
            InvalidInput: it may be something else: whoever has the signature of a manifest has a
                pass of the brand's that we never made.
        """
        if not TOKEN.fullmatch(token.decode(errors="replace")):
            raise InvalidInput("This is no token of a sign-up.")
        return self._signer.sign(token)

    def _content(self, design: Design) -> PreparedContent:
        return PreparedContent(design, self._team_id, is_nfc=self._is_nfc)
