"""A second brand beside the world's, for all that must not cross."""

from dataclasses import replace

import pytest

from tests.world import World, a_brand


@pytest.fixture
def rival(world: World) -> World:
    """The same service as another brand sees it."""
    brand = a_brand(world.context, world.authority, "Rival", "pass.com.example.rival")
    return replace(world, brand=brand)
