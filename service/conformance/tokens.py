"""Checks: who may register, unregister and fetch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from service.conformance.checks import Group, Need
from service.conformance.copy import Copy
from service.conformance.device import Device, authorization
from service.conformance.outcomes import Failed
from service.conformance.server import Answer
from service.conformance.trial import Trial

Call = Callable[..., Answer]
UNKNOWN = "conformance-unknown-serial"

GROUP = Group("Tokens")


def _wrong_headers(copy: Copy) -> dict[str, Mapping[str, str]]:
    token = copy.token
    return {
        "no Authorization": {},
        "an empty token": {"Authorization": "ApplePass "},
        "a wrong token": {"Authorization": "ApplePass wrong-token-wrong-token"},
        "the token cut short": {"Authorization": f"ApplePass {token[:-1]}"},
        "the token as Bearer": {"Authorization": f"Bearer {token}"},
        "the token alone": {"Authorization": token},
    }


def _calls(device: Device) -> tuple[Call, ...]:
    return (device.register, device.unregister, device.fetch)


def _expect_refused(copy: Copy, *calls: Call) -> None:
    for what, headers in _wrong_headers(copy).items():
        for call in calls:
            call(copy, headers, note=what).expect(401)


@GROUP.check(
    "token-to-register",
    "registering without the pass's own token is answered 401, and registers nothing",
    why="whoever knows a serial would be told of each change",
)
def _to_register(trial: Trial) -> None:
    device = trial.device()
    _expect_refused(trial.copy, device.register)
    if device.listing(trial.copy).serials:
        raise Failed("the refused registration is listed")


@GROUP.check(
    "token-to-unregister",
    "unregistering without the pass's own token is answered 401, and removes nothing",
    why="anybody could silence other people's passes",
)
def _to_unregister(trial: Trial) -> None:
    device = trial.registered()
    _expect_refused(trial.copy, device.unregister)
    if trial.copy.serial not in device.listing(trial.copy).serials:
        raise Failed("the registration is gone all the same")


@GROUP.check(
    "token-to-fetch",
    "fetching without the pass's own token is answered 401",
    why="a pass holds its customer's name, balance and barcode",
)
def _to_fetch(trial: Trial) -> None:
    _expect_refused(trial.copy, trial.device().fetch)


@GROUP.check(
    "token-to-head",
    "so is HEAD on the pass",
    why="its headers tell who has a pass, and when it last changed",
)
def _to_head(trial: Trial) -> None:
    _expect_refused(trial.copy, partial(trial.device().fetch, method="HEAD"))


@GROUP.check(
    "token-refusals-alike",
    "all refusals of a call have the same body",
    why="a difference tells a guesser how near the guess was",
)
def _refusals_alike(trial: Trial) -> None:
    for call in _calls(trial.device()):
        bodies = {
            call(trial.copy, headers, note=what).expect(401).body
            for what, headers in _wrong_headers(trial.copy).items()
        }
        if len(bodies) > 1:
            raise Failed(f"there are {len(bodies)} different bodies of 401")


@GROUP.check(
    "token-unknown-serial",
    "an unknown serial is refused just like a wrong token",
    why="a difference tells a guesser which serials there are",
)
def _unknown_serial(trial: Trial) -> None:
    _expect_alike(trial, replace(trial.copy, serial=UNKNOWN))


@GROUP.check(
    "token-other-type",
    "the right token under another pass type is refused just like a wrong token",
    why="a token is good for one pass of one type",
)
def _other_type(trial: Trial) -> None:
    _expect_alike(trial, replace(trial.copy, type_id=f"{trial.copy.type_id}.other"))


@GROUP.check(
    "token-of-another-pass",
    "the token of another pass is refused just like a wrong one",
    why="every customer has a token; it must open that customer's pass alone",
    needs=[Need.SECOND],
)
def _of_another_pass(trial: Trial) -> None:
    _expect_alike(trial, replace(trial.copy, token=trial.second.token))


def _expect_alike(trial: Trial, other: Copy) -> None:
    """Fail unless the other copy is refused as the pass in hand is with a wrong token."""
    wrong = {"Authorization": "ApplePass wrong-token-wrong-token"}
    for call in _calls(trial.device()):
        refused = call(trial.copy, wrong, note="a wrong token").expect(401)
        alike = call(other, authorization(other), note="made up").expect(401)
        if alike.body != refused.body:
            raise Failed(f"{alike}; its body differs from that of a wrong token")
