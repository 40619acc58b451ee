"""Which certificate signs, which one ends the line of its pass type, and how far it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service.domain.certificates import (
    Certificate,
    CertificateFacts,
    State,
    in_use,
    last_in_line,
    state_of,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOR_EVER = NOW + timedelta(days=9999)


def a_certificate(number: int, since: float, days_left: float) -> Certificate:
    """A certificate that signs since `since` days from now and ends in `days_left` days."""
    facts = CertificateFacts(
        type_id="pass.com.example",
        team_id="TEAM",
        begins_at=NOW - timedelta(days=400),
        certificate_ends_at=NOW + timedelta(days=days_left),
        wwdr="G4",
        wwdr_ends_at=FOR_EVER,
        key_kind="RSA 2048",
        is_nfc=False,
        fingerprint=bytes([number]),
        key_digest=bytes([number]),
    )
    return Certificate(UUID(int=number), UUID(int=0), NOW + timedelta(days=since), facts)


def test_the_newest_switch_over_that_has_come_signs() -> None:
    old, new, waiting = a_certificate(1, -9, 50), a_certificate(2, 0, 300), a_certificate(3, 1, 400)

    assert in_use([old, new, waiting], NOW) == new
    assert in_use([waiting], NOW) is None
    assert in_use([], NOW) is None


def test_of_two_that_took_over_at_once_the_one_imported_last_signs() -> None:
    first, second = a_certificate(1, -1, 90), a_certificate(2, -1, 80)

    assert in_use([second, first], NOW) == second


def test_an_older_one_that_lasts_signs_when_the_newest_has_ended() -> None:
    lasting, ended = a_certificate(1, -9, 50), a_certificate(2, -3, 0)

    assert in_use([lasting, ended], NOW) == lasting
    assert in_use([replace(lasting, active_from=NOW + timedelta(1)), ended], NOW) == ended


def test_the_line_ends_with_the_last_one_that_takes_over_in_time() -> None:
    old, next_, after = (
        a_certificate(1, -9, 5),
        a_certificate(2, 5, 370),
        a_certificate(3, 300, 700),
    )
    too_late = a_certificate(4, 701, 999)

    assert last_in_line([old, next_, after, too_late], NOW) == after
    assert last_in_line([old, after], NOW) == old
    assert last_in_line([too_late], NOW) is None


def test_a_renewal_that_ends_earlier_does_not_shorten_the_line() -> None:
    long, short = a_certificate(1, -9, 300), a_certificate(2, -1, 20)

    assert in_use([long, short], NOW) == short
    assert last_in_line([long, short], NOW) == long


STAGE_AT = {
    61: None,
    60.5: 60,
    60: 60,
    31: 60,
    30: 30,
    15: 30,
    14: 14,
    8: 14,
    7: 7,
    2: 7,
    1.5: 1,
    0.001: 1,
    0: 0,
    -1: 0,
    -400: 0,
}


@pytest.mark.parametrize(("days_left", "stage"), STAGE_AT.items())
def test_a_stage_is_reached_when_that_many_days_are_left(
    days_left: float, stage: int | None
) -> None:
    assert a_certificate(1, -9, days_left).stage(NOW) == stage


def test_whichever_ends_first_is_the_end() -> None:
    certificate = a_certificate(1, -9, 300)
    wwdr_ends_at = NOW + timedelta(days=3)
    facts = replace(certificate.facts, wwdr_ends_at=wwdr_ends_at)

    assert facts.ends_at == wwdr_ends_at
    assert replace(certificate, facts=facts).stage(NOW) == 7


def test_every_certificate_of_a_type_has_a_state() -> None:
    ended, old, new = a_certificate(1, -9, -1), a_certificate(2, -9, 30), a_certificate(3, -1, 300)
    waiting = a_certificate(4, 20, 500)
    listed = [ended, old, new, waiting]

    states = [state_of(each, listed, NOW) for each in listed]

    assert states == [State.EXPIRED, State.RETIRED, State.ACTIVE, State.WAITING]
