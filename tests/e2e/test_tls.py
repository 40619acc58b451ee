"""The main flow over https, as real phones need it."""

import shutil
from pathlib import Path

from service.emulators.certificates import Authority
from tests.e2e.conftest import EMBEDDED, Installation
from tests.e2e.deployment import Deployment, free_port, until
from tests.e2e.tls import TlsProxy


def test_a_phone_follows_over_tls(
    embedded: Installation, tmp_path: Path, authority: Authority
) -> None:
    shutil.copy(embedded.folder / "master.key", tmp_path)
    port = free_port()
    with TlsProxy(authority, tmp_path, port) as proxy:
        deployment = Deployment(
            tmp_path,
            embedded.copy(tmp_path),
            EMBEDDED,
            authority,
            embedded.access,
            base_url=f"https://localhost:{proxy.port}",
            port=port,
        )
        try:
            deployment.start()
            card = deployment.card("m-1", points=1)
            phone = deployment.new_phone(card)

            deployment.webhook("e-1", {"card_number": card["number"], "set": 2})

            assert card["links"]["apple"].startswith("https://localhost:")
            until(lambda: deployment.points_on(phone) == "2")
        finally:
            deployment.close()
