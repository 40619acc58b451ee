"""What a batch of pushes tells: of single phones, or of our set-up as a whole."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest

from service.domain.deliveries import Delivery
from service.emulators.apns import ApnsEmulator
from service.emulators.control import utc_now
from service.wallets.apple.proof import HOLDS_FOR, MANY
from service.wallets.apple.pushing import Pusher
from service.wallets.apple.wallet import AppleWallet
from service.wallets.interface import PushOutcome
from tests.world import Clock

from .builders import a_delivery
from .conftest import NewPusher

ACCEPTED, GONE, HALT = PushOutcome.ACCEPTED, PushOutcome.GONE, PushOutcome.HALT
ALONE = PushOutcome.REFUSED  # waits, and nobody with it


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.freeze()
    return clock


@pytest.fixture
def pusher(new_pusher: NewPusher, clock: Clock) -> Pusher:
    return new_pusher(clock)


def batch_of(count: int, prefix: str = "aa") -> list[Delivery]:
    return [a_delivery(f"{prefix}{number:04}") for number in range(count)]


def outcomes(pusher: Pusher, batch: Sequence[Delivery]) -> list[PushOutcome]:
    """Push the batch and return what became of each delivery, in its order."""
    found = {result.delivery_id: result.outcome for result in pusher.push(batch)}
    return [found[delivery.id] for delivery in batch]


def refuse(apns: ApnsEmulator, tokens: Iterable[str], reason: str = "BadDeviceToken") -> None:
    apns.control({"respond": {token: {"status": 400, "reason": reason} for token in tokens}})


def refuse_all(apns: ApnsEmulator, status: int, reason: str) -> None:
    apns.control({"respond": {"*": {"status": status, "reason": reason}}})


def test_deliveries_that_share_a_phone_are_pushed_once(pusher: Pusher, apns: ApnsEmulator) -> None:
    batch = [a_delivery("aa01"), a_delivery("aa02"), a_delivery("aa01")]

    assert outcomes(pusher, batch) == [ACCEPTED] * 3
    assert sorted(push.token for push in apns.pushes()) == ["aa01", "aa02"]


def test_one_bad_token_among_good_ones_is_gone(pusher: Pusher, apns: ApnsEmulator) -> None:
    batch = batch_of(8)
    refuse(apns, [batch[0].push_token])

    assert outcomes(pusher, batch) == [GONE, *[ACCEPTED] * 7]


def test_many_bad_tokens_beside_one_good_one_are_gone(pusher: Pusher, apns: ApnsEmulator) -> None:
    batch = batch_of(MANY + 10)
    refuse(apns, [delivery.push_token for delivery in batch[:-1]])

    assert outcomes(pusher, batch) == [*[GONE] * (MANY + 9), ACCEPTED]


@pytest.mark.parametrize("reason", ["BadDeviceToken", "DeviceTokenNotForTopic"])
@pytest.mark.parametrize("count", [MANY, 50])
def test_when_every_token_is_bad_it_is_our_set_up_and_no_registration_is_lost(
    pusher: Pusher, apns: ApnsEmulator, count: int, reason: str
) -> None:
    refuse_all(apns, 400, reason)

    results = list(pusher.push(batch_of(count)))

    assert {result.outcome for result in results} == {HALT}
    assert {result.reason for result in results} == {f"{reason} for every phone tried"}


@pytest.mark.parametrize("count", [1, MANY - 1])
def test_a_few_bad_tokens_of_which_nothing_is_known_wait_alone(
    pusher: Pusher, apns: ApnsEmulator, count: int
) -> None:
    refuse_all(apns, 400, "BadDeviceToken")

    results = list(pusher.push(batch_of(count)))

    assert {result.outcome for result in results} == {ALONE}
    assert {result.wait for result in results} == {timedelta(minutes=2)}


def test_bad_tokens_are_counted_over_all_batches_since_the_last_success(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    """A set-up that turns wrong after a success may cost a few registrations, never all."""
    outcomes(pusher, batch_of(1, "bb"))
    refuse_all(apns, 400, "BadDeviceToken")

    found = [outcomes(pusher, [delivery]) for delivery in batch_of(MANY + 10)]

    assert found == [*[[GONE]] * (MANY - 1), *[[HALT]] * 11]


def test_a_success_starts_the_count_of_bad_tokens_anew(pusher: Pusher, apns: ApnsEmulator) -> None:
    bad = batch_of(2 * (MANY - 1))
    refuse(apns, [delivery.push_token for delivery in bad])

    found = []
    for half in (bad[: MANY - 1], bad[MANY - 1 :]):
        outcomes(pusher, batch_of(1, "bb"))
        found += outcomes(pusher, half)

    assert set(found) == {GONE}


def test_one_bad_token_however_often_tried_is_no_fault_of_ours(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    refuse(apns, ["aa0000"])

    found = [outcomes(pusher, batch_of(1)) for _ in range(MANY + 1)]

    assert found == [[ALONE]] * (MANY + 1)


def test_each_try_of_a_doubted_token_lets_its_deliveries_wait_longer(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    refuse(apns, ["aa01"])
    batch = [a_delivery("aa01"), a_delivery("aa01", attempts=2)]

    waits = {result.delivery_id: result.wait for result in pusher.push(batch)}

    assert [waits[each.id] for each in batch] == [timedelta(minutes=2), timedelta(minutes=8)]


def test_a_bad_token_is_believed_for_ten_minutes_after_a_push_succeeded(
    pusher: Pusher, apns: ApnsEmulator, clock: Clock
) -> None:
    refuse(apns, ["aa0000"])
    outcomes(pusher, batch_of(1, "bb"))

    clock.forward(seconds=HOLDS_FOR.total_seconds())
    in_time = outcomes(pusher, batch_of(1))
    clock.forward(seconds=1)
    too_late = outcomes(pusher, batch_of(1))

    assert (in_time, too_late) == ([GONE], [ALONE])


def test_the_word_of_a_phone_that_has_left_proves_the_set_up_too(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {"aa0000": 410, "aa0001": 400}})

    assert outcomes(pusher, batch_of(2)) == [GONE, GONE]


@pytest.mark.parametrize(("count", "outcome"), [(MANY - 1, GONE), (MANY, HALT)])
def test_so_many_bad_tokens_are_doubted_even_soon_after_a_success(
    pusher: Pusher, apns: ApnsEmulator, count: int, outcome: PushOutcome
) -> None:
    outcomes(pusher, batch_of(1, "bb"))
    refuse_all(apns, 400, "BadDeviceToken")

    assert set(outcomes(pusher, batch_of(count))) == {outcome}


def test_a_success_after_a_doubt_makes_few_bad_tokens_believed_again_but_never_so_many(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    bad = batch_of(MANY)
    refuse(apns, [delivery.push_token for delivery in bad])

    found = []
    for tried in (bad, bad[1:], bad):
        outcomes(pusher, batch_of(1, "bb"))
        found.append(set(outcomes(pusher, tried)))

    assert found == [{HALT}, {GONE}, {HALT}]


def test_a_probe_after_a_halt_believes_only_what_it_proves_itself(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    refuse(apns, ["aa0000"])
    outcomes(pusher, batch_of(1, "bb"))

    assert outcomes(pusher, [a_delivery("aa0000", is_probe=True)]) == [ALONE]
    assert outcomes(pusher, [a_delivery("bb0000", is_probe=True)]) == [ACCEPTED]


def test_a_refused_certificate_stops_the_batch_at_its_first_push(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    refuse_all(apns, 403, "BadCertificate")

    assert outcomes(pusher, batch_of(50)) == [HALT, *[PushOutcome.NOT_YET] * 49]
    assert apns.count == 1


def test_a_certificate_that_is_revoked_meanwhile_is_tried_once_by_each_batch(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    outcomes(pusher, batch_of(50, "bb"))
    pusher._client._sure_until = 0  # a second later
    refuse_all(apns, 403, "BadCertificate")

    for _ in range(3):
        outcomes(pusher, batch_of(50))

    assert apns.count == 50 + 3


def test_a_certificate_that_is_revoked_under_full_load_costs_the_pushes_in_flight_and_no_more(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    outcomes(pusher, batch_of(50, "bb"))
    refuse_all(apns, 403, "BadCertificate")

    for _ in range(2):
        outcomes(pusher, batch_of(50))

    assert apns.count <= 50 + 50 + 1


def test_a_refusal_of_the_request_beside_a_success_concerns_that_phone_alone(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    batch = batch_of(3)
    apns.control({"respond": {batch[1].push_token: {"status": 404}}})

    assert outcomes(pusher, batch) == [ACCEPTED, PushOutcome.REFUSED, ACCEPTED]


def test_trouble_of_apples_own_is_met_by_three_pushes_and_not_by_the_whole_batch(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    refuse_all(apns, 503, "ServiceUnavailable")

    found = outcomes(pusher, batch_of(50))

    assert found == [*[PushOutcome.TRY_LATER] * 3, *[PushOutcome.NOT_YET] * 47]
    assert apns.count == 3
    assert pusher.is_resting


def test_apns_out_of_reach_means_try_later_and_nothing_is_lost(
    pusher: Pusher, apns: ApnsEmulator
) -> None:
    apns.stop()

    results = list(pusher.push(batch_of(3)))

    assert [result.outcome for result in results] == [
        PushOutcome.TRY_LATER,
        *[PushOutcome.NOT_YET] * 2,
    ]
    (fault,) = pusher.faults()
    assert "did not answer" in fault


def test_a_good_answer_clears_what_was_said_of_the_way_to_apns(
    new_pusher: NewPusher, apns: ApnsEmulator, clock: Clock
) -> None:
    pusher = new_pusher(clock)
    apns.stop()
    outcomes(pusher, batch_of(1))
    apns.start()
    clock.forward(minutes=1)

    outcomes(pusher, batch_of(1))

    assert pusher.faults() == []


def test_what_apns_refuses_is_no_fault_of_this_process_alone(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    refuse_all(apns, 403, "BadCertificate")

    list(wallet.push(batch_of(1)))

    assert wallet.check(utc_now()) == []
