"""`/metrics`: what Prometheus reads, on both databases, and what it reads while something is away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update

from tests.infrastructure.serving import AGENT, SITE_NUMBER, TWILIO, client_of, database_away, runtime_of
from tests.infrastructure.waiting import eventually
from tests.sending import MANAGER, StandingClock, add_reply, add_site, lease
from worker.alerts.alerts import Alerts
from worker.bell.forgeries import forgery_of
from worker.bell.heartbeats import SWEEPER, beat
from worker.clock import utc_now
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site
from worker.gateways.base import Inbound, Refused, SenderStopped, Sent, Stopped, Unknown
from worker.line.comparisons import Comparison, begin, finish
from worker.line.door import accept
from worker.outbox.outcomes import record
from worker.outbox.stops import stop
from worker.readers.latency import quantile
from worker.runtime import Runtime
from worker.store.schema import gateway_stops, replies

CLIENT = "金丝雀"

Numbers = dict[tuple[str, str], float]


@pytest.fixture
def clock() -> StandingClock:
    # Ahead of the real time, at which the site is opened: the times of a line never fall.
    return StandingClock(utc_now() + timedelta(minutes=1))


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str, clock: StandingClock) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    runtime.clock = clock
    yield runtime
    runtime.close()


def scraped(client: FlaskClient) -> Numbers:
    """Return each sample by its name and the value of its label, "" where it has none."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation for family in families)
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value for f in families for sample in f.samples
    }


def text(runtime: Runtime, number: int) -> None:
    words = f"报备 {CLIENT} 138****5678 李四 链家"
    assert accept(runtime.engine, Inbound("twilio", f"m{number}", AGENT, SITE_NUMBER, words), runtime.clock).site_id


def hand_over(runtime: Runtime, outcome: Sent | Refused | Unknown, **fields: str) -> None:
    one = add_reply(runtime.engine, 1, f"geheim {len(str(outcome))}", runtime.clock(), role="notice", **fields)
    claimed = lease(runtime.engine, one, runtime.clock())
    assert claimed is not None
    record(runtime.engine, claimed, outcome, runtime.clock())


def test_the_line_and_its_decisions(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "twilio")
    first = scraped(client)
    for number in (1, 2):
        text(runtime, number)
    accept(runtime.engine, Inbound("twilio", "m9", AGENT, "+8613800000077", CLIENT), runtime.clock)
    clock.move(seconds=30)
    waiting = scraped(client)
    decide_site(runtime.engine, 1, clock=clock)
    decided, elsewhere = scraped(client), scraped(client_of(runtime))
    assert sum(value for (name, _), value in first.items() if name == "baobei_decisions_total") == 1
    names = ("baobei_messages_received_total", "baobei_messages_undecided", "baobei_oldest_undecided_seconds")
    assert [[numbers[name, "1"] for name in names] for numbers in (first, waiting, decided)] == [
        [1, 0, 0],
        [3, 2, 30],
        [3, 0, 0],
    ]
    assert waiting["baobei_texts_unrouted", ""] == 1
    counted = {label: value for (name, label), value in decided.items() if name == "baobei_decisions_total"}
    assert sum(counted.values()) == 3
    assert counted == {key[1]: v for key, v in elsewhere.items() if key[0] == "baobei_decisions_total"}


def test_replies_failures_and_how_long_agents_wait(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "twilio")
    text(runtime, 1)
    clock.move(seconds=2)
    decide_site(runtime.engine, 1, clock=clock)
    claimed = lease(runtime.engine, 1, clock())
    assert claimed is not None
    record(runtime.engine, claimed, Sent("SM1"), clock())
    # Neither is a notice anybody waits for, nor does a failure count as an answer.
    clock.move(seconds=60)
    hand_over(runtime, Sent("SM22"))
    hand_over(runtime, Refused("21211", "", "number"))
    hand_over(runtime, Unknown("ReadTimeout", ""))
    numbers = scraped(client)
    assert [numbers["baobei_replies", s] for s in ("sent", "failed", "unknown", "pending", "review")] == [2, 1, 1, 0, 0]
    assert numbers["baobei_replies_failed", "21211"] == 1
    outcomes = [numbers["baobei_attempts_last_hour", o] for o in ("sent", "refused", "unknown")]
    assert outcomes == [2, 1, 1]
    assert numbers["baobei_reply_latency_samples", ""] == 1
    assert {numbers["baobei_reply_latency_seconds", q] for q in ("0.5", "0.95", "0.99")} == {2}
    clock.move(hours=1)
    later = scraped(client)
    assert later["baobei_reply_latency_samples", ""] == 0
    assert ("baobei_attempts_last_hour", "sent") not in later


def test_replies_by_state_stay_exact_from_scrape_to_scrape(
    client: FlaskClient, runtime: Runtime, clock: StandingClock
) -> None:
    add_site(runtime.engine)
    for number in range(7):
        one = add_reply(runtime.engine, 1, f"R{number}", clock(), state="sent")
        add_reply(runtime.engine, 1, f"R{number} unsure", clock(), state="unknown")
        scraped(client)
        if number % 2:
            with runtime.engine.begin() as connection:
                connection.execute(update(replies).where(replies.c.id == one).values(state="failed"))
        clock.move(minutes=3)
    numbers = scraped(client)
    assert [numbers["baobei_replies", state] for state in ("sent", "failed", "unknown")] == [4, 3, 7]


def test_stops_alerts_and_the_sweeper(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    add_site(runtime.engine)
    assert [scraped(client)[name, "twilio"] for name in ("baobei_gateway_stopped", "baobei_numbers_stopped")] == [0, 0]
    with runtime.engine.begin() as connection:
        stop(connection, "twilio", "", Stopped("20003", "no"), clock())
        stop(connection, "twilio", SITE_NUMBER, SenderStopped("21603", "no"), clock())
    Alerts(runtime.engine, runtime.spool, None, clock).look()
    beat(runtime.engine, SWEEPER, clock() - timedelta(seconds=7))
    numbers = scraped(client)
    assert [numbers[name, "twilio"] for name in ("baobei_gateway_stopped", "baobei_numbers_stopped")] == [1, 1]
    assert [numbers["baobei_alerts_raised", code] for code in ("gateway_stopped", "number_stopped")] == [1, 1]
    assert numbers["baobei_sweeper_silent_seconds", ""] == 7


def test_what_comparing_with_a_gateways_list_has_healed(
    client: FlaskClient, runtime: Runtime, clock: StandingClock
) -> None:
    for found, healed in ((7, 2), (5, 1)):
        one = begin(runtime.engine, "twilio", clock(), clock(), clock())
        finish(runtime.engine, one, Comparison("twilio", clock(), clock(), found, healed, None), clock())
    names = [f"baobei_backfill_{name}_last_day" for name in ("found", "healed")]
    assert [scraped(client)[name, "twilio"] for name in names] == [12, 3]
    clock.move(days=1)
    assert [scraped(client)[name, "twilio"] for name in names] == [0, 0]


def test_what_lies_in_the_spool(client: FlaskClient, runtime: Runtime) -> None:
    for number in range(3):
        runtime.spool.keep(Inbound("twilio", f"m{number}", AGENT, SITE_NUMBER, CLIENT))
    runtime.spool.set_aside(runtime.spool.waiting()[0])
    numbers = scraped(client)
    assert [numbers[f"baobei_{name}_texts", ""] for name in ("spooled", "spool_unreadable")] == [2, 1]


def test_queues_and_refused_signatures(client: FlaskClient, runtime: Runtime) -> None:
    runtime.redis.sadd("rq:workers:send", "rq:worker:one")
    runtime.redis.hset("rq:worker:one", "state", "idle")
    runtime.bell.ring_decide(7)
    client.post("/gateways/twilio/messages", data={"Body": CLIENT})
    eventually(lambda: forgery_of(runtime.redis, "twilio"), "it is counted")
    numbers = scraped(client)
    queues = [(numbers["baobei_queue_jobs", q], numbers["baobei_queue_workers", q]) for q in ("decide", "send")]
    assert queues == [(1, 0), (0, 1)]
    assert numbers["baobei_queue_failed_jobs", "decide"] == 0
    assert numbers["baobei_signature_failures_total", "twilio"] == 1


def test_says_what_runs_and_what_answers(client: FlaskClient) -> None:
    numbers = scraped(client)
    assert [numbers[f"baobei_{name}_up", ""] for name in ("database", "redis")] == [1, 1]
    assert any(name == "baobei_build_info" and version for name, version in numbers)
    assert client.get("/metrics").content_type.startswith("text/plain; version=")


def test_answers_while_everything_is_away(tmp_path: Path, database_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/nobody.sock")
    runtime.spool.keep(Inbound("twilio", "m1", AGENT, SITE_NUMBER, CLIENT))
    with database_away(runtime, tmp_path):
        numbers = scraped(client_of(runtime))
    assert {name: value for (name, _), value in numbers.items()} == {
        "baobei_build_info": 1,
        "baobei_database_up": 0,
        "baobei_redis_up": 0,
        "baobei_spooled_texts": 1,
        "baobei_spool_unreadable_texts": 0,
    }
    runtime.close()


def test_nothing_is_about_a_person(client: FlaskClient, runtime: Runtime, clock: StandingClock) -> None:
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "twilio")
    text(runtime, 1)
    decide_site(runtime.engine, 1, clock=clock)
    with runtime.engine.begin() as connection:
        row = {"gateway": "twilio", "number": SITE_NUMBER, "since": clock(), "code": "21603", "words": "geheim"}
        connection.execute(insert(gateway_stops).values(row))
    said = client.get("/metrics").text
    for word in (CLIENT, "5678", AGENT[1:], MANAGER[1:], SITE_NUMBER[1:], "geheim", "翡翠湾"):
        assert word not in said


def test_a_quantile_is_the_value_that_so_many_do_not_exceed() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert [quantile(hundred, q) for q in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert [quantile([7.0], q) for q in (0.5, 0.99)] == [7, 7]
