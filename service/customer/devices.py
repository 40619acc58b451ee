"""Which wallets a visitor's device is shown, and how: as buttons, as links, by a QR code."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import Headers

from service.domain.passes import WalletName

WALLETS = tuple(WalletName)
# The headers that decide; a cache must keep answers to different ones apart.
HEADERS = ("User-Agent", "Sec-CH-UA-Platform", "Sec-CH-UA-Mobile")


class Device(StrEnum):
    APPLE_MOBILE = "apple_mobile"  # iPhone, iPad, Apple Watch
    ANDROID = "android"
    MAC = "mac"  # or an iPad, which calls itself Macintosh
    DESKTOP = "desktop"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Layout:
    """Wallets as large buttons, wallets as quiet links, and whether a QR code is shown."""

    buttons: tuple[WalletName, ...]
    quiet: tuple[WalletName, ...]
    has_qr: bool


LAYOUTS = {
    Device.APPLE_MOBILE: Layout((WalletName.APPLE,), (), has_qr=False),
    Device.ANDROID: Layout((WalletName.GOOGLE,), (WalletName.APPLE,), has_qr=False),
    Device.MAC: Layout((WalletName.APPLE,), (WalletName.GOOGLE,), has_qr=True),
    Device.DESKTOP: Layout((), WALLETS, has_qr=True),
    Device.UNKNOWN: Layout(WALLETS, (), has_qr=True),
}
APPLE_HANDHELD = re.compile(r"\b(iPhone|iPad|iPod|Apple ?Watch|Watch OS)\b")
# Apps that show pages themselves and say so; some of them call themselves Safari too.
APPS = re.compile(
    r"\b(FB_IAB|FBAN|FBAV|Instagram|musical_ly|TikTok|BytedanceWebview|Snapchat|Line|LinkedInApp"
    r"|MicroMessenger|Pinterest|Twitter|GSA)\b"
)
HANDHELD = (
    (APPLE_HANDHELD, Device.APPLE_MOBILE),
    (re.compile(r"\bAndroid\b"), Device.ANDROID),
)
PLATFORMS = {
    "iOS": Device.APPLE_MOBILE,
    "Android": Device.ANDROID,
    "macOS": Device.MAC,
    "Windows": Device.DESKTOP,
    "Linux": Device.DESKTOP,
    "Chrome OS": Device.DESKTOP,
    "Chromium OS": Device.DESKTOP,
}
STATIONARY = (
    (re.compile(r"\bMacintosh\b"), Device.MAC),
    (re.compile(r"\b(Windows NT|CrOS|X11)\b"), Device.DESKTOP),
)


def device_of(headers: Headers) -> Device:
    """Return what kind of device sent these headers.

    A phone named anywhere is believed: one that asks for desktop pages hides in the User-Agent,
    not in the hint. Otherwise the User-Agent counts first: testing tools change nothing else.
    """
    agent = headers.get("User-Agent", "")
    hinted = PLATFORMS.get(headers.get("Sec-CH-UA-Platform", "").strip('"'))
    found = _first(HANDHELD, agent)
    if found is None and hinted not in (Device.APPLE_MOBILE, Device.ANDROID):
        found = _first(STATIONARY, agent)
    found = found or hinted
    is_mobile = headers.get("Sec-CH-UA-Mobile") == "?1"
    if found is None or (found is Device.DESKTOP and is_mobile):
        return Device.UNKNOWN
    return found


def _first(known: tuple[tuple[re.Pattern[str], Device], ...], agent: str) -> Device | None:
    return next((device for pattern, device in known if pattern.search(agent)), None)


def is_inside_app(headers: Headers) -> bool:
    """Say whether an app on an iPhone shows the page itself: many of them cannot open a pass."""
    agent = headers.get("User-Agent", "")
    if not APPLE_HANDHELD.search(agent):
        return False
    return "Safari/" not in agent or APPS.search(agent) is not None


def layout(device: Device, offered: Collection[WalletName]) -> Layout:
    """Return the layout for a device, with only the wallets that are offered.

    A phone whose own wallet is not offered is shown the others quietly.
    """
    plan = LAYOUTS[device]
    buttons = tuple(wallet for wallet in plan.buttons if wallet in offered)
    is_stranded = not buttons and not plan.has_qr
    quiet = WALLETS if is_stranded else plan.quiet
    return Layout(
        buttons,
        tuple(wallet for wallet in quiet if wallet in offered),
        has_qr=plan.has_qr and bool(offered),
    )
