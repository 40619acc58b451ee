"""Reading an account."""

from uuid import uuid4

from tests.world import World


def test_an_account_shows_its_balances_tier_and_member(world: World) -> None:
    card = world.card(points=12, tier={"code": "gold", "name": "Gold"}, member={"name": "Anna"})

    account = world.call("GET", f"/v1/accounts/{card['account']['id']}")

    assert account.status_code == 200
    assert account.json == {
        "id": card["account"]["id"],
        "program": str(world.brand.program.id),
        "member": {"external_id": "m-1", "name": "Anna"},
        "balances": {"points": {"amount": 12, "decimals": 0, "pending": 0, "expiring": []}},
        "tier": {"code": "gold", "name": "Gold"},
    }


def test_an_anonymous_account_has_no_member(world: World) -> None:
    card = world.call("POST", "/v1/cards", {"program": str(world.brand.program.id)}).json

    account = world.call("GET", f"/v1/accounts/{card['account']['id']}").json

    assert (account["member"], account["tier"]) == (None, None)


def test_an_account_that_does_not_exist_is_not_found(world: World) -> None:
    answer = world.call("GET", f"/v1/accounts/{uuid4()}")

    assert (answer.status_code, answer.json["code"]) == (404, "account_not_found")
