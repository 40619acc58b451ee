"""Which device gets which wallets, as tables."""

import pytest
from werkzeug.datastructures import Headers

from service.customer.devices import WALLETS, Device, device_of, is_inside_app, layout
from service.domain.passes import WalletName
from tests.customer import agents

AGENTS = [
    (agents.IPHONE, Device.APPLE_MOBILE),
    (agents.IPAD, Device.APPLE_MOBILE),
    (agents.WATCH, Device.APPLE_MOBILE),
    (agents.IPHONE_CHROME, Device.APPLE_MOBILE),
    (agents.IPHONE_FIREFOX, Device.APPLE_MOBILE),
    (agents.INSIDE_APP, Device.APPLE_MOBILE),
    (agents.ANDROID, Device.ANDROID),
    (agents.MAC, Device.MAC),
    (agents.WINDOWS, Device.DESKTOP),
    (agents.LINUX, Device.DESKTOP),
    (agents.CHROMEBOOK, Device.DESKTOP),
    (agents.UNHEARD_OF, Device.UNKNOWN),
    ("", Device.UNKNOWN),
]
HINTS = [
    (
        agents.LINUX,
        '"Android"',
        "?0",
        Device.ANDROID,
    ),  # an Android phone that asks for desktop pages
    (agents.LINUX, '"Linux"', "?1", Device.UNKNOWN),
    (agents.LINUX, '"Linux"', "?0", Device.DESKTOP),
    (agents.IPHONE, '"Linux"', "?0", Device.APPLE_MOBILE),  # a testing tool, as the next two
    (agents.ANDROID, '"Linux"', "?0", Device.ANDROID),
    (agents.MAC, '"Linux"', "?0", Device.MAC),
    (agents.UNHEARD_OF, '"Android"', "?1", Device.ANDROID),
    (agents.UNHEARD_OF, '"iOS"', "?1", Device.APPLE_MOBILE),
    (agents.UNHEARD_OF, '"macOS"', "?0", Device.MAC),
    (agents.UNHEARD_OF, '"Windows"', "?0", Device.DESKTOP),
    (agents.UNHEARD_OF, '"Chrome OS"', "?0", Device.DESKTOP),
    (agents.UNHEARD_OF, '"Fuchsia"', "?0", Device.UNKNOWN),
    (agents.WINDOWS, '"', "x", Device.DESKTOP),
]
A, G = WalletName.APPLE, WalletName.GOOGLE
LAYOUTS = [
    # device, offered, buttons, quiet links, QR code
    (Device.APPLE_MOBILE, {A, G}, (A,), (), False),
    (Device.APPLE_MOBILE, {A}, (A,), (), False),
    (Device.APPLE_MOBILE, {G}, (), (G,), False),
    (Device.ANDROID, {A, G}, (G,), (A,), False),
    (Device.ANDROID, {A}, (), (A,), False),
    (Device.ANDROID, {G}, (G,), (), False),
    (Device.MAC, {A, G}, (A,), (G,), True),
    (Device.MAC, {A}, (A,), (), True),
    (Device.MAC, {G}, (), (G,), True),
    (Device.DESKTOP, {A, G}, (), (A, G), True),
    (Device.DESKTOP, {A}, (), (A,), True),
    (Device.DESKTOP, {G}, (), (G,), True),
    (Device.UNKNOWN, {A, G}, (A, G), (), True),
    (Device.UNKNOWN, {A}, (A,), (), True),
    (Device.UNKNOWN, {G}, (G,), (), True),
]


@pytest.mark.parametrize(("agent", "device"), AGENTS)
def test_a_device_is_known_by_its_user_agent(agent: str, device: Device) -> None:
    assert device_of(Headers({"User-Agent": agent})) is device


@pytest.mark.parametrize(("agent", "platform", "mobile", "device"), HINTS)
def test_client_hints_tell_of_phones_that_hide_and_of_what_the_user_agent_leaves_out(
    agent: str, platform: str, mobile: str, device: Device
) -> None:
    headers = Headers(
        {"user-agent": agent, "sec-ch-ua-platform": platform, "sec-ch-ua-mobile": mobile}
    )

    assert device_of(headers) is device


@pytest.mark.parametrize(("device", "offered", "buttons", "quiet", "has_qr"), LAYOUTS)
def test_a_device_is_shown_its_own_wallet_first_and_only_what_is_offered(
    device: Device,
    offered: set[WalletName],
    buttons: tuple[WalletName, ...],
    quiet: tuple[WalletName, ...],
    has_qr: bool,
) -> None:
    shown = layout(device, offered)

    assert (shown.buttons, shown.quiet, shown.has_qr) == (buttons, quiet, has_qr)


@pytest.mark.parametrize("device", Device)
def test_nothing_is_shown_of_a_card_that_no_wallet_takes(device: Device) -> None:
    shown = layout(device, set())

    assert (shown.buttons, shown.quiet, shown.has_qr) == ((), (), False)


@pytest.mark.parametrize("device", Device)
def test_every_wallet_that_is_offered_can_be_reached_from_any_other_device(device: Device) -> None:
    shown = layout(device, WALLETS)

    reached = set(shown.buttons) | set(shown.quiet)
    assert reached == set(WALLETS) or device is Device.APPLE_MOBILE  # it has no Google Wallet


@pytest.mark.parametrize("agent", agents.INSIDE_APPS)
def test_an_app_that_shows_the_page_itself_is_told_of_safari(agent: str) -> None:
    headers = Headers({"User-Agent": agent})

    assert is_inside_app(headers)
    assert device_of(headers) is Device.APPLE_MOBILE


@pytest.mark.parametrize(
    "agent",
    [
        *(agents.IPHONE, agents.IPHONE_CHROME, agents.IPHONE_FIREFOX, agents.IPHONE_EDGE),
        *(agents.IPAD, agents.WATCH, agents.MAC, agents.ANDROID, agents.WINDOWS, ""),
        f"{agents.ANDROID} [FB_IAB/FB4A;FBAV/468.0.0.36]",
    ],
)
def test_a_browser_is_not_sent_to_another_one(agent: str) -> None:
    assert not is_inside_app(Headers({"User-Agent": agent}))
