"""Figures for Prometheus, read from the database when they are asked for.

Few queries, and none that walks a big table every time: passes are counted every 5 minutes.
"""

from collections.abc import Iterator, Mapping

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.context import Context
from service.domain.errors import NotFound
from service.http.contract import here
from service.operations import expiry, figures

blueprint = Blueprint("metrics", __name__)
alone = Blueprint("metrics_alone", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures, if they are to be served on the service's own port."""
    settings = here().settings
    if settings.metrics_port != settings.port:
        raise NotFound("There is nothing at this address.")
    return scrape()


@alone.get("/metrics")
def scrape() -> Response:
    """All figures as they are now."""
    registry = CollectorRegistry()
    registry.register(_Figures(here()))
    return Response(generate_latest(registry), 200, content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Figures(Collector):
    """What one scrape reads. Labels are names that operators gave and closed sets, never ids."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def describe(self) -> Iterator[Metric]:
        """Tell nothing ahead: the figures are read once, by `collect`."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        context = self._context
        yield _gauge(
            "tessera_certificate_days_left",
            "Days until no pass of the type can be signed; renewals that wait are counted in.",
            ("brand", "pass_type"),
            {
                (each.brand, each.type_id): each.days_left
                for each in expiry.standings(context)
                if each.is_last
            },
        )
        yield _gauge(
            "tessera_passes",
            "Passes of the type, as counted in the last 5 minutes.",
            ("pass_type",),
            {(name,): each.passes for name, each in expiry.recent_reach(context).items()},
        )
        yield _gauge(
            "tessera_deliveries_due",
            "Deliveries that are due and that no worker has taken.",
            ("wallet",),
            {(name,): number for name, number in figures.due(context).items()},
        )
        yield _gauge(
            "tessera_deliveries_stale",
            "Phones that were pushed again and did not come, as counted in the last 5 minutes.",
            (),
            {(): sum(figures.stale(context).values())},
        )
        yield _gauge(
            "tessera_wallet_halted",
            "1 for a pass type that is not pushed because the wallet's vendor refuses our set-up.",
            ("wallet", "type"),
            dict.fromkeys(figures.halted_types(context), 1),
        )
        yield _gauge(
            "tessera_device_reports",
            "Reports of devices that are kept, as counted in the last 5 minutes.",
            ("kind",),
            {(kind,): number for kind, number in figures.reports(context).items()},
        )


def _gauge(
    name: str, meaning: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], int]
) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for of_labels, value in values.items():
        family.add_metric(of_labels, value)
    return family
