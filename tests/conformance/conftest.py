"""The two ways to run Tessera, as the end-to-end tests start them."""

from tests.e2e.conftest import deployment, embedded, scaled

__all__ = ["deployment", "embedded", "scaled"]
