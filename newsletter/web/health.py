"""For machines that watch: is it alive, and how is it going."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from newsletter.app import App
from newsletter.store import archive, notices, subscribers
from newsletter.web.guard import is_local, is_operator
from newsletter.web.pages import READ, TheApp, ThePages

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=READ)
def healthz(app: TheApp) -> Response:
    """200 when the database answers, else 503."""
    try:
        with app.database.read() as connection:
            notices.waiting(connection)
    except SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


@router.api_route("/metrics", methods=READ)
def metrics(request: Request, app: TheApp, pages: ThePages) -> Response:
    """For Prometheus on this machine; from elsewhere with the admin's password."""
    if not (is_local(request) or is_operator(request, app)):
        ask = {"WWW-Authenticate": 'Basic realm="newsletter metrics", charset="UTF-8"'}
        return pages.message(request, 401, "For the operator only", "Metrics need the admin's password.", ask)
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


def registry(app: App) -> CollectorRegistry:
    """What /metrics shows: counted in the database when it is asked for, so every process tells the same."""
    made = CollectorRegistry()
    made.register(_Books(app))
    return made


class _Books(Collector):
    def __init__(self, app: App) -> None:
        self._app = app

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("newsletter_notices_waiting", "Confirmation and other notices not sent yet.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._app.database.read() as connection:
            counts = subscribers.counts(connection)
            waiting = notices.waiting(connection)
            issues = archive.counts(connection)
        labels = ["newsletter", "edition", "state"]
        readers = GaugeMetricFamily("newsletter_subscriptions", "Subscriptions by state.", labels=labels)
        for key, number in counts.items():
            readers.add_metric(key, number)
        written = GaugeMetricFamily("newsletter_issues", "Issues by state.", labels=labels)
        for key, number in issues.items():
            written.add_metric(key, number)
        yield readers
        yield written
        yield GaugeMetricFamily(
            "newsletter_notices_waiting", "Confirmation and other notices not sent yet.", value=waiting
        )
