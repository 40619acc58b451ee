"""Checks: who is pushed after a change, as the push service's emulator saw it."""

import time

from service.conformance.checks import Group, Need
from service.conformance.device import Device, a_push_token
from service.conformance.outcomes import Failed
from service.conformance.trial import Trial

NEEDS = [Need.CHANGE, Need.APNS]
TAKEN_WITHIN_S = 1.0

GROUP = Group("Pushes")


@GROUP.check(
    "push-after-change",
    "a change is pushed to the device, with the pass type as topic",
    why="nothing else makes a phone ask",
    source="a-5",
    needs=NEEDS,
)
def _after_change(trial: Trial) -> None:
    device = trial.registered()
    trial.change()
    topics = trial.apns.wait_for(device.push_token)
    if set(topics) != {trial.copy.type_id}:
        raise Failed(f"the topic is {topics[0]}, not {trial.copy.type_id}")


@GROUP.check(
    "push-newest-token",
    "after a registration with a new push token, that one is pushed and the old one not",
    why="a phone whose token changed would be silent from then on",
    source="D2",
    needs=NEEDS,
)
def _newest_token(trial: Trial) -> None:
    device = trial.registered()
    old, device.push_token = device.push_token, a_push_token()
    device.register(trial.copy, note="new push token").expect(200)
    _expect_silence_on(trial, old, device)


@GROUP.check(
    "push-not-after-unregister",
    "a device that removed the pass is pushed no more",
    why="Apple asks servers to stop, and the phone would ask for nothing",
    needs=NEEDS,
)
def _not_after_unregister(trial: Trial) -> None:
    leaving, staying = trial.registered(), trial.registered()
    leaving.unregister(trial.copy).expect(200)
    _expect_silence_on(trial, leaving.push_token, staying)


@GROUP.check(
    "push-past-a-refusal",
    "one refused device does not keep the others from being pushed",
    why="tokens die every day; the devices after the first dead one would hear nothing",
    source="D4",
    needs=NEEDS,
)
def _past_a_refusal(trial: Trial) -> None:
    first, dead, last = (trial.registered() for _ in range(3))
    trial.apns.refuse(dead.push_token, 400)
    trial.change()
    _expect_all_pushed(trial, first, last)


@GROUP.check(
    "push-past-a-broken-connection",
    "pushes that a broken connection swallowed are sent again, to every device",
    why="connections to Apple break; who is not pushed again shows the old balance",
    source="D3",
    needs=NEEDS,
)
def _past_a_broken_connection(trial: Trial) -> None:
    first, last = trial.registered(), trial.registered()
    trial.apns.answer_nothing()
    try:
        trial.change()
        time.sleep(TAKEN_WITHIN_S)
    finally:
        trial.apns.cut()
    _expect_all_pushed(trial, first, last)


@GROUP.check(
    "push-not-after-410",
    "a device that Apple calls gone is pushed no more",
    why="Apple takes senders that go on for broken, and slows them down",
    source="a-5",
    needs=NEEDS,
)
def _not_after_410(trial: Trial) -> None:
    gone, staying = trial.registered(), trial.registered()
    trial.apns.refuse(gone.push_token, 410)
    trial.change()
    trial.apns.wait_for(gone.push_token, status=410)
    _expect_silence_on(trial, gone.push_token, staying, status=410)


def _expect_silence_on(trial: Trial, token: str, other: Device, status: int = 200) -> None:
    """Fail if a token is pushed once another device has been told of a change.

    A push that a registration itself was owed may have been on its way until then.
    """
    trial.change()
    told = len(trial.apns.wait_for(other.push_token))
    before = len(trial.apns.topics(token, status))
    trial.change()
    trial.apns.wait_for(other.push_token, more_than=told)
    if len(trial.apns.topics(token, status)) > before:
        raise Failed(f"{token[:8]}... was pushed all the same")


def _expect_all_pushed(trial: Trial, *devices: Device) -> None:
    for device in devices:
        trial.apns.wait_for(device.push_token)
