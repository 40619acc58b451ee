"""Checks: what a phone hears after its pass has changed."""

import time

from service.conformance.checks import Group, Need
from service.conformance.copy import fetched
from service.conformance.fetching import is_not_modified, last_modified
from service.conformance.outcomes import Failed
from service.conformance.trial import Trial

LOOK_EVERY_S = 0.1
APART_S = 1.1  # more than the coarsest clock that servers make tags of

GROUP = Group("Changes")


@GROUP.check(
    "change-is-listed",
    "a change is listed under a new tag, and then no more",
    why="under the old tag the phone asks again for ever, and says so in the log",
    needs=[Need.CHANGE],
)
def _is_listed(trial: Trial) -> None:
    device = trial.registered()
    tag = device.listing(trial.copy).tag
    trial.change()
    listed = device.listing_with(trial.copy, tag)
    if listed.tag == tag:
        raise Failed(f"the list names the pass, but lastUpdated is still {tag!r}")
    device.ask(trial.copy.type_id, listed.tag).expect(204)


@GROUP.check(
    "change-is-in-the-pass",
    "after a change the pass is another one",
    why='the phone complains: "requested update, but the pass was unchanged"',
    needs=[Need.CHANGE],
)
def _is_in_the_pass(trial: Trial) -> None:
    device = trial.registered()
    before, tag = trial.fetched(), device.listing(trial.copy).tag
    trial.change()
    device.listing_with(trial.copy, tag)
    if trial.fetched().manifest == before.manifest:
        raise Failed("the pass is byte for byte what it was")


@GROUP.check(
    "change-keeps-token",
    "after a change, type, serial, token and address are what they were",
    why="the installed pass would be cut off, or become a second one",
    needs=[Need.CHANGE],
)
def _keeps_token(trial: Trial) -> None:
    device = trial.registered()
    before, tag = trial.fetched(), device.listing(trial.copy).tag
    trial.change()
    device.listing_with(trial.copy, tag)
    if trial.fetched().copy != before.copy:
        raise Failed("one of them has changed")


@GROUP.check(
    "change-moves-last-modified",
    "a change moves Last-Modified forward",
    why="else the phone is told 304 and keeps the old pass",
    needs=[Need.CHANGE],
)
def _moves_last_modified(trial: Trial) -> None:
    device = trial.registered()
    before, tag = last_modified(device.fetch(trial.copy)), device.listing(trial.copy).tag
    time.sleep(APART_S)
    trial.change()
    device.listing_with(trial.copy, tag)
    after = last_modified(device.fetch(trial.copy))
    if after <= before:
        raise Failed(f"Last-Modified was {before:%H:%M:%S}, and is {after:%H:%M:%S}")


@GROUP.check(
    "change-lost-answer",
    "whoever asks with the old tag once more is told once more",
    why="the first answer may have been lost on its way",
    needs=[Need.CHANGE],
)
def _lost_answer(trial: Trial) -> None:
    device = trial.registered()
    tag = device.listing(trial.copy).tag
    trial.change()
    device.listing_with(trial.copy, tag)
    if trial.copy.serial not in device.listing(trial.copy, tag).serials:
        raise Failed("the second time the change is not listed")


@GROUP.check(
    "change-every-device",
    "every device hears of a change, whichever asks first",
    why="news that ends with the first one to hear leaves the others behind",
    needs=[Need.CHANGE],
)
def _every_device(trial: Trial) -> None:
    devices = [trial.registered() for _ in range(2)]
    tags = [device.listing(trial.copy).tag for device in devices]
    trial.change()
    for device, tag in zip(devices, tags, strict=True):
        device.listing_with(trial.copy, tag)


@GROUP.check(
    "change-after-unregister",
    "a removed pass is not listed when it changes",
    why="the phone would fetch a pass that it does not have",
    needs=[Need.CHANGE],
)
def _after_unregister(trial: Trial) -> None:
    leaving, staying = trial.registered(), trial.registered()
    tags = [device.listing(trial.copy).tag for device in (leaving, staying)]
    leaving.unregister(trial.copy).expect(200)
    trial.change()
    staying.listing_with(trial.copy, tags[1])
    if leaving.listing(trial.copy, tags[0]).serials:
        raise Failed("it is listed")


@GROUP.check(
    "change-twice-in-a-second",
    "a second change within the same second, after a poll, is listed too",
    why="tags of whole seconds lose it: the phone shows the first change until the next one",
    source="D5",
    needs=[Need.CHANGE],
)
def _twice_in_a_second(trial: Trial) -> None:
    device = trial.registered()
    tag = device.listing(trial.copy).tag

    def attempt() -> None:
        nonlocal tag
        for _ in range(2):
            trial.change()
            tag = device.listing_with(trial.copy, tag).tag

    trial.within_a_second(attempt)


@GROUP.check(
    "change-no-false-304",
    "a second change within the same second, after a fetch, is no 304",
    why="HTTP dates have whole seconds: the phone is told that it has the newest pass",
    source="D5",
    needs=[Need.CHANGE],
)
def _no_false_304(trial: Trial) -> None:
    device = trial.device()

    def attempt() -> None:
        trial.change()
        first = fetched_now(trial)
        trial.change()
        end = time.monotonic() + trial.patience_s
        while is_not_modified(device.fetch(trial.copy, since=first)):
            if time.monotonic() > end:
                raise Failed(f"304 since {first}, though the pass changed again")
            time.sleep(LOOK_EVERY_S)

    trial.within_a_second(attempt)


def fetched_now(trial: Trial) -> str:
    """Return the Last-Modified of a fresh fetch, as a phone keeps it."""
    answer = trial.device().fetch(trial.copy)
    fetched(answer)
    last_modified(answer)
    return answer.headers["Last-Modified"]


@GROUP.check(
    "change-two-passes",
    "two passes of one device that change one after the other are both listed",
    why="a list of the newest change alone, with its time as the tag, loses the older for ever",
    source="D1",
    needs=[Need.CHANGE, Need.SECOND],
)
def _two_passes(trial: Trial) -> None:
    device = trial.registered(trial.copy, trial.second)
    tag = device.listing(trial.copy).tag
    trial.change(trial.copy)
    time.sleep(APART_S)
    trial.change(trial.second)
    listed = device.listing_with(trial.second, tag)
    heard = {*listed.serials, *device.listing(trial.copy, listed.tag).serials}
    if heard != {trial.copy.serial, trial.second.serial}:
        raise Failed("the pass that changed first is never listed")
