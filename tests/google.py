"""Google's side in tests: the emulator, and behind it Google's own discovery document.

Whatever reached the emulator is checked when the test ends: a body that Google would not take fails
the test that sent it, whatever else the test is about.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from service.emulators.certificates import Authority
from service.emulators.google.desk import Seen
from service.emulators.google.emulator import GoogleEmulator
from tests.discovery import faults

ISSUER = "3388000000022222222"
SCHEMAS = {"loyaltyClass": "LoyaltyClass", "loyaltyObject": "LoyaltyObject"}


@contextmanager
def google_wallet(authority: Authority) -> Iterator[GoogleEmulator]:
    """Run an emulator; at the end every body that it was sent must be good."""
    with GoogleEmulator(authority) as emulator:
        yield emulator
        check_bodies(emulator)


def check_bodies(emulator: GoogleEmulator) -> None:
    """Hold every body that was sent against Google's discovery document."""
    sent = [each for each in emulator.requests("/walletobjects") if each.method != "GET"]
    found = [fault for each in sent for fault in _faults(each)]
    assert found == []


def _faults(seen: Seen) -> list[str]:
    kind = seen.path.split("/")[3]
    return faults(SCHEMAS[kind], seen.body, is_patch=seen.method == "PATCH")


def key_file(emulator: GoogleEmulator, issuer_id: str = ISSUER) -> bytes:
    return json.dumps(emulator.service_account(issuer_id)).encode()


def settings_for(emulator: GoogleEmulator) -> dict[str, Any]:
    """Return the settings that lead to the emulator; its authority's file is the caller's."""
    return {
        "google_api_url": emulator.api_url,
        "google_token_url": emulator.token_url,
        "google_save_url": emulator.save_url,
    }
