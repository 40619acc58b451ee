"""What a pass says: `pass.json`. Pure; nothing is signed or packed here.

Sources: docs/sources.md, a-1 (keys), a-8 (iOS 27) and a-10 (NFC).

Every localizable text (label, change message, text, status) is a key of the design's strings.
Those keys have a dot in them and a fixed first word (`label.`, `status.` ...), so that a member
or a tier is not called like one by accident; who does it on purpose only changes their own card.
"""

from collections.abc import Mapping

from pydantic_core import to_json

from service.domain.cards import CardStatus
from service.domain.designs import Design
from service.domain.errors import SetupError
from service.domain.passes import PassContent
from service.wallets.apple.extras import enrollment_files, with_links
from service.wallets.apple.faces import faces
from service.wallets.apple.models.barcodes import barcodes
from service.wallets.apple.models.dates import instant
from service.wallets.apple.models.nfc import Nfc, NfcJson
from service.wallets.apple.models.semantics import SemanticsJson, money
from service.wallets.apple.models.top_level import IdentityJson, LifeJson, WebServiceJson
from service.wallets.apple.options import apple_options
from service.wallets.apple.text import plain

USABLE = frozenset({CardStatus.ACTIVE, CardStatus.INACTIVE})


class PreparedContent:
    """What all passes of a design say, prepared once. Immutable: any thread may write with it.

    `design` is the design whose files they are packed with, `enrollment_files` are those that a
    pass has besides if it asks its holder to sign up.
    """

    def __init__(self, design: Design, team_id: str, *, is_nfc: bool = False) -> None:
        """Prepare the design. `is_nfc`: the certificate that signs its passes carries NFC.

        Raises:
            InvalidInput: an option of the design cannot be used.
            SetupError: the design uses NFC, and the certificate has none.
        """
        options = apple_options(design)
        if options.of_pass.nfc is not None and not is_nfc:
            raise SetupError(
                f"The design {design.name} uses NFC, and the certificate carries none: phones "
                "would refuse the pass. Ask Apple for a certificate with NFC and import it, or "
                "take apple.nfc out of the design."
            )
        self._team_id = team_id
        self._options = options.of_pass
        self._faces = faces(design, options)
        self.design = with_links(design, options)
        self.enrollment_files = enrollment_files(design, options)
        self._same: Mapping[str, object] = {
            "backgroundColor": design.background,
            "foregroundColor": design.foreground,
            "labelColor": design.label,
            **options.of_pass.as_json(),
        }
        self._invitations = options.of_pass.invitations()

    def pass_json(self, content: PassContent) -> bytes:
        """Return the `pass.json` of one card."""
        written: dict[str, object] = {
            **_identity(content, self._team_id),
            **self._same,
            **_life(content),
            **self._use(content),
            **self._meaning(content),
            **_web_service(content),
        }
        for style, face in self._faces.items():
            written[style] = face.drawn(content)
        return to_json(written)

    def _use(self, content: PassContent) -> Mapping[str, object]:
        """Return what tills and terminals read, and what invites there.

        A card that may not be used has none of it.
        """
        if content.status not in USABLE:
            return {}
        message, number = content.barcode_message, plain(content.card_number)
        used = {**barcodes(content.barcode_format, message, number), **self._invitations}
        if self._options.nfc is not None:
            used["nfc"] = _nfc(self._options.nfc, content)
        return used

    def _meaning(self, content: PassContent) -> dict[str, SemanticsJson]:
        if not self._options.semantics or content.is_concealed:
            return {}
        meaning: SemanticsJson = {
            "membershipProgramName": plain(content.program_name),
            "membershipProgramNumber": content.card_number,
        }
        for shown in content.balances:
            type = shown.type
            if type.currency is not None and self._options.style == "storeCard":
                paid = money(shown.balance.amount, type.decimals, type.currency)
                return {"semantics": {**meaning, "balance": paid}}
        return {"semantics": meaning}

    def asks_to_enroll(self, content: PassContent) -> bool:
        """Say whether Wallet is to ask the holder to sign up: nobody's card, and good to use.

        The pass that takes its place after that may not ask again (docs/sources.md, a-10).
        """
        return bool(self.enrollment_files) and content.is_anonymous and content.status in USABLE


def _identity(content: PassContent, team_id: str) -> IdentityJson:
    brand, program = plain(content.brand_name), plain(content.program_name)
    return {
        "formatVersion": 1,
        "passTypeIdentifier": content.type_id,
        "teamIdentifier": team_id,
        "serialNumber": content.serial,
        "organizationName": brand,
        "description": f"{program}, {brand}",
        "logoText": program,
    }


def _life(content: PassContent) -> LifeJson:
    """Say whether the card may be used; one that may not looks void.

    There is no remote delete: the phone moves a void pass to its expired ones.
    """
    life: LifeJson = {}
    if content.expires_at is not None:
        life["expirationDate"] = instant(content.expires_at)
    if content.status not in USABLE:
        life["voided"] = True
    return life


def _web_service(content: PassContent) -> WebServiceJson:
    return {
        "webServiceURL": f"{content.base_url}/apple",
        "authenticationToken": content.authentication_token,
    }


def _nfc(nfc: Nfc, content: PassContent) -> NfcJson:
    reads = {"card_number": content.card_number, "barcode": content.barcode_message}
    return {
        "message": reads[nfc.message],
        "encryptionPublicKey": nfc.encryption_public_key,
        "requiresAuthentication": nfc.requires_authentication,
    }
