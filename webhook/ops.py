"""`/ops`: is everything well, what goes through, what is stuck; and one text's whole path."""

from datetime import timedelta

from flask import Blueprint, Response, render_template

from webhook.access import allowed, polled, present_user
from webhook.accounts import ROLE_WORDS
from webhook.charts import chart_of
from webhook.gateway_views import gateway_views
from webhook.live import part
from webhook.ops_tiles import tiles_of, verdict_of
from webhook.ops_views import failure_views, outcome_views, reply_views
from webhook.ops_words import STATES, alert_views, known
from webhook.own_gateways import own_gateways
from webhook.path_views import steps_of
from webhook.runtime import runtime
from webhook.setup_frame import looks_after_all
from webhook.show import Showing
from webhook.sites import visible_site, visible_sites
from worker.alerts.book import load, raised_at
from worker.decide.set_up import SiteRow
from worker.page_door import closed_phones
from worker.processes.queues import queue_standings
from worker.readers.backlog import backlog
from worker.readers.consent import opted_out
from worker.readers.gateways import gateway_standings
from worker.readers.health import health_of
from worker.readers.losses import meters_of
from worker.readers.path import text_path
from worker.readers.traffic import latency_of, outcomes_of, reply_counts, series_of
from worker.readers.troubles import (
    MOST,
    failed_replies,
    failing_senders,
    undecidable_texts,
    unreadable_texts,
    unrouted_texts,
)

routes = Blueprint("ops", __name__, url_prefix="/ops")

MINUTE, QUARTER, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
EVERY_S = {"now": 2, "queues": 5, "traffic": 15, "troubles": 10}
"""The parts of the page in their order, and how often each is asked for again."""


@routes.get("")
@allowed("ops", "manager")
def page() -> str:
    """Show how everything stands."""
    sites = visible_sites()
    parts = {name: _part(name, sites) for name in EVERY_S}
    return render_template("ops.html", parts=parts, every_s=EVERY_S, sites=sites)


@routes.get(f"/parts/<any({','.join(EVERY_S)}):section>")
@allowed("ops", "manager")
@polled
def refresh(section: str) -> Response:
    """Return one part of the page as it stands now."""
    return part(_part(section, visible_sites()))


@routes.get("/texts/<int:site_id>/<int:seq>")
@allowed("ops", "manager")
def text(site_id: int, seq: int) -> str | tuple[str, int]:
    """Show a text's whole path, from the webhook to the delivery of every reply."""
    site = visible_site(site_id)
    path = text_path(runtime().engine, site.id, seq)
    show = Showing(runtime().clock(), site.zone)
    shown = {"site": site, "seq": seq, "path": path, "show": show, "known": known, "STATES": STATES}
    html = render_template("ops/text.html", steps=path and steps_of(path, show), **shown)
    return html if path else (html, 404)


def _part(name: str, sites: list[SiteRow]) -> str:
    show = Showing(runtime().clock(), *(site.zone for site in sites[:1]))
    found = {"now": _now, "queues": _queues, "traffic": _traffic, "troubles": _troubles}[name]
    # What concerns every gateway and queue is not for who looks after one site (`ops_acts` refuses it).
    for_all = looks_after_all()
    return render_template(f"ops/{name}.html", show=show, for_all=for_all, **found(sites, show))


def _now(sites: list[SiteRow], show: Showing) -> dict[str, object]:
    health, engine, site_ids = health_of(runtime()), runtime().engine, {site.id for site in sites}
    lines, outbox = backlog(engine, site_ids)
    gateways, used = runtime().gateways, {line.gateway for line in lines}
    listed = {line.gateway for line in lines if line.gateway in gateways and gateways[line.gateway].keeps_list}
    tiles = tiles_of(lines, outbox, queue_standings(runtime()), health, show)
    meters = meters_of(engine, listed)
    raised = raised_at(load(engine), site_ids, everywhere=present_user().everywhere)
    return {
        "verdict": verdict_of(health, tiles, meters, len(raised)),
        "tiles": tiles,
        "lines": lines,
        "used": used,
        "gateway_lines": gateway_views(gateway_standings(engine, {*own_gateways(), *used}, site_ids, show.now), show),
        "meters": meters,
        "alerts": alert_views(raised, sites, show),
    }


def _queues(_sites: list[SiteRow], _show: Showing) -> dict[str, object]:
    return {"queues": queue_standings(runtime())}


def _traffic(sites: list[SiteRow], show: Showing) -> dict[str, object]:
    engine, now, site_ids = runtime().engine, show.now, {site.id for site in sites}
    hour = series_of(engine, site_ids, now, MINUTE, 60)
    day = series_of(engine, site_ids, now, QUARTER, 96)
    return {
        "hour": chart_of(hour, show.clock(hour.begins), show.clock(now)),
        "day": chart_of(day, show.clock(day.begins), show.clock(now)),
        "latency": latency_of(engine, site_ids, now - HOUR),
        "outcomes": outcome_views(outcomes_of(engine, site_ids, now - DAY)),
        "replies": reply_views(reply_counts(engine, site_ids, now - DAY)),
    }


def _troubles(sites: list[SiteRow], show: Showing) -> dict[str, object]:
    engine, week, site_ids = runtime().engine, show.now - 7 * DAY, {site.id for site in sites}
    everywhere = present_user().everywhere
    return {
        "everywhere": everywhere,
        "most": MOST,
        "failures": failure_views(failed_replies(engine, site_ids, week, present_user())),
        "unrouted": unrouted_texts(engine) if everywhere else [],
        "unreadable": unreadable_texts(engine, site_ids, week),
        "undecidable": undecidable_texts(engine, site_ids),
        "closed": closed_phones(runtime(), site_ids),
        "opted_out": opted_out(engine, show.now, site_ids),
        "role_words": ROLE_WORDS,
        "senders": failing_senders(engine, site_ids, show.now - DAY),
    }
