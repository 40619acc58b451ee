"""Examples of what each operation takes and answers, for /openapi.json and /docs."""

from dataclasses import dataclass
from typing import Any

CARD_ID = "01a20132-514e-749e-a059-ea101d4a909a"
SNAPSHOT_CARD_ID = "01a20132-5152-7e01-b2c3-d4e5f6071829"
ACCOUNT_ID = "01a20132-5150-7c2d-9f0e-6d5a1b3c4e7f"
CARD_ACCOUNT_ID = "01a20132-514d-7a3b-8c4d-5e6f70819203"
PROGRAM_ID = "01a20130-02b1-7a44-8c19-2f6be0d7a953"
ACTION_ID = "01a20139-77aa-7b10-b3f2-90c1d2e3f405"
INSTALLATION_ID = "01a20136-1f00-7d21-a6b8-0c9d8e7f6a5b"
SOURCE_ID = "01a20131-4c3d-7e5f-8a9b-1c2d3e4f5a6b"
DESIGN_ID = "01a20135-8d21-7b6c-8f3e-4a5b6c7d8e9f"
ROLL_OUT_ID = "01a20140-3a5b-7c11-9d2e-4f6a8b0c1d2e"
OLD_DESIGN_ID = "01a20130-02a0-7d15-8e3f-5a6b7c8d9e0f"
SITE = "https://cards.example.com"
NOON = "2026-11-22T12:00:00Z"

PARAMETERS = {
    "account_id": ACCOUNT_ID,
    "action_id": ACTION_ID,
    "card_id": CARD_ID,
    "design_id": DESIGN_ID,
    "external_id": "m-1",
    "program_id": PROGRAM_ID,
    "roll_out_id": ROLL_OUT_ID,
    "source_id": SOURCE_ID,
    "webhook-id": "msg-4711",
    "webhook-timestamp": "1795348800",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}


@dataclass(frozen=True)
class Example:
    """A call that fits its operation: the query and body to send, and the answer to expect."""

    answer: Any
    body: Any = None
    query: str = ""


def _points(amount: int) -> dict[str, Any]:
    return {"points": {"amount": amount, "decimals": 0, "pending": 0, "expiring": []}}


DESIGN_LINE = {
    "id": DESIGN_ID,
    "name": "coffee",
    "version": 1,
    "languages": ["en", "ru"],
    "created_at": NOON,
}
DESIGN = {
    **DESIGN_LINE,
    "images": [
        {"name": "icon.png", "width": 38, "height": 38},
        {"name": "icon@2x.png", "width": 76, "height": 76},
        {"name": "icon@3x.png", "width": 114, "height": 114},
    ],
    "warnings": ["images/google/logo.png is missing: the design is not offered for Google Wallet."],
}

# Called one after the other, the examples tell one story: the first member comes by a snapshot and
# collects points; the second one's card is issued inactive and goes through all acts.
MEMBER = {"external_id": "m-1", "name": "First Member"}
SECOND_MEMBER = {"external_id": "m-2", "name": "Second Member"}
CARD: dict[str, Any] = {
    "id": CARD_ID,
    "number": "9004718025361942",
    "barcode": {"format": "qr", "message": "9004718025361942"},
    "program": PROGRAM_ID,
    "member": SECOND_MEMBER,
    "account": {"id": CARD_ACCOUNT_ID, "balances": _points(0), "tier": None},
    "status": "active",
    "status_reason": None,
    "blocked_by": None,
    "allowed_actions": ["block", "close"],
    "version": 2,
    "created_at": NOON,
    "activated_at": NOON,
    "expires_at": None,
    "replaces": None,
    "replaced_by": None,
    "reference": "order 4711",
    "links": {
        "add": f"{SITE}/add/Zt4k...",
        "apple": f"{SITE}/add/Zt4k.../apple.pkpass",
        "google": f"{SITE}/add/Zt4k.../google",
    },
}
ISSUED = {
    "status": "inactive",
    "allowed_actions": ["activate", "block", "close"],
    "version": 1,
    "activated_at": None,
}
SNAPSHOT_CARD = {
    **CARD,
    "id": SNAPSHOT_CARD_ID,
    "number": "9006921696610379",
    "barcode": {"format": "qr", "message": "9006921696610379"},
    "member": MEMBER,
    "account": {"id": ACCOUNT_ID, "balances": _points(120), "tier": None},
    "version": 1,
    "reference": None,
}
ROLL_OUT = {
    "id": ROLL_OUT_ID,
    "program": PROGRAM_ID,
    "from": OLD_DESIGN_ID,
    "to": DESIGN_ID,
    "status": "running",
    "percent": 5,
    "per_second": 40,
    "moved": 0,
    "remaining": 2060,
    "forecast_s": 52,
    "created_at": NOON,
    "ended_at": None,
}
WIDENED = {"percent": 100, "remaining": 41203, "forecast_s": 1031}
BLOCKED = {
    "status": "blocked",
    "status_reason": "lost",
    "blocked_by": "api",
    "allowed_actions": ["unblock", "close"],
}
CLOSED = {"status": "closed", "status_reason": "account_closure", "allowed_actions": []}
ACT = {
    "id": ACTION_ID,
    "action": "block",
    "reason": "lost",
    "comment": "reported by phone",
    "from_status": "active",
    "to_status": "blocked",
    "actor": "key support",
    "channel": "api",
    "created_at": NOON,
}


def _acted(body: dict[str, str], **changed: Any) -> Example:
    link = {"id": ACTION_ID, "url": f"{SITE}/v1/actions/{ACTION_ID}"}
    return Example({**CARD, **changed, "action": link}, body)


EXAMPLES = {
    "publish_design": Example(DESIGN),
    "list_designs": Example({"designs": [DESIGN_LINE], "next_cursor": None}, query="limit=20"),
    "read_design": Example(DESIGN),
    "list_cards": Example(
        {"cards": [SNAPSHOT_CARD], "next_cursor": None}, query="status=active&limit=20"
    ),
    "issue_card": Example(
        {**CARD, **ISSUED},
        {
            "program": PROGRAM_ID,
            "member": SECOND_MEMBER,
            "reference": "order 4711",
            "activate": False,
        },
    ),
    "read_card": Example(CARD),
    "activate_card": _acted({"reason": "first_use"}),
    "block_card": _acted({"reason": "lost", "comment": "reported by phone"}, **BLOCKED, version=3),
    "unblock_card": _acted({"reason": "found"}, version=4),
    "close_card": _acted({"reason": "account_closure"}, **CLOSED, version=5, links={}),
    "read_history": Example(
        {
            "history": [
                {
                    **ACT,
                    "request_id": "01a20139-77a9-7f3e-9d2c-5b4a39281706",
                    "store": None,
                    "url": f"{SITE}/v1/actions/{ACTION_ID}",
                }
            ],
            "next_cursor": None,
        }
    ),
    "read_action": Example(
        {
            **ACT,
            "card": CARD_ID,
            "surfaces": {
                "lookup": "done",
                "links": "done",
                "apple": "pending",
                "google": "not_connected",
                "plastic": "not_connected",
                "loyalty_system": "not_connected",
            },
        }
    ),
    "read_delivery": Example(
        {
            "card": CARD_ID,
            "passes": [
                {
                    "wallet": "apple",
                    "serial": "562f0c4a9e1b4d0f8a7c6b5d4e3f2a10",
                    "version": 5,
                    "changed_at": NOON,
                    "fetched_version": 5,
                    "fetched_at": NOON,
                    "installations": [
                        {
                            "id": INSTALLATION_ID,
                            "provider": "apns",
                            "registered_at": NOON,
                            "wanted_version": 5,
                            "pushed_version": 5,
                            "pushed_at": NOON,
                            "asked_version": 5,
                            "asked_at": NOON,
                            "fetched_version": 5,
                            "fetched_at": NOON,
                            "fetched_by": "this device",
                            "stale": False,
                            "repushes": 0,
                            "attempts": 0,
                            "last_error": None,
                        }
                    ],
                }
            ],
            "device_reports": [
                {
                    "at": NOON,
                    "kind": "spurious_push",
                    "text": "Device received spurious push. Request for passesUpdatedSince '4' "
                    "returned no serial numbers. (Device = ...)",
                }
            ],
        }
    ),
    "link_member": Example(
        {
            "url": f"{SITE}/add/all/AaIB.../cards.pkpasses",
            "expires_at": "2026-11-23T12:00:00Z",
        }
    ),
    "upsert_member": Example(
        SNAPSHOT_CARD,
        {
            "member": {"name": "First Member", "phone": "+49 30 1234567", "locale": "de"},
            "balances": {"points": 120},
            "version": 7,
        },
    ),
    "read_account": Example(
        {
            "id": ACCOUNT_ID,
            "program": PROGRAM_ID,
            "member": MEMBER,
            "balances": _points(150),
            "tier": {"code": "gold", "name": "Gold"},
        }
    ),
    "read_entries": Example(
        {
            "entries": [
                {
                    "id": "01a2013a-0b1c-7d2e-8f3a-4b5c6d7e8f90",
                    "balance": "points",
                    "operator": "add",
                    "amount": 30,
                    "balance_after": 150,
                    "event_id": "sale-4711",
                    "source": "api",
                    "version": 8,
                    "occurred_at": None,
                    "store": "store-12",
                    "reason": "purchase",
                    "message": "Thank you",
                    "created_at": NOON,
                }
            ],
            "next_cursor": None,
        },
        query="balance=points&limit=20",
    ),
    "record_points": Example(
        {"outcome": "applied", "balances": _points(150)},
        {
            "event_id": "sale-4711",
            "card_number": "9006921696610379",
            "add": 30,
            "version": 8,
            "store": "store-12",
            "reason": "purchase",
        },
    ),
    "receive_event": Example(
        {"outcome": "applied", "balances": _points(175)},
        {
            "type": "points.changed",
            "data": {"card_number": "9006921696610379", "set": 175, "version": 9},
        },
    ),
    "start_roll_out": Example(
        ROLL_OUT, {"design": DESIGN_ID, "percent": 5, "per_second": 40, "dry_run": False}
    ),
    "list_roll_outs": Example({"roll_outs": [ROLL_OUT], "next_cursor": None}, query="limit=20"),
    "read_roll_out": Example(ROLL_OUT),
    "widen_roll_out": Example({**ROLL_OUT, **WIDENED}, {"percent": 100}),
    "stop_roll_out": Example({**ROLL_OUT, **WIDENED, "status": "stopped"}),
    "resume_roll_out": Example({**ROLL_OUT, **WIDENED}),
    "roll_back": Example({**ROLL_OUT, "percent": 100, "status": "rolling_back"}),
    "read_health": Example(
        {
            "attention": ["certificate_expires"],
            "certificates": [
                {
                    "pass_type_id": "pass.com.example.cards",
                    "state": "active",
                    "active_from": "2026-01-20T09:00:00Z",
                    "ends_at": "2027-01-20T09:00:00Z",
                    "days_left": 59,
                    "stage": 60,
                    "passes": 1204,
                    "devices": 1117,
                }
            ],
            "halts": [],
            "stale_passes": 2,
            "device_reports": {"spurious_push": 1, "other": 0},
        }
    ),
    "look_card_up": Example(
        {"can_earn": True, "can_redeem": False, "decline_code": "card_blocked"},
        {"barcode": "9006921696610379"},
    ),
}
