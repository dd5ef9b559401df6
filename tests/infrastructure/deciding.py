"""A site at work: its line is decided at once, as by a worker that hears every ring; texts and entries."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Thread

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.infrastructure.serving import AGENT, SITE_NUMBER
from tests.infrastructure.visiting import enrol, plain, say_sure, token_of
from tests.sending import StandingClock
from worker.bell.bell import Bell
from worker.clock import Clock
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, all_sites, open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.runtime import Runtime

MANAGER, CONSULTANT, SERVICE = "+8613800000001", "+8613800000002", "+8613800000003"
LI, WANG, ZHENG = AGENT, "+8613900000021", "+8613900000041"
PEOPLE = (
    {"name": "李四", "phone": LI, "unit": "链家", "kind": "distributor"},
    {"name": "王五", "phone": WANG, "unit": "贝壳", "kind": "distributor"},
    {"name": "郑丽", "phone": ZHENG, "unit": "公司业务部", "kind": "own"},
)
LOOK_S = 0.01
_texts = count(1)


class DecidingBell(Bell):
    """A bell that is answered before whoever rings it goes on."""

    def __init__(self, runtime: Runtime) -> None:
        """Ring for the lines of this runtime."""
        super().__init__(runtime.redis)
        self._runtime = runtime

    def ring_decide(self, site_id: int) -> bool:
        """Decide this site's line."""
        return bool(decide_site(self._runtime.engine, site_id, clock=self._runtime.clock))


@contextmanager
def deciding(runtime: Runtime) -> Iterator[None]:
    """Decide each line as soon as its bell rings, until the end."""
    bell, runtime.bell = runtime.bell, DecidingBell(runtime)
    try:
        yield
    finally:
        runtime.bell = bell


@contextmanager
def watching(runtime: Runtime) -> Iterator[None]:
    """Decide each line as soon as something stands in it, until the end: for what another process enters and rings."""
    over = Event()

    def decide() -> None:
        while not over.wait(LOOK_S):
            for site in all_sites(runtime.engine):
                decide_site(runtime.engine, site.id, clock=runtime.clock)

    thread = Thread(target=decide)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def staffed_site(runtime: Runtime, clock: Clock | None = None) -> SiteRow:
    """Open a site with one of each role and three units."""
    staff = {"manager": [MANAGER], "consultant": [CONSULTANT], "service": [SERVICE]}
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, staff, "sandbox", clock=clock)
    put(runtime.engine, site, "roster", {"people": [dict(person) for person in PEOPLE]}, clock)
    return site


def reported_site(runtime: Runtime, clock: StandingClock) -> SiteRow:
    """Open a site whose manager, consultant and service log in by their roles; 李四 reported 张三 there an hour ago."""
    site = staffed_site(runtime, clock)
    for role, phone in (("manager", MANAGER), ("consultant", CONSULTANT), ("service", SERVICE)):
        enrol(runtime, role, role, phone=phone)
    text(runtime, site, LI, "报备 张三 138****5678")
    clock.move(hours=1)
    return site


def text(runtime: Runtime, site: SiteRow, sender: str, words: str) -> None:
    """Have somebody text the site, and the text decided."""
    accept(runtime.engine, Inbound("sandbox", f"t{next(_texts)}", sender, site.number, words), runtime.line_clock)
    decide_site(runtime.engine, site.id, clock=runtime.clock)


def send_form(visitor: FlaskClient, path: str, entry: str, /, **fields: str) -> TestResponse:
    """Send a form that puts something in line, say that one is sure where that is asked, and go where it leads."""
    form = {"token": token_of(visitor), "entry": entry} | fields
    return say_sure(visitor, visitor.post(path, data=form, follow_redirects=True), follow_redirects=True)


def outcome(answer: TestResponse) -> str:
    """Return the outcome that a page shows, its words alone."""
    found = re.search(r'<section class="outcome.*?</section>', answer.text, re.DOTALL)
    return plain(found[0]).strip() if found else ""
