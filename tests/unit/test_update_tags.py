"""Apple's update tags: nothing a device must hear is ever missed."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from service.domain.installations import Installation, changes_since, known_tag, may_be_stale


def an_installation(
    number: int = 1,
    version: int = 1,
    told_version: int | None = None,
    told_at: int | None = None,
) -> Installation:
    return Installation(
        UUID(int=number), UUID(int=number), f"serial-{number}", version, told_version, told_at
    )


@pytest.mark.parametrize(
    "tag",
    [
        None,
        "",
        "x",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e1",
        "٣",
        "\uff11",
        "²",
        "11",
        "9" * 19,
        "1\n",
    ],
)
def test_a_tag_this_device_cannot_have_means_everything(tag: str | None) -> None:
    unchanged = an_installation(told_version=1, told_at=3)

    told = changes_since([unchanged], counter=10, tag=tag)

    assert told.installations == (unchanged,)
    assert told.tag == 11


@pytest.mark.parametrize(("tag", "known"), [("0", 0), ("10", 10), ("007", 7), ("9" * 18, None)])
def test_a_tag_up_to_the_counter_is_known(tag: str, known: int | None) -> None:
    assert known_tag(tag, counter=10) == known


@pytest.mark.parametrize(
    ("installation", "is_told"),
    [
        (an_installation(version=2, told_version=None), True),
        (an_installation(version=2, told_version=1, told_at=1), True),
        (an_installation(version=2, told_version=3, told_at=1), True),
        (an_installation(version=2, told_version=2, told_at=6), True),
        (an_installation(version=2, told_version=2, told_at=5), False),
        (an_installation(version=2, told_version=2, told_at=None), False),
    ],
    ids=[
        "never told",
        "told an older version",
        "told a version that a restore took back",
        "told later than this tag",
        "told at this tag",
        "registered with this version",
    ],
)
def test_a_device_hears_what_it_was_not_told_by_its_tag(
    installation: Installation, is_told: bool
) -> None:
    told = changes_since([installation], counter=10, tag="5")

    assert bool(told.installations) is is_told


@pytest.mark.parametrize(
    ("version", "first_offered", "is_stale"), [(1, None, True), (2, 1, True), (2, 2, False)]
)
def test_a_copy_may_be_stale_if_an_older_version_was_ever_given_out(
    version: int, first_offered: int | None, is_stale: bool
) -> None:
    assert may_be_stale(version, first_offered) is is_stale


class Phone(RuleBasedStateMachine):
    """A phone with four passes, a service that changes them, and a network that loses answers."""

    @initialize()
    def install(self) -> None:
        self.counter = 0
        self.tag: str | None = None
        self.server = {n: an_installation(n, told_version=1) for n in range(4)}
        self.copies = dict.fromkeys(range(4), 1)
        self.is_quiet = False

    @rule(number=strategies.integers(0, 3))
    def change(self, number: int) -> None:
        known = self.server[number]
        self.server[number] = replace(known, pass_version=known.pass_version + 1)
        self.is_quiet = False

    @rule(number=strategies.integers(0, 3))
    def install_again(self, number: int) -> None:
        version = self.server[number].pass_version
        self.server[number] = an_installation(number, version, told_version=version)
        self.copies[number] = version

    @rule(is_lost=strategies.booleans())
    def ask(self, is_lost: bool) -> None:
        told = changes_since(self.server.values(), self.counter, self.tag)
        if not told.installations:
            self.is_quiet = True
            return
        self.counter = told.tag
        for each in told.installations:
            number = each.id.int
            self.server[number] = replace(each, told_version=each.pass_version, told_at=told.tag)
        if not is_lost:
            self.tag = str(told.tag)
            for each in told.installations:
                self.copies[each.id.int] = each.pass_version
            self.is_quiet = True

    @rule(tag=strategies.sampled_from([None, "", "rubbish", "99999"]))
    def lose_the_tag(self, tag: str | None) -> None:
        self.tag = tag
        self.is_quiet = False

    @invariant()
    def nothing_is_missed_once_the_service_has_no_news(self) -> None:
        if not self.is_quiet:
            return
        newest = {number: each.pass_version for number, each in self.server.items()}
        assert self.copies == newest


Phone.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestAPhoneNeverMissesAnUpdate = Phone.TestCase
