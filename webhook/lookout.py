"""What waits for whoever is logged in: counts beside the pages where he sees to it, by his roles and sites."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from flask import current_app

from webhook.access import present_user
from webhook.actor import actor_at
from webhook.kept import Kept
from webhook.language import _
from webhook.runtime import runtime
from webhook.sites import visible_sites
from worker.alerts.book import load, raised_at
from worker.decide.set_up import SiteRow
from worker.readers.to_do import SiteWaiting, waiting_at
from worker.rules.states import Signer
from worker.runtime import Runtime

KEY = "baobei.waiting"


@dataclass(slots=True)
class Lookout:
    """What waits at each site, looked at once in so many seconds however many people look."""

    runtime: Runtime
    kept_s: float
    _lock: Lock = field(default_factory=Lock)
    _kept: dict[int, Kept[SiteWaiting]] = field(default_factory=dict)

    def at(self, site: SiteRow) -> SiteWaiting:
        """Return what waits at a site."""
        with self._lock:
            made = Kept(lambda: waiting_at(self.runtime.engine, site.id, self.runtime.clock(), site.zone), self.kept_s)
            kept = self._kept.setdefault(site.id, made)
        return kept.value()


def waiting() -> dict[str, tuple[int, str]]:
    """Return for each page where something waits for whoever is logged in how much that is, and in words what."""
    who, sites = present_user(), visible_sites()
    counted = [*_at(sites)]
    if who.may(["ops"]):
        raised = len(raised_at(load(runtime().engine), {site.id for site in sites}, everywhere=who.everywhere))
        counted.append(("ops", raised, _("%(count)s troubles", count=raised)))
    pages: dict[str, tuple[int, str]] = {}
    for page, count, words in counted:
        if count:
            before, said = pages.get(page, (0, ""))
            pages[page] = before + count, " · ".join(part for part in (said, words) if part)
    return pages


def _at(sites: Iterable[SiteRow]) -> Iterator[tuple[str, int, str]]:
    """Yield page, count and words of what waits at all of these sites together."""
    who, lookout = present_user(), current_app.extensions[KEY]
    if not who.may(["manager", "consultant", "service"]):
        return
    found = [(lookout.at(site), actor_at(site).party) for site in sites]
    if who.may(["manager"]):
        cases = sum(at.cases for at, _party in found)
        yield "cases", cases, _("%(count)s cases to decide", count=cases)
    unsigned = sum(at.unsigned[Signer(party)] for at, party in found if party is not None)
    yield "desk", unsigned, _("%(count)s forms to sign", count=unsigned)
    if who.may(["service"]):
        unchecked = sum(at.unchecked for at, _party in found)
        yield "desk", unchecked, _("%(count)s arrivals to check", count=unchecked)
    expected = sum(at.expected for at, _party in found)
    yield "desk", expected, _("%(count)s clients expected today", count=expected)
