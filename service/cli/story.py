"""The story of one card, played step by step on a running demo, with what really happened."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from service.cli.demo_client import DemoClient, Facts, must, until

START, AFTER = 120, 175
IPHONES = 2


@dataclass(frozen=True)
class Step:
    """The facts that came of a step, and what every phone shows after it."""

    facts: Facts
    phones: list[Facts] = field(default_factory=list)


class Story:
    """Plays the story on the demo that `told` (what var/demo.json says) describes."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._demo = DemoClient(told)
        self._card: Facts = {}
        self._iphones: list[str] = []
        self._object_id = ""
        self._changed_at = _now()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._demo.close()

    def steps(self) -> Iterator[tuple[str, str, Callable[[], Step]]]:
        """Yield (name, title, what plays the step), in order; each builds on those before.

        Playing one raises SetupError if something does not come to pass in time; it says what.
        """
        yield "issue", "A member gets a card", self._issue
        yield "install", "Two iPhones and Google Wallet add it by its link", self._install
        yield "webhook", "The shop reports new points by a signed webhook", self._webhook
        yield "push", "Apple and Google are told", self._push
        yield "fetch", "Every phone shows the new balance", self._fetch
        yield "block", "The phone is lost: support blocks the card", self._block
        yield "proof", "The proof that support sees", self._proof

    def _issue(self) -> Step:
        member = f"member-{secrets.token_hex(3)}"
        body = {"member": {"name": "First Member"}, "balances": {"points": START}, "version": 1}
        path = f"/v1/programs/{self._demo.program}/members/{member}"
        self._card = self._demo.api("PUT", path, body)
        is_old = "google" not in self._card["links"]
        must(not is_old, "This demo was made by an older version: stop it, and remove its var/.")
        facts = {
            "asked": f"PUT /v1/programs/{{points}}/members/{member}",
            "card": self._card["number"],
            "status": self._card["status"],
            "points": self._card["account"]["balances"]["points"]["amount"],
            "link": self._card["links"]["add"],
        }
        return Step(facts)

    def _install(self) -> Step:
        links = self._card["links"]
        self._iphones = [self._demo.new_iphone(links["apple"]) for _ in range(IPHONES)]
        self._demo.open_link(links["google"])
        kept = next(each for each in self._passes() if each["wallet"] == "google")
        self._object_id = kept["serial"]
        facts = {
            "iphones": f"{IPHONES} checked the signature and registered for updates",
            "google": f"keeps the object {self._object_id}",
        }
        return Step(facts, self._phones())

    def _webhook(self) -> Step:
        event_id = f"sale-{secrets.token_hex(4)}"
        data = {"card_number": self._card["number"], "set": AFTER, "version": 2}
        body = json.dumps({"type": "points.changed", "data": data})
        self._changed_at = _now()
        said = self._demo.webhook(event_id, body)
        facts = {
            "event": event_id,
            "says": json.dumps(data),
            "outcome": said["outcome"],
            "points": said["balances"]["points"]["amount"],
            "answered_after_ms": self._ms(_now()),
        }
        return Step(facts)

    def _push(self) -> Step:
        pushes = until(self._pushes, "Apple was not told of the change")
        calls = until(self._google_calls, "Google was not told of the change")
        facts = {
            "apple": f"{len(pushes)} pushes, APNs answered {pushes[-1]['status']}",
            "apple_after_ms": self._ms(_time(pushes[-1])),
            "google": f"{calls[0]['method']} of the object, answered {calls[0]['status']}",
            "google_after_ms": self._ms(_time(calls[0])),
        }
        return Step(facts)

    def _fetch(self) -> Step:
        phones = until(
            lambda: self._phones_if(lambda each: each["points"] == str(AFTER)),
            f"The phones do not show {AFTER} points",
        )
        notes = [self._demo.iphone(phone)["notifications"][-1] for phone in self._iphones]
        facts = {
            "lock_screen": notes[-1]["text"],
            "iphones_after_ms": max(self._ms(_time(note)) for note in notes),
        }
        return Step(facts, phones)

    def _block(self) -> Step:
        before = self._lookup()
        self._changed_at = _now()
        self._demo.api("POST", f"/v1/cards/{self._card['id']}/block", {"reason": "lost"})
        after = self._lookup()
        refused_after_ms = self._ms(_now())
        phones = until(
            lambda: self._phones_if(lambda each: each["state"] != "usable"),
            "The phones still show a usable card",
        )
        facts = {
            "till_before": f"can redeem: {_yes(before['can_redeem'])}",
            "till_after": f"can redeem: {_yes(after['can_redeem'])} ({after['decline_code']})",
            "till_refuses_after_ms": refused_after_ms,
            "phones_follow_after_ms": self._ms(_now()),
        }
        return Step(facts, phones)

    def _proof(self) -> Step:
        passes = until(self._settled, "The proof of delivery is not complete")
        facts: Facts = {}
        for shown in passes:
            for number, each in enumerate(shown["installations"], 1):
                pushed, asked = each["pushed_version"], each["asked_version"]
                facts[f"iphone_{number}"] = (
                    f"wants version {shown['version']}, pushed {pushed}, asked for {asked}"
                )
            if shown["wallet"] == "google":
                accepted = shown["accepted_version"]
                facts["google"] = f"wants version {shown['version']}, accepted {accepted}"
        return Step(facts)

    def _settled(self) -> list[Facts] | None:
        passes = self._passes()
        reached = [
            (shown["version"], version)
            for shown in passes
            for version in [
                *(each["pushed_version"] for each in shown["installations"]),
                *(each["asked_version"] for each in shown["installations"]),
                *([shown["accepted_version"]] if shown["wallet"] == "google" else []),
            ]
        ]
        return passes if all(wanted == version for wanted, version in reached) else None

    def _pushes(self) -> list[Facts] | None:
        """Return the pushes since the change, or None as long as a phone had none."""
        tokens = {self._demo.iphone(phone)["push_token"] for phone in self._iphones}
        since = [push for push in self._demo.pushes() if _time(push) >= self._changed_at]
        ours = [push for push in since if push["token"] in tokens]
        return ours if {push["token"] for push in ours} == tokens else None

    def _google_calls(self) -> list[Facts] | None:
        calls = self._demo.google_calls(self._object_id)
        return [each for each in calls if _time(each) >= self._changed_at] or None

    def _phones_if(self, holds: Callable[[Facts], bool]) -> list[Facts] | None:
        shown = self._phones()
        return shown if all(holds(each) for each in shown) else None

    def _phones(self) -> list[Facts]:
        """Return what every phone shows, in the same words for both wallets."""
        iphones = [self._demo.iphone(phone) for phone in self._iphones]
        shown = [_iphone(number, view) for number, view in enumerate(iphones, 1)]
        return [*shown, _google(self._demo.google_object(self._object_id)["card"])]

    def _passes(self) -> list[Facts]:
        passes: list[Facts] = self._demo.api("GET", f"/v1/cards/{self._card['id']}/delivery")[
            "passes"
        ]
        return passes

    def _lookup(self) -> Facts:
        barcode = {"barcode": self._card["barcode"]["message"]}
        return self._demo.api("POST", "/v1/lookup", barcode)

    def _ms(self, at: datetime) -> int:
        """Return how many milliseconds after the change something happened."""
        return round((at - self._changed_at).total_seconds() * 1000)


def _iphone(number: int, view: Facts) -> Facts:
    shown = view["passes"][0]
    return {
        "phone": f"iPhone {number}",
        "program": shown["logo_text"],
        "points": shown["fields"]["points"]["value"],
        "barcode": shown["barcode"]["message"] if shown["barcode"] else None,
        "state": "void" if shown["voided"] else "usable",
    }


def _google(card: Facts) -> Facts:
    return {
        "phone": "Google Wallet",
        "program": card["program"],
        "points": card["points"]["value"],
        "barcode": card["barcode"]["value"] if card["barcode"] else None,
        "state": "usable" if card["state"] == "ACTIVE" else card["state"].lower(),
    }


def _now() -> datetime:
    return datetime.now(UTC)


def _time(noted: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(noted["at"])


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
