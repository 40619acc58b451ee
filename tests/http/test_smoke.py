from tests.world import World


def test_a_snapshot_makes_a_card_once(world: World) -> None:
    first = world.card("m-1", points=120)
    again = world.card("m-1", points=120)

    assert first["id"] == again["id"]
    assert again["account"]["balances"]["points"]["amount"] == 120


def test_the_same_event_is_applied_once(world: World) -> None:
    card = world.card()

    first = world.points("e-1", card, add=5)
    again = world.points("e-1", card, add=5)

    assert first["outcome"] == "applied"
    assert again["outcome"] == "duplicate"
    assert again["first"] == "applied"
    assert again["balances"]["points"]["amount"] == 105
