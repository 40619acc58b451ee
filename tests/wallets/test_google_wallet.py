"""Google's wallet over real TLS against the emulator: upserts, refusals, links, turns."""

import json
import socketserver
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.auth import jwt

from service.domain.cards import CardStatus
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.errors import SetupError, StorageBusy
from service.domain.passes import PassContent, WalletName
from service.emulators.certificates import Authority
from service.emulators.control import utc_now
from service.emulators.google.emulator import GoogleEmulator
from service.wallets.google.clicks import Clicks
from service.wallets.google.client import GoogleAddresses
from service.wallets.google.content import class_id
from service.wallets.google.credential import read_key_file
from service.wallets.google.wallet import GoogleWallet
from service.wallets.interface import PushOutcome, PushResult, Turn
from tests.google import ISSUER, google_wallet, key_file

from .builders import a_balance, a_content, a_delivery, a_design
from .images import served
from .turns import NoTurns


@pytest.fixture(scope="module")
def design() -> Design:
    return a_design()


@pytest.fixture(scope="module")
def base_url(design: Design) -> Iterator[str]:
    with served(design) as url:
        yield url


@pytest.fixture
def google(authority: Authority) -> Iterator[GoogleEmulator]:
    with google_wallet(authority) as emulator:
        yield emulator


@pytest.fixture
def turns() -> NoTurns:
    return NoTurns()


@pytest.fixture
def new_wallet(
    google: GoogleEmulator, root_path: Path, turns: NoTurns
) -> Iterator[Callable[[], GoogleWallet]]:
    """Makes wallets as separate processes would have them."""
    credential = read_key_file(key_file(google), ISSUER)
    made = []

    def new() -> GoogleWallet:
        addresses = GoogleAddresses(
            google.api_url, google.token_url, google.save_url, str(root_path)
        )
        made.append(GoogleWallet(credential, addresses, turns, utc_now, Clicks()))
        return made[-1]

    yield new
    for each in made:
        each.close()


@pytest.fixture
def wallet(new_wallet: Callable[[], GoogleWallet]) -> GoogleWallet:
    return new_wallet()


@pytest.fixture
def content(base_url: str) -> PassContent:
    serial = f"{ISSUER}.{uuid4()}-g1"
    return a_content(
        type_id=ISSUER,
        serial=serial,
        program_id=uuid4(),
        authentication_token="",
        base_url=base_url,
    )


def owed(content: PassContent, design: Design, **changes: Any) -> Delivery:
    return a_delivery(
        "",
        wallet=WalletName.GOOGLE,
        type_id=ISSUER,
        device_id=None,
        content=content,
        design=design,
        **changes,
    )


def told(wallet: GoogleWallet, content: PassContent, design: Design) -> PushResult:
    (result,) = wallet.push([owed(content, design)])
    return result


def points(google: GoogleEmulator, content: PassContent) -> Any:
    view: Any = google.view(content.serial)
    return view["object"]["loyaltyPoints"]["balance"]["int"]


def calls(google: GoogleEmulator) -> list[tuple[str, str, int]]:
    return [
        (each.method, each.path.split("/")[3], each.status)
        for each in google.requests("/walletobjects")
    ]


def test_a_first_push_makes_class_and_object(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    result = told(wallet, content, design)

    assert result.outcome is PushOutcome.ACCEPTED, result.reason
    assert points(google, content) == 120
    assert calls(google) == [
        ("PATCH", "loyaltyClass", 404),
        ("POST", "loyaltyClass", 200),
        ("PATCH", "loyaltyObject", 404),
        ("POST", "loyaltyObject", 200),
    ]


def test_later_pushes_are_one_call_each(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    before = len(calls(google))

    told(wallet, replace(content, balances=(a_balance(150),)), design)

    assert points(google, content) == 150
    assert calls(google)[before:] == [("PATCH", "loyaltyObject", 200)]


def test_another_process_finds_class_and_object_again(
    new_wallet: Callable[[], GoogleWallet],
    google: GoogleEmulator,
    content: PassContent,
    design: Design,
) -> None:
    told(new_wallet(), content, design)
    before = len(calls(google))

    told(new_wallet(), replace(content, balances=(a_balance(7),)), design)

    assert points(google, content) == 7
    assert calls(google)[before:] == [
        ("PATCH", "loyaltyClass", 200),
        ("PATCH", "loyaltyObject", 200),
    ]


def test_a_new_design_reaches_the_class_once(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    redrawn = replace(design, background="rgb(1, 2, 3)")

    told(wallet, content, redrawn)
    told(wallet, content, redrawn)

    view: Any = google.view(content.serial)
    assert view["class"]["hexBackgroundColor"] == "#010203"
    assert [c[:2] for c in calls(google)].count(("PATCH", "loyaltyClass")) == 2


def test_a_block_takes_state_and_barcode_and_an_unblock_gives_them_back(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)

    told(wallet, replace(content, status=CardStatus.BLOCKED), design)
    blocked: Any = google.view(content.serial)
    told(wallet, content, design)
    again: Any = google.view(content.serial)

    assert blocked["object"]["state"] == "INACTIVE"
    assert "barcode" not in blocked["object"]
    assert again["object"]["state"] == "ACTIVE"
    assert again["object"]["barcode"]["value"] == content.barcode_message
    assert "textModulesData" not in again["object"] or again["object"]["textModulesData"] == []


def test_a_change_notifies_and_over_the_budget_it_goes_silently(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.save(wallet.offer(content, design).link)

    results = [
        told(wallet, replace(content, balances=(a_balance(amount),)), design)
        for amount in range(1, 6)
    ]

    view: Any = google.view(content.serial)
    assert {result.outcome for result in results} == {PushOutcome.ACCEPTED}
    assert points(google, content) == 5
    assert len(view["notifications"]) == 3
    refused = [each for each in google.requests("/walletobjects") if each.status == 403]
    assert len(refused) == 2


def test_a_block_does_not_notify(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.save(wallet.offer(content, design).link)

    blocked = replace(content, status=CardStatus.BLOCKED, is_concealed=True)
    told(wallet, blocked, design)

    view: Any = google.view(content.serial)
    assert view["notifications"] == []
    assert not any(
        "notifyPreference" in each.body  # type: ignore[operator]  # a JSON object
        for each in google.requests("/walletobjects")
        if each.method == "PATCH" and "Object" in each.path and each.status == 200
    )


def test_an_object_that_appeared_meanwhile_is_patched(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    newer = replace(content, balances=(a_balance(9),))
    missing = {"status": 404, "reason": "resourceNotFound", "times": 1}
    google.control({"respond": {content.serial: missing}})

    result = told(wallet, newer, design)

    assert result.outcome is PushOutcome.ACCEPTED
    assert points(google, content) == 9
    assert [status for _, _, status in calls(google)[-3:]] == [404, 409, 200]


def test_an_offer_never_overwrites_what_a_worker_told_meanwhile(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, replace(content, version=2, balances=(a_balance(500),)), design)

    offer = wallet.offer(content, design)

    assert points(google, content) == 500
    assert offer.link
    assert not offer.is_told


ANSWERS = [
    (400, "invalidResource", PushOutcome.REFUSED, []),
    (401, "authError", PushOutcome.REFUSED, [60.0]),
    (403, "permissionDenied", PushOutcome.REFUSED, [60.0]),
    (403, "rateLimitExceeded", PushOutcome.TRY_LATER, [2.0]),
    (429, "rateLimitExceeded", PushOutcome.TRY_LATER, [2.0]),
    (500, "backendError", PushOutcome.TRY_LATER, []),
    (503, "backendError", PushOutcome.TRY_LATER, []),
]


@pytest.mark.parametrize(("status", "reason", "outcome", "held"), ANSWERS)
def test_each_answer_of_google_has_its_consequence(
    wallet: GoogleWallet,
    google: GoogleEmulator,
    content: PassContent,
    design: Design,
    turns: NoTurns,
    status: int,
    reason: str,
    outcome: PushOutcome,
    held: list[float],
) -> None:
    told(wallet, content, design)
    other = replace(content, serial=f"{ISSUER}.{uuid4()}-g1")
    google.control({"respond": {content.serial: {"status": status, "reason": reason}}})

    result = told(wallet, content, design)
    meanwhile = wallet.check(utc_now())
    fine = told(wallet, other, design)

    assert result.outcome is outcome
    assert reason in (result.reason or "")
    assert turns.held == held
    assert bool(meanwhile) == (outcome is PushOutcome.REFUSED)
    assert fine.outcome is PushOutcome.ACCEPTED
    assert wallet.check(utc_now()) == []


def test_retry_after_is_honored(
    wallet: GoogleWallet,
    google: GoogleEmulator,
    content: PassContent,
    design: Design,
    turns: NoTurns,
) -> None:
    told(wallet, content, design)
    busy = {"status": 429, "reason": "rateLimitExceeded", "retry_after_s": 30}
    google.control({"respond": {content.serial: busy}})

    result = told(wallet, content, design)

    assert result.wait == timedelta(seconds=30)
    assert turns.held == [30.0]


def test_a_black_hole_costs_no_more_than_the_lease(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    google.control({"black_hole": True})
    started = time.monotonic()

    soon = utc_now() + timedelta(seconds=6)
    batch = [owed(content, design, leased_until=soon) for _ in range(3)]
    results = list(wallet.push(batch))

    google.control({"black_hole": False})
    assert time.monotonic() - started < 3
    assert {result.outcome for result in results} == {PushOutcome.TRY_LATER}


def test_a_delivery_whose_lease_is_nearly_over_is_not_begun(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    (result,) = wallet.push([owed(content, design, leased_until=utc_now())])

    assert result.outcome is PushOutcome.NOT_YET
    assert google.count == 0


def test_a_service_account_that_google_does_not_know_is_told_as_such(
    google: GoogleEmulator,
    authority: Authority,
    root_path: Path,
    content: PassContent,
    design: Design,
    turns: NoTurns,
) -> None:
    with google_wallet(authority) as elsewhere:
        credential = read_key_file(key_file(elsewhere), ISSUER)
    addresses = GoogleAddresses(google.api_url, google.token_url, google.save_url, str(root_path))
    unknown = GoogleWallet(credential, addresses, turns, utc_now, Clicks())

    result = told(unknown, content, design)
    unknown.close()

    assert result.outcome is PushOutcome.REFUSED
    assert "gives no access token: invalid_grant" in (result.reason or "")
    assert "eyJ" not in (result.reason or "")
    assert turns.held == [60.0]


def test_a_token_endpoint_out_of_order_is_tried_again(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.control({"token": 503})
    result = told(wallet, content, design)
    google.control({"token": None})

    assert result.outcome is PushOutcome.TRY_LATER
    assert told(wallet, content, design).outcome is PushOutcome.ACCEPTED


def test_a_balance_may_change_its_form(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)

    results = [
        told(wallet, replace(content, balances=(shown,)), design)
        for shown in (a_balance(2**40), a_balance(5, currency="EUR", decimals=2), a_balance(8))
    ]

    assert {result.outcome for result in results} == {PushOutcome.ACCEPTED}
    assert points(google, content) == 8


def test_an_unknown_authority_is_not_trusted(
    google: GoogleEmulator, content: PassContent, design: Design, turns: NoTurns
) -> None:
    credential = read_key_file(key_file(google), ISSUER)
    addresses = GoogleAddresses(google.api_url, google.token_url, google.save_url)
    stranger = GoogleWallet(credential, addresses, turns, utc_now, Clicks())

    result = told(stranger, content, design)
    stranger.close()

    assert result.outcome is PushOutcome.TRY_LATER
    assert google.count == 0


def test_an_image_that_google_cannot_fetch_is_told(
    wallet: GoogleWallet, content: PassContent, design: Design
) -> None:
    unreachable = replace(content, base_url="http://127.0.0.1:9")

    result = told(wallet, unreachable, design)

    assert result.outcome is PushOutcome.REFUSED
    assert "mage" in (result.reason or "")


def test_a_design_without_googles_logo_is_refused_and_touches_nobody_else(
    wallet: GoogleWallet, content: PassContent, design: Design
) -> None:
    plain = replace(design, images={"icon.png": design.images["icon.png"]})
    batch = [owed(content, plain), owed(content, design)]

    results = {result.delivery_id: result for result in wallet.push(batch)}

    assert results[batch[0].id].outcome is PushOutcome.REFUSED
    assert results[batch[1].id].outcome is PushOutcome.ACCEPTED


def test_the_first_offer_inserts_the_object_and_its_link_says_only_ids(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    offer = wallet.offer(content, design)
    claims = claims_of(offer.link)
    saved: Any = google.save(offer.link)

    assert offer.is_told
    assert len(offer.link.rpartition("/")[2]) < 1000
    assert claims["payload"] == {
        "loyaltyObjects": [{"id": content.serial, "classId": class_id(content)}]
    }
    assert (claims["aud"], claims["typ"]) == ("google", "savetowallet")
    assert saved["saved"] == 1
    assert saved["object"]["loyaltyPoints"]["balance"] == {"int": 120}


def test_a_link_to_what_google_keeps_needs_no_network(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    offer = wallet.offer(content, design, is_kept=True)

    assert claims_of(offer.link)["payload"]["loyaltyObjects"][0]["id"] == content.serial
    assert google.count == 0


def test_when_google_is_out_the_link_brings_the_pass_along(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, replace(content, serial=f"{ISSUER}.{uuid4()}-g1"), design)
    google.control({"respond": {"*": {"status": 503}}})

    offer = wallet.offer(content, design)
    google.control({"respond": {"*": None}})
    saved: Any = google.save(offer.link)

    assert not offer.is_told
    assert len(offer.link.rpartition("/")[2]) <= 1800
    assert saved["object"]["loyaltyPoints"]["balance"] == {"int": 120}
    assert saved["saved"] == 1


def test_when_google_is_out_and_the_class_unknown_there_is_no_link(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.control({"respond": {"*": {"status": 503}}})

    offer = wallet.offer(content, design)

    assert (offer.link, offer.is_told) == ("", False)


def test_a_refused_offer_gives_no_link(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.control({"respond": {"*": {"status": 403, "reason": "permissionDenied"}}})

    assert wallet.offer(content, design).link == ""
    assert "permissionDenied" in wallet.check(utc_now())[0]


def claims_of(link: str) -> Any:
    return jwt.decode(link.rpartition("/")[2], verify=False)


def test_a_customer_waits_no_longer_than_five_seconds(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.control({"black_hole": True})
    started = time.monotonic()

    offer = wallet.offer(content, design)

    google.control({"black_hole": False})
    assert time.monotonic() - started < 6
    assert not offer.is_told


@pytest.mark.parametrize(
    ("change", "issuer", "why"),
    [
        ({}, "not a number", "issuer id"),
        ({"type": "authorized_user"}, ISSUER, "service account"),
        ({"client_email": None}, ISSUER, "client_email"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\n"}, ISSUER, "cannot be read"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused_with_the_reason(
    google: GoogleEmulator, change: dict[str, Any], issuer: str, why: str
) -> None:
    content = json.dumps(json.loads(key_file(google)) | change).encode()

    with pytest.raises(SetupError, match=why):
        read_key_file(content, issuer)


def test_a_key_file_that_is_no_json_is_refused() -> None:
    with pytest.raises(SetupError, match="JSON"):
        read_key_file(b"\x00", ISSUER)


def test_the_first_batch_of_a_process_asks_about_the_class_once(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    batch = [owed(replace(content, serial=f"{ISSUER}.{uuid4()}-g1"), design) for _ in range(8)]

    results = list(wallet.push(batch))

    assert {each.outcome for each in results} == {PushOutcome.ACCEPTED}
    about_classes = [c for c in calls(google) if c[1] == "loyaltyClass"]
    assert about_classes == [("PATCH", "loyaltyClass", 404), ("POST", "loyaltyClass", 200)]


def test_a_class_that_appeared_meanwhile_is_brought_up_to_date(
    new_wallet: Callable[[], GoogleWallet],
    google: GoogleEmulator,
    content: PassContent,
    design: Design,
) -> None:
    told(new_wallet(), content, design)
    missing = {"status": 404, "reason": "resourceNotFound", "times": 1}
    google.control({"respond": {class_id(content): missing}})

    told(new_wallet(), content, replace(design, background="rgb(9, 9, 9)"))

    view: Any = google.view(content.serial)
    assert view["class"]["hexBackgroundColor"] == "#090909"


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_says_when_to_come_back_is_left_alone_until_then(
    wallet: GoogleWallet,
    google: GoogleEmulator,
    content: PassContent,
    design: Design,
    turns: NoTurns,
    status: int,
) -> None:
    told(wallet, content, design)
    google.control({"respond": {content.serial: {"status": status, "retry_after_s": 40}}})

    result = told(wallet, content, design)

    assert result.wait == timedelta(seconds=40)
    assert turns.held == [40.0]


def test_a_refused_token_is_replaced_once(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    once = {"status": 401, "reason": "authError", "times": 1}
    google.control({"respond": {content.serial: once}})
    tokens = len(google.requests("/token"))

    result = told(wallet, content, design)

    assert result.outcome is PushOutcome.ACCEPTED
    assert len(google.requests("/token")) == tokens + 1


def test_no_call_is_repeated_after_its_time(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    google.control({"respond": {content.serial: {"status": 401}}, "delay_s": 1.6})
    before = len(calls(google))

    until = utc_now() + timedelta(seconds=7)
    list(wallet.push([owed(content, design, leased_until=until)]))

    assert len(calls(google)) == before + 1


def test_a_slow_token_endpoint_takes_no_longer_than_a_customer_waits(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    google.control({"token": 503, "delay_s": 1.5})
    started = time.monotonic()

    offer = wallet.offer(content, design)

    assert not offer.link
    assert time.monotonic() - started < 4
    assert len(google.requests("/token")) == 1


def test_while_google_is_out_no_click_waits_for_it(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, replace(content, serial=f"{ISSUER}.{uuid4()}-g1"), design)
    google.control({"respond": {"*": {"status": 503}}})
    wallet.offer(content, design)
    before = google.count

    offer = wallet.offer(content, design)

    assert google.count == before
    assert offer.link
    assert not offer.is_told


def test_few_clicks_at_once_wait_for_google(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, replace(content, serial=f"{ISSUER}.{uuid4()}-g1"), design)
    google.control({"delay_s": 0.5})
    contents = [replace(content, serial=f"{ISSUER}.{uuid4()}-g1") for _ in range(12)]
    started = time.monotonic()

    with ThreadPoolExecutor(12) as pool:
        offers = list(pool.map(lambda each: wallet.offer(each, design), contents))

    assert time.monotonic() - started < 2
    assert sum(offer.is_told for offer in offers) == 4
    assert all(offer.link for offer in offers)


@dataclass
class BusyOnce(NoTurns):
    """Turns of a database that is too busy for the first call."""

    def take(self, type_id: str, at_most_s: float) -> Turn:
        if self.taken == 0:
            self.taken = 1
            raise StorageBusy("Other writers kept the database busy; try again.")
        return super().take(type_id, at_most_s)


def test_a_fault_of_ours_in_one_call_does_not_lose_the_others(
    google: GoogleEmulator, root_path: Path, content: PassContent, design: Design
) -> None:
    credential = read_key_file(key_file(google), ISSUER)
    addresses = GoogleAddresses(google.api_url, google.token_url, google.save_url, str(root_path))
    wallet = GoogleWallet(credential, addresses, BusyOnce(), utc_now, Clicks())
    batch = [owed(replace(content, serial=f"{ISSUER}.{uuid4()}-g1"), design) for _ in range(6)]

    results = list(wallet.push(batch))
    wallet.close()

    assert {each.delivery_id for each in results} == {each.id for each in batch}
    assert [each.outcome for each in results].count(PushOutcome.ACCEPTED) == 5
    (failed,) = [each for each in results if each.outcome is PushOutcome.TRY_LATER]
    assert failed.reason == "our fault: StorageBusy"


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"[]", b"null", b'{"access_token":"x","expires_in":"soon"}']
)
def test_what_is_no_token_is_tried_again_later(
    google: GoogleEmulator,
    authority: Authority,
    root_path: Path,
    content: PassContent,
    design: Design,
    turns: NoTurns,
    body: bytes,
) -> None:
    credential = read_key_file(key_file(google), ISSUER)
    with answering(authority, body) as token_url:
        addresses = GoogleAddresses(google.api_url, token_url, google.save_url, str(root_path))
        wallet = GoogleWallet(credential, addresses, turns, utc_now, Clicks())
        result = told(wallet, content, design)
        offer = wallet.offer(content, design)
        wallet.close()

    assert result.outcome is PushOutcome.TRY_LATER
    assert (offer.link, offer.is_told) == ("", False)


@contextmanager
def answering(authority: Authority, body: bytes) -> Iterator[str]:
    """Run a TLS server that answers every request with this body and 200."""

    def answer(tls: ssl.SSLSocket, stopping: threading.Event) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        tls.sendall(head.encode() + body)

    with tls_server(authority, answer) as url:
        yield url


@contextmanager
def dripping(authority: Authority) -> Iterator[str]:
    """Run a TLS server that begins a good answer and goes on by one byte every 50 ms."""

    def drip(tls: ssl.SSLSocket, stopping: threading.Event) -> None:
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stopping.wait(0.05):
            tls.sendall(b" ")

    with tls_server(authority, drip) as url:
        yield url


@contextmanager
def tls_server(
    authority: Authority, answer: Callable[[ssl.SSLSocket, threading.Event], None]
) -> Iterator[str]:
    issued = authority.server_certificate(["127.0.0.1"], now=utc_now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(issued.certificate_pem + issued.key_pem)
        chain.flush()
        context.load_cert_chain(chain.name)
    stopping = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as tls:
                tls.recv(65536)
                answer(tls, stopping)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        threading.Thread(target=server.serve_forever).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        stopping.set()
        server.shutdown()


def test_an_answer_that_drips_is_given_up_in_time(
    google: GoogleEmulator,
    authority: Authority,
    root_path: Path,
    content: PassContent,
    design: Design,
    turns: NoTurns,
) -> None:
    credential = read_key_file(key_file(google), ISSUER)
    with dripping(authority) as api_url:
        addresses = GoogleAddresses(api_url, google.token_url, google.save_url, str(root_path))
        slow = GoogleWallet(credential, addresses, turns, utc_now, Clicks())
        started = time.monotonic()

        (result,) = slow.push(
            [owed(content, design, leased_until=utc_now() + timedelta(seconds=6.5))]
        )
        lasted_s = time.monotonic() - started
        slow.close()

    assert result.outcome in (PushOutcome.TRY_LATER, PushOutcome.NOT_YET)
    assert lasted_s < 2.5


def test_closing_ends_what_waits_and_leaves_nothing_hanging(
    wallet: GoogleWallet, google: GoogleEmulator, content: PassContent, design: Design
) -> None:
    told(wallet, content, design)
    google.control({"delay_s": 0.3})
    results = []
    pushing = threading.Thread(
        target=lambda: results.extend(wallet.push([owed(content, design) for _ in range(15)]))
    )
    started = time.monotonic()
    pushing.start()
    while google.count < 6:
        time.sleep(0.01)

    wallet.close()
    pushing.join(10)
    after = list(wallet.push([owed(content, design)]))

    assert time.monotonic() - started < 3
    assert len(results) == 15
    assert {each.outcome for each in results} == {PushOutcome.ACCEPTED, PushOutcome.NOT_YET}
    assert [each.outcome for each in after] == [PushOutcome.NOT_YET]
    assert not [each for each in threading.enumerate() if each.name.startswith("google_")]
