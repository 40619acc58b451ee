"""Devices report what they could not make sense of; staff see it beside the pass."""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.context import Context
from service.domain.device_reports import (
    KEPT_PER_PASS,
    DeviceReport,
    Kind,
    devices_in,
    harmless,
    kind_of,
    names_in,
)
from service.domain.history import Actor
from service.storage import accounts, cards, device_reports
from service.storage.database import Transaction
from service.storage.device_reports import Subject

log = logging.getLogger(__name__)
UNATTRIBUTED = "unattributed"
MOST_PASSES = 5  # a report that names only its device is kept with so many of its passes


@dataclass(frozen=True)
class Said:
    """One report and the passes that it is about, if there are any."""

    text: str
    subjects: tuple[Subject, ...]


class Tally:
    """Counts what no table keeps, since this process started; any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0

    def add(self, number: int) -> None:
        with self._lock:
            self.total += number


unattributed = Tally()


def record(context: Context, texts: Sequence[str]) -> int:
    """Keep each report with the passes that it names, and log it; returns how many were kept.

    A report that names no pass of ours, by its serial or by a device that has it, is only counted
    and logged: anybody can write here. A repeat is kept again; of each pass only the newest 20 are.
    """
    with context.reading() as transaction:
        said = [_said(transaction, text) for text in texts]
    reports = [
        (subject, _report(context, each, subject)) for each in said for subject in each.subjects
    ]
    if reports:
        with context.transaction() as transaction:
            for account_id in sorted({subject.account_id for subject, _ in reports}):
                accounts.lock(transaction, account_id)
            device_reports.add(transaction, reports, KEPT_PER_PASS)
    _log(said)
    return len(reports)


def _log(said: Sequence[Said]) -> None:
    for each in said:
        if each.subjects:
            text = ascii(harmless(each.text, _serials(each.subjects)))
            log.warning("a device says, %s: %s", kind_of(each.text), text)
    strangers = [each.text for each in said if not each.subjects]
    unattributed.add(len(strangers))
    if strangers:
        # One line, however many there are: anybody can send them.
        text = ascii(harmless(strangers[0]))
        log.warning("a device says of no pass of ours (%d in one call): %s", len(strangers), text)


def _said(transaction: Transaction, text: str) -> Said:
    names, devices = names_in(text), devices_in(text)
    named = device_reports.passes_named(transaction, names) if names else []
    if not named and devices:
        named = device_reports.passes_on(transaction, names, devices)[:MOST_PASSES]
    return Said(text, tuple(named))


def _report(context: Context, said: Said, subject: Subject) -> DeviceReport:
    text = harmless(said.text, _serials([subject]))
    return DeviceReport(subject.pass_id, kind_of(said.text), text, context.now())


def _serials(subjects: Iterable[Subject]) -> set[str]:
    return {subject.serial for subject in subjects}


def of_card(context: Context, actor: Actor, card_id: UUID) -> list[DeviceReport]:
    """Return the newest 20 reports about the card's passes, newest first.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        card = cards.get(transaction, actor.brand_id, card_id)
        return device_reports.of_card(transaction, card.id, KEPT_PER_PASS)


def counts_of(context: Context, brand_id: UUID) -> dict[str, int]:
    """Return how many reports of each kind are kept about a brand's passes."""
    with context.reading() as transaction:
        known = device_reports.counts(transaction, brand_id)
    return {str(kind): known.get(kind, 0) for kind in Kind}


def counts(context: Context) -> dict[str, int]:
    """Return how many reports of each kind are kept, of all brands together.

    `unattributed` is how many this process was sent that are about no pass of ours.
    """
    with context.reading() as transaction:
        known = device_reports.counts(transaction)
    kept = {str(kind): known.get(kind, 0) for kind in Kind}
    return {**kept, UNATTRIBUTED: unattributed.total}
