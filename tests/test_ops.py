"""`/ops`: what it says of the line, the outbox, the queues and the gateways, and what one can do there."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from flask.testing import FlaskClient
from rq.job import Job
from sqlalchemy import insert, select

from tests.fake_twilio import ACCOUNT, TOKEN, fake_twilio
from tests.infrastructure.serving import AGENT, SITE_NUMBER, runtime_of
from tests.infrastructure.visiting import enrol, log_in, plain, post, post_for_sure, visitor
from tests.sending import StandingClock, add_reply, reply
from webhook.app import create_app
from webhook.charts import nice_top
from webhook.ops_words import ERRORS
from worker.alerts.alarm import Alarm
from worker.alerts.book import Raised, save
from worker.alerts.reply_alarms import OUR_OWN
from worker.bell.bell import DECIDE
from worker.bell.heartbeats import SWEEPER, beat
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put
from worker.gateways.base import Inbound
from worker.gateways.twilio_codes import VERDICTS, explained
from worker.line.door import accept
from worker.line.forwards import carry
from worker.outbox.courier import Courier
from worker.processes.jobs import Tasks
from worker.processes.listener import BellWorker
from worker.processes.queues import our_queues, queue_standings
from worker.readers.traffic import percentile
from worker.runtime import Runtime
from worker.store.schema import acts, gateway_stops, sites

MANAGER, STRANGER = "+8613800000001", "+8613900000099"


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> SiteRow:
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox", clock=clock)
    people = [{"name": "李四", "phone": AGENT, "unit": "链家", "kind": "distributor"}]
    put(runtime.engine, site, "roster", {"people": people}, clock)
    return site


@pytest.fixture
def client(runtime: Runtime, site: SiteRow) -> FlaskClient:
    enrol(runtime, "ops", "ops")
    return visitor(create_app(runtime), "ops")


def text(runtime: Runtime, words: str = "报备 张三 138****5678", sender: str = AGENT, to: str = SITE_NUMBER) -> None:
    text.number += 1
    accept(runtime.engine, Inbound("sandbox", f"m{text.number}", sender, to, words), runtime.clock)


text.number = 0  # type: ignore[attr-defined]


def decide(runtime: Runtime, site: SiteRow) -> None:
    decide_site(runtime.engine, site.id, clock=runtime.clock)


def send(runtime: Runtime) -> None:
    Courier(runtime.engine, runtime.gateways, runtime.clock).drain()


def shown(client: FlaskClient, path: str = "/ops") -> str:
    """Return what a reader sees of a page, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200
    return plain(answer.text)


def done(runtime: Runtime) -> list[tuple[str, str]]:
    query = select(acts.c.what, acts.c.about).where(acts.c.user_id.is_not(None)).order_by(acts.c.id)
    with runtime.engine.connect() as connection:
        return [
            (what, about) for what, about in connection.execute(query) if what not in ("logged_in", "password_chosen")
        ]


def test_a_text_that_waits_is_shown_with_its_age(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    assert "等待的短信 0 没有积压" in shown(client)
    text(runtime)
    text(runtime)
    clock.move(seconds=75)
    assert "等待的短信 2 最早的已等 1 分钟" in shown(client)


def test_one_look_says_whether_everything_is_well(client: FlaskClient, runtime: Runtime) -> None:
    assert "有问题" in shown(client)
    assert "没有判定进程" in shown(client)
    assert "清扫进程没有动静" in shown(client)
    beat(runtime.engine, SWEEPER, datetime.now(UTC))
    assert "能用，但有些不正常" in shown(client)
    for queue in ("decide", "send"):
        runtime.redis.sadd(f"rq:workers:{queue}", f"rq:worker:{queue}1")
        runtime.redis.hset(f"rq:worker:{queue}1", "state", "idle")
    assert "一切正常" in shown(client)
    runtime.redis.sadd("rq:workers:decide", "rq:worker:gone")
    assert "1 个在工作" in shown(client), "a worker without a heartbeat is none"
    add_reply(runtime.engine, 1, cause="m:1", state="unknown")
    assert "能用，但有些不正常 去向不明的回复：1" in shown(client), "the verdict is no better than its tiles"


def test_without_redis_the_page_says_so(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = runtime_of(tmp_path, runtime.settings.database_url, f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr(runtime, "redis", away.redis)
    assert "Redis 不在：无法读取" in shown(client)
    assert post(client, "/ops/jobs/decide/some-job/requeue").status_code == 303
    assert done(runtime) == []
    away.close()


def test_counts_latency_and_outcomes_of_what_went_through(
    client: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    for words in ("报备 张三 138****5678", "报备 王丽 1381****678", "报备 王丽 1381****678"):
        text(runtime, words)
        clock.move(seconds=1)
        decide(runtime, site)
        clock.move(seconds=1)
        send(runtime)
    page = shown(client)
    assert "p50 2 秒 p95 2 秒 p99 2 秒" in page
    assert "号码有误 2" in page
    assert "报备成功 1" in page
    assert "已送达 4" in page, "three replies, and the manager's notice"
    assert "最近一小时，3 条回复" in page
    clock.move(hours=1, minutes=1)
    page = shown(client)
    assert "最近一小时没有回复过短信" in page
    assert "号码有误 2" in page
    clock.move(days=1)
    log_in(client, "ops")
    assert "号码有误" not in shown(client)


def test_charts_show_what_each_minute_brought(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    def bars() -> int:
        return len(re.findall("bar-a", client.get("/ops/parts/traffic").text))

    before = bars()
    runtime.clock.move(minutes=20)  # type: ignore[attr-defined]
    text(runtime)
    decide(runtime, site)
    assert bars() == before + 2, "one in the hour, one in the day"


def test_a_part_that_shows_what_is_shown_is_not_sent_again(client: FlaskClient, runtime: Runtime) -> None:
    for name in ("now", "queues", "traffic", "troubles"):
        first = client.get(f"/ops/parts/{name}")
        again = client.get(f"/ops/parts/{name}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    text(runtime)
    assert client.get("/ops/parts/now", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert client.get("/ops/parts/everything").status_code == 404


def test_a_stopped_gateway_is_let_go_again(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    stop = {"gateway": "sandbox", "number": "", "since": clock(), "code": "20003", "words": "x"}
    with runtime.engine.begin() as connection:
        connection.execute(insert(gateway_stops), [stop])
    page = shown(client)
    assert "网关 sandbox 已停，它的回复在等待" in page
    assert "Twilio 不认我们的账号或令牌" in page
    enrol(runtime, "here", "ops", site_id=1)
    resume = "/ops/gateways/sandbox/resume"
    assert resume in client.get("/ops").text
    here = visitor(client.application, "here")
    assert resume not in here.get("/ops").text, "it concerns every site"
    assert post(here, resume).status_code == 403
    post_for_sure(client, resume)
    assert "网关 sandbox 正常发送" in shown(client)
    assert done(runtime) == [("resume", "gateway sandbox")]


@pytest.mark.parametrize("state", ["failed", "review", "unknown", "stale"])
def test_a_reply_that_did_not_arrive_is_sent_again(
    client: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock, state: str
) -> None:
    reply_id = add_reply(runtime.engine, site.id, cause="m:1", state=state, error_code="30003", useful_until=clock())
    page = shown(client)
    assert "30003 · 手机关机或不在服务区" in page
    assert "+86139****0011" in page
    post_for_sure(client, f"/ops/sites/{site.id}/replies/{reply_id}/resend")
    send(runtime)
    assert reply(runtime.engine, reply_id).state == "sent"
    assert done(runtime) == [("resend", f"reply {reply_id}")]
    assert "所有回复都已送到" in shown(client)
    post_for_sure(client, f"/ops/sites/{site.id}/replies/{reply_id}/resend")
    assert "它已有进展，没有改动" in shown(client)
    assert len(done(runtime)) == 1


def test_a_reply_in_doubt_is_settled_by_whoever_knows(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    doubtful = add_reply(runtime.engine, site.id, cause="m:1", state="unknown", error_code="lease")
    failed = add_reply(runtime.engine, site.id, cause="m:2", state="failed")
    assert "去向不明的回复 1" in shown(client)
    for reply_id in (doubtful, failed):
        post_for_sure(client, f"/ops/sites/{site.id}/replies/{reply_id}/settle")
    assert [reply(runtime.engine, each).state for each in (doubtful, failed)] == ["sent", "failed"]
    assert done(runtime) == [("settle", f"reply {doubtful}")]


def test_nobody_sees_or_mends_another_sites(runtime: Runtime, site: SiteRow, clock: StandingClock) -> None:
    other = open_site(runtime.engine, "云栖台", "+8613800000010", {"manager": [MANAGER]}, "sandbox", clock=clock)
    enrol(runtime, "there", "ops", "manager", site_id=other.id)
    there = visitor(create_app(runtime), "there")
    text(runtime, "完全看不懂")
    decide(runtime, site)
    text(runtime, "无主", to="+8613800000077")
    reply_id = add_reply(runtime.engine, site.id, cause="m:1", state="failed", error_code="30005")
    page = shown(there)
    for hidden in ("翡翠湾", "30005", "完全看不懂", "无主"):
        assert hidden not in page
    assert there.get(f"/ops/texts/{site.id}/1").status_code == 404
    for act in ("resend", "settle"):
        assert post(there, f"/ops/sites/{site.id}/replies/{reply_id}/{act}").status_code == 404
        assert post(there, f"/ops/sites/{other.id}/replies/{reply_id}/{act}").status_code == 303
    assert reply(runtime.engine, reply_id).state == "failed"
    assert done(runtime) == []


def test_odd_texts_and_senders_who_fail_are_shown_masked(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    text(runtime, "报备 图片.jpg 13812345678", to="+8613800000077")
    for name in ("王五", "李梅", "赵强"):
        text(runtime, f"报备 {name}")
    text(runtime, "报备 在吗在吗")
    decide(runtime, site)
    page = shown(client)
    assert "图片.jpg 138" in page
    assert "13812345678" not in page
    assert re.search(r"李四 链家 \+86139\*\*\*\*0011 [34] ", page)


def test_one_texts_path_goes_from_the_gateway_to_the_delivery(
    client: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    text(runtime, "报备 张三 138****5678")
    assert "等待判定" in shown(client, f"/ops/texts/{site.id}/3")
    clock.move(seconds=1)
    decide(runtime, site)
    clock.move(seconds=2)
    send(runtime)
    page = shown(client, f"/ops/texts/{site.id}/3")
    steps = [
        "12:00:00.000 2026-11-02 进入队列第 3 位",
        "李四 · 链家 · +86 139 0000 0011 报备 张三 138****5678",
        "12:00:01.000 +1 秒 判定：报备成功",
        "张三 138****5678 · 报备成功 · R1",
        "12:00:01.000 +1 秒 回复已写好",
        "12:00:03.000 +3 秒 交给网关，第 1 次",
        "网关已接收",
        "已送达",
    ]
    places = [page.find(step) for step in steps]
    assert -1 not in places, steps[places.index(-1)]
    assert places == sorted(places)
    beyond = client.get(f"/ops/texts/{site.id}/4")
    assert (beyond.status_code, "队列还没有这么长" in beyond.text) == (404, True)


def test_a_path_tells_where_a_text_was_passed_on_to_and_where_it_came_from(
    client: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    other = open_site(runtime.engine, "云栖台", "+8613800000010", {"manager": [MANAGER]}, "sandbox", clock=clock)
    text(runtime, "报备 云栖台 张三 138****5678 李四")
    decide(runtime, site)
    place = _last_place(runtime, site)
    assert "待转至云栖台" in shown(client, f"/ops/texts/{site.id}/{place}")
    carry(runtime.engine, clock=clock)
    there = _last_place(runtime, other)
    assert f"已转至云栖台 其来信序第{there}位" in shown(client, f"/ops/texts/{site.id}/{place}")
    assert f"先由翡翠湾收到 其来信序第{place}位" in shown(client, f"/ops/texts/{other.id}/{there}")


def _last_place(runtime: Runtime, site: SiteRow) -> int:
    with runtime.engine.connect() as connection:
        return int(connection.execute(select(sites.c.last_seq).where(sites.c.id == site.id)).scalar_one())


def test_on_its_path_a_failed_reply_can_be_sent_again(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    reply_id = add_reply(runtime.engine, site.id, cause="m:1", state="failed", error_code="30005")
    assert "号码不存在" in shown(client, f"/ops/texts/{site.id}/1")
    answer = post_for_sure(client, f"/ops/sites/{site.id}/replies/{reply_id}/resend", next=f"/ops/texts/{site.id}/1")
    assert answer.location == f"/ops/texts/{site.id}/1"


class Broken(Tasks):
    """A worker that breaks."""

    def decide_site(self, site_id: int) -> int:
        raise ZeroDivisionError("金丝雀13812345678")


def work(runtime: Runtime, tasks: Tasks) -> None:
    redis = runtime.waiting_redis()
    worker = BellWorker(DECIDE, redis, tasks, Event())
    worker._install_signal_handlers = lambda: None  # type: ignore[method-assign]
    worker.work(burst=True, logging_level="CRITICAL")
    redis.close()


def failed_ids(runtime: Runtime) -> list[str]:
    standings = queue_standings(runtime)
    assert standings
    return [job.id for job in standings[0].failures]


def test_a_failed_job_is_shown_and_queued_again(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    runtime.bell.ring_decide(site.id)
    work(runtime, Broken(runtime))
    page = shown(client)
    assert f"decide_site {site.id}" in page
    assert "ZeroDivisionError" in page
    assert "金丝雀" not in page
    (job_id,) = failed_ids(runtime)
    text(runtime)
    post(client, f"/ops/jobs/decide/{job_id}/requeue")
    assert (our_queues(runtime)[0].count, failed_ids(runtime)) == (1, [])
    assert done(runtime) == [("requeue", f"job decide {job_id}")]
    work(runtime, Tasks(runtime))
    assert "等待的短信 0" in shown(client)


def test_a_job_that_is_none_of_ours_is_never_queued_again(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    job = Job.create("os.system", args=("true",), connection=runtime.redis, origin=DECIDE)
    job.save()
    runtime.redis.zadd(f"rq:failed:{DECIDE}", {job.id: 2_000_000_000})
    assert "不是我们的任务" in shown(client)
    post(client, f"/ops/jobs/decide/{job.id}/requeue")
    post(client, "/ops/jobs/default/x/requeue")
    assert our_queues(runtime)[0].count == 0
    assert done(runtime) == []


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([], 50, None), ([1.0], 99, 1.0), ([1.0, 2.0], 50, 1.0), ([1.0, 2.0, 3.0], 50, 2.0), (list(range(100)), 95, 94)],
)
def test_percentiles(values: list[float], percent: int, found: float | None) -> None:
    assert percentile(values, percent) == found


@pytest.mark.parametrize(("peak", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (7, 10), (10, 10), (11, 20), (420, 500)])
def test_a_charts_upper_edge_is_a_round_number(peak: float, top: float) -> None:
    assert nice_top(peak) == top


def test_each_code_of_twilio_that_we_know_has_words() -> None:
    assert set(OUR_OWN) <= set(ERRORS)
    assert [code for code in VERDICTS if not explained(code, "zh")] == []


def test_raised_alerts_are_shown_in_the_pages_language_and_the_sites_zone(
    client: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    enrol(runtime, "here", "ops", site_id=site.id)
    here = visitor(client.application, "here")
    detail: dict[str, int | str] = {"site": site.id, "waiting": 3}
    stands = Alarm("line_stands", f"site:{site.id}", clock(), "3 texts wait since 2026-11-02 04:00 UTC.", detail)
    stopped = Alarm("gateway_stopped", "twilio", clock(), "…", {"gateway": "twilio", "error": "20003"})
    odd = Alarm("unheard_of", "", clock(), "Nobody has words for this.", {})
    save(runtime.engine, {(each.code, each.scope): Raised(each) for each in (stands, stopped, odd)})
    page = shown(client)
    assert "队列停滞 翡翠湾 · 自 12:00:00 翡翠湾有 3 条短信等待判定，最早的自 2026-11-02 12:00 起。" in page
    assert "网关 twilio 自 2026-11-02 12:00 起停发（Twilio 不认我们的账号或令牌" in page
    assert "Nobody has words for this." in page
    assert "已触发 3 项警报" in page
    assert "队列停滞" in shown(here), "it is about his site"
    assert "网关 twilio 自" not in shown(here), "it concerns every site"
    client.set_cookie("language", "en")
    assert "Texts waiting for a decision at 翡翠湾: 3, the first since 2026-11-02 12:00." in shown(client)
    save(runtime.engine, {("line_stands", stands.scope): Raised(stands, cleared_at=clock())})
    assert "A line stands" not in shown(client)


def test_spans_of_other_times_are_in_the_sites_zone(runtime: Runtime, clock: StandingClock) -> None:
    site = open_site(
        runtime.engine, "远方", "+8613800000090", {"manager": [MANAGER]}, "sandbox", "America/New_York", clock=clock
    )
    enrol(runtime, "ops", "ops")
    page = shown(visitor(create_app(runtime), "ops"), f"/ops/texts/{site.id}/1")
    local = (clock.now + timedelta(0)).astimezone(site.zone)
    assert f"{local:%H:%M:%S}.000 {local:%Y-%m-%d}" in page


# ---- The “nothing lost” meter, with a gateway that keeps a list -----------------------------------------------------


def test_comparing_now_heals_and_moves_the_meter(
    tmp_path: Path, database_url: str, redis_url: str, clock: StandingClock
) -> None:
    with fake_twilio() as fake:
        account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": fake.url}
        runtime = runtime_of(tmp_path, database_url, redis_url, **account)
        runtime.clock = clock
        site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "twilio", clock=clock)
        enrol(runtime, "ops", "ops")
        client = visitor(create_app(runtime), "ops")
        assert "补回 0 条 尚未核对" in shown(client)
        fake.receive("1", "报备 张三 138****5678", clock() - timedelta(minutes=30))
        post(client, "/ops/gateways/twilio/backfill")
        page = shown(client)
        assert "核对 1 条，补回 1 条，已进入队列" in page
        assert "不丢短信 · twilio 补回 1 条 12:00:00：核对 1 条，缺 1 条 截至 11:58:00 完整" in page
        assert "等待的短信 1" in page
        assert done(runtime) == [("backfill", "gateway twilio")]
        assert site.gateway == "twilio"
        runtime.close()


def test_a_gateway_without_a_list_cannot_be_compared(client: FlaskClient, runtime: Runtime) -> None:
    assert "不丢短信" not in shown(client)
    post(client, "/ops/gateways/sandbox/backfill")
    post(client, "/ops/gateways/nowhere/backfill")
    assert "现在无法核对" in shown(client)
    assert done(runtime) == []
