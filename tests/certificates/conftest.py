"""Certificates that last as long as a test wants, of the brand's own pass type."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from service.domain.credentials import CertificateFiles
from service.emulators.certificates import Authority, Issued
from service.operations.certificates import Imported, import_certificate
from tests.world import TEAM, World, files_of

Renew = Callable[..., Imported]


@pytest.fixture(scope="session")
def ending(authority: Authority) -> Callable[..., Issued]:
    """Issues a certificate with so many whole days left; each one once a day: keys are slow."""
    known: dict[tuple[date, int], Issued] = {}

    def issue(world: World, days: int) -> Issued:
        now = world.clock()
        if (now.date(), days) not in known:
            half_day_later = now + timedelta(hours=12)
            known[now.date(), days] = authority.pass_certificate(
                world.brand.pass_type_id, TEAM, now=half_day_later, days=days
            )
        return known[now.date(), days]

    return issue


@pytest.fixture
def renew(world: World, ending: Callable[..., Issued]) -> Renew:
    """Imports a certificate of the brand that ends in so many days; `after`: takes over then."""

    def go(days: int, after: float | None = None, **more: Any) -> Imported:
        files: CertificateFiles = files_of(ending(world, days), world.authority)
        at = None if after is None else world.clock() + timedelta(days=after)
        return import_certificate(world.context, world.brand.id, files, active_from=at, **more)

    return go
