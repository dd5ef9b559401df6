"""The pages show what retention has erased as erased, in the reader's language, instead of failing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.infrastructure.serving import SITE_NUMBER, runtime_of
from tests.infrastructure.visiting import enrol, visitor
from tests.sending import StandingClock
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.processes.repairs import Mender
from worker.retention.run import retain
from worker.runtime import Runtime
from worker.store.schema import replies, sites

LI = "+8613900000011"


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    runtime.clock = StandingClock()
    yield runtime
    runtime.close()


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    """Return a site all of whose texts and clients are erased."""
    clock = runtime.clock
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox", clock=clock)
    person = {"name": "李四", "phone": LI, "unit": "链家", "kind": "distributor"}
    put(runtime.engine, site, "roster", {"people": [person]}, clock)
    accept(runtime.engine, Inbound("sandbox", "m1", LI, SITE_NUMBER, "报备 张三丰 138****5678 李四"), clock)
    while decide_site(runtime.engine, site.id, clock=clock).more:
        pass
    sent = {"state": "sent", "sent_at": clock(), "next_at": clock()}
    with runtime.engine.begin() as connection:
        connection.execute(update(replies).values(sent))
        row = connection.execute(select(sites)).one()
    assert retain(runtime.engine, row, clock() + timedelta(days=40), dry_run=False).counts["claims"] == 1
    return site


@pytest.fixture
def client(runtime: Runtime, site: SiteRow) -> FlaskClient:
    enrol(runtime, "ops", "ops", "manager")
    return visitor(create_app(runtime), "ops")


@pytest.mark.parametrize(
    "page", ["/register", "/register/{site}/{seq}/0", "/ops/texts/{site}/{seq}", "/phones", "/ops"]
)
def test_a_page_says_that_it_is_erased(client: FlaskClient, site: SiteRow, page: str) -> None:
    answer = client.get(page.format(site=site.id, seq=3), follow_redirects=True)
    assert answer.status_code == 200, answer.status
    if page != "/ops":
        assert "已清除" in answer.text
    assert "张三丰" not in answer.text
    assert "****#" not in answer.text


def test_a_reply_whose_words_are_gone_is_not_sent_again(runtime: Runtime, site: SiteRow) -> None:
    who = enrol(runtime, "ops", "ops")
    with runtime.engine.begin() as connection:
        connection.execute(update(replies).values(state="failed"))
        [first, *_] = connection.execute(select(replies.c.id, replies.c.words)).all()
    assert first.words == ""
    assert not Mender(runtime, who).resend(site.id, first.id)
