"""edutap.wallet_apple: its `new`, `sign_direct` and zip, with key and certificates in memory."""

import io
from pathlib import Path

from edutap.wallet_apple import api

from bench.peers.turns import Design, take_turns

design = Design.given()
signers = [Path(path).read_bytes() for path in (design.key, design.certificate, design.wwdr)]


def build() -> bytes:
    made = api.new(data=design.content)
    for name, content in design.files.items():
        made._add_file(name, io.BytesIO(content))  # it has no public way
    made.sign_direct(*signers)
    packed: bytes = made.as_zip_bytesio().getvalue()
    return packed


take_turns(build)
