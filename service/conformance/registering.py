"""Checks: registering and unregistering."""

from concurrent.futures import ThreadPoolExecutor

from service.conformance.checks import Group
from service.conformance.device import Device, a_push_token
from service.conformance.outcomes import Failed
from service.conformance.trial import Trial

AT_ONCE = 10

GROUP = Group("Registering")


@GROUP.check(
    "register-new",
    "a new registration is answered 201",
    why="201 and 200 are the only answers that a phone takes for yes",
)
def _new(trial: Trial) -> None:
    trial.device().register(trial.copy).expect(201)


@GROUP.check(
    "register-again",
    "the same registration once more is answered 200",
    why="phones register again after a restart, an update or a restored backup",
)
def _again(trial: Trial) -> None:
    device = trial.registered()
    device.register(trial.copy, note="again").expect(200)


@GROUP.check(
    "register-new-push-token",
    "a registration with a new push token is answered 200",
    why="a phone's push token changes; the device id stays",
)
def _new_push_token(trial: Trial) -> None:
    device = trial.registered()
    device.push_token = a_push_token()
    device.register(trial.copy, note="new push token").expect(200)


@GROUP.check(
    "register-no-content-type",
    "a registration needs no Content-Type",
    why="not every iOS sends one, so the body must be read for what it is",
)
def _no_content_type(trial: Trial) -> None:
    answer = trial.device().register(trial.copy, content_type=None, note="no Content-Type")
    answer.expect(201)


@GROUP.check(
    "register-odd-push-tokens",
    "push tokens in capitals, and longer ones, are taken",
    why="Apple promises hexadecimal digits, neither their case nor their number",
)
def _odd_push_tokens(trial: Trial) -> None:
    for token in (a_push_token().upper(), a_push_token() + a_push_token()[:32]):
        device = trial.device()
        device.push_token = token
        device.register(trial.copy, note=f"a push token of {len(token)} digits").expect(201)


@GROUP.check(
    "register-at-once",
    f"{AT_ONCE} equal registrations at once end as one",
    why="a phone that waits too long sends again; duplicates are pushed twice or never removed",
)
def _at_once(trial: Trial) -> None:
    device = trial.device()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [pool.submit(device.register, trial.copy) for _ in range(AT_ONCE)]
    for each in sent:
        each.result().expect(200, 201)
    listed = device.listing(trial.copy).serials
    if listed != (trial.copy.serial,):
        raise Failed(f"the list names {len(listed)} passes, not 1")
    device.unregister(trial.copy).expect(200)
    _expect_nothing_listed(device, trial)


@GROUP.check(
    "register-two-devices",
    "two devices can have the same pass, and one may remove it",
    why="a pass is synchronized to watch and tablet, or shared",
)
def _two_devices(trial: Trial) -> None:
    staying, leaving = trial.registered(), trial.registered()
    leaving.unregister(trial.copy).expect(200)
    if trial.copy.serial not in staying.listing(trial.copy).serials:
        raise Failed("the device that stayed hears of the pass no more")
    _expect_nothing_listed(leaving, trial)


@GROUP.check(
    "unregister",
    "removing the pass is answered 200",
    why="a phone expects 200 when its customer deletes the pass or turns updates off",
)
def _unregister(trial: Trial) -> None:
    trial.registered().unregister(trial.copy).expect(200)


@GROUP.check(
    "unregister-again",
    "removing it once more is answered 200",
    why="the answer may have been lost; what the phone wants is already so",
)
def _unregister_again(trial: Trial) -> None:
    device = trial.registered()
    device.unregister(trial.copy).expect(200)
    device.unregister(trial.copy, note="again").expect(200)


@GROUP.check(
    "unregister-then-list",
    "a removed pass is listed no more",
    why="the phone would fetch a pass that it does not have",
)
def _unregister_then_list(trial: Trial) -> None:
    device = trial.registered()
    device.unregister(trial.copy).expect(200)
    _expect_nothing_listed(device, trial)


@GROUP.check(
    "register-after-unregister",
    "registering after a removal is answered 201 and listed",
    why="turning automatic updates off and on again does just that",
)
def _after_unregister(trial: Trial) -> None:
    device = trial.registered()
    device.unregister(trial.copy).expect(200)
    device.register(trial.copy, note="after the removal").expect(201)
    if trial.copy.serial not in device.listing(trial.copy).serials:
        raise Failed("the pass is not listed")


def _expect_nothing_listed(device: Device, trial: Trial) -> None:
    listed = device.listing(trial.copy).serials
    if listed:
        raise Failed(f"the list still names {len(listed)} passes")
