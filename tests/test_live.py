"""What waits for whoever is logged in: counts beside the pages, by his roles and sites; what he chose to hear of it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.infrastructure.deciding import LI, MANAGER, WANG, text
from tests.infrastructure.visiting import enrol, post, visitor
from tests.sending import StandingClock
from webhook.app import create_app
from worker.alerts.alarm import Alarm
from worker.alerts.book import Raised, save
from worker.decide.set_up import SiteRow, open_site
from worker.runtime import Runtime


@pytest.fixture
def app(runtime: Runtime, site: SiteRow) -> Flask:
    return create_app(runtime, kept_s=0)


def waits_for(app: Flask, name: str) -> dict[str, list[object]]:
    answer = visitor(app, name).get("/live").json
    assert isinstance(answer, dict)
    return answer


def test_what_waits_is_counted_for_whoever_sees_to_it(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    for name in ("manager", "consultant", "service"):
        assert waits_for(app, name) == {}
    text(runtime, site, LI, "报备 王丽 139****8877 今天下午带看")
    text(runtime, site, LI, "到访 张三 138****5678")
    text(runtime, site, WANG, "异议 R1 上月由我带看")
    expected = "1 位客户预计今天到访"
    assert waits_for(app, "manager") == {"cases": [1, "1 个待判客"], "desk": [2, f"1 张确认单待您签字 · {expected}"]}
    assert waits_for(app, "consultant") == {"desk": [2, f"1 张确认单待您签字 · {expected}"]}
    assert waits_for(app, "service") == {"desk": [1, expected]}


def test_alerts_are_counted_for_ops_of_their_sites(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    other = open_site(runtime.engine, "云栖府", "+8613800000009", {"manager": [MANAGER]}, "sandbox", clock=clock)
    here, there, nowhere = ({"site": 1}, {"site": other.id}, {"texts": 2})
    alarms = [Alarm("line_stands", str(n), clock(), "…", dict(each)) for n, each in enumerate((here, there, nowhere))]
    book = {(each.code, each.scope): Raised(each) for each in alarms}
    over = Raised(Alarm("line_ahead", "", clock(), "…", {"site": 1}), cleared_at=clock())
    save(runtime.engine, book | {("line_ahead", ""): over})
    enrol(runtime, "all", "ops")
    enrol(runtime, "one", "ops", site_id=1)
    assert waits_for(app, "all") == {"ops": [3, "3 项异常"]}
    assert waits_for(app, "one") == {"ops": [1, "1 项异常"]}


def test_who_is_logged_out_is_told_so(app: Flask) -> None:
    assert app.test_client().get("/live", headers={"HX-Request": "true"}).status_code == 401


def test_sound_and_notices_are_off_until_somebody_wants_them(app: Flask) -> None:
    def chosen(client: FlaskClient) -> list[tuple[str, ...]]:
        return re.findall('data-sound="(.*?)" data-notice="(.*?)"', client.get("/account").text)

    manager = visitor(app, "manager")
    assert chosen(manager) == [("off", "off")]
    post(manager, "/preferences", sound="on")
    assert chosen(manager) == [("on", "off")]
    post(manager, "/preferences", notice="on", sound="loud")
    assert chosen(manager) == [("on", "on")]
