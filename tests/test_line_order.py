"""The line's promises on both databases: order under real concurrency, exactly once, nothing personal kept whole."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from worker.decide.decider import decide_site
from worker.decide.notices import tell_due
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import NotDurableError, accept
from worker.store.database import open_engine
from worker.store.schema import (
    claims,
    cursors,
    deadlines,
    decisions,
    inbox,
    metadata,
    replies,
    reports,
    sites,
    unrouted,
)

NUMBER, LI, WANG = "+8613800000000", "+8613900000011", "+8613900000021"
PEOPLE = [{"name": "李四", "phone": LI, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]
START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def site_id(engine: Engine) -> int:
    site = open_site(engine, "湾", NUMBER, {"manager": ["+8613800000001"]}, "sandbox", clock=lambda: START)
    put(engine, site, "roster", {"people": PEOPLE}, clock=lambda: START)
    return site.id


def inbound(message_id: str, words: str, sender: str = LI, to: str = NUMBER) -> Inbound:
    return Inbound("sandbox", message_id, sender, to, words, None)


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)).all())


def test_places_are_gapless_and_times_never_fall_when_many_text_at_once(engine: Engine, site_id: int) -> None:
    def text_away(part: int) -> None:
        for index in range(12):
            # Every third message is a repeated delivery of another thread's.
            shared = f"shared-{index}" if index % 3 == 0 else f"{part}-{index}"
            accept(engine, inbound(shared, f"报备 张三 138****{index:04d}"))

    threads = [threading.Thread(target=text_away, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line = rows(engine, inbox)
    assert [row.seq for row in line] == list(range(1, 2 + 6 * 8 + 4 + 1))
    times = [row.received_at for row in line]
    assert times == sorted(times)


def test_a_repeated_delivery_is_silent_and_leaves_no_gap(engine: Engine, site_id: int) -> None:
    outcomes = [accept(engine, inbound(i, "报备 张三 138****5678")).outcome for i in ("a", "a", "b", "a")]
    assert outcomes == ["accepted", "repeated", "accepted", "repeated"]
    assert [row.seq for row in rows(engine, inbox)] == [1, 2, 3, 4]


@pytest.mark.parametrize(("within", "answers"), [(timedelta(seconds=120), 1), (timedelta(seconds=3), 2)])
def test_a_text_that_its_gateway_may_date_twice_is_answered_once(
    engine: Engine, site_id: int, within: timedelta, answers: int
) -> None:
    for name, second in (("carrier", 0), ("phone", 110)):
        sent = START + timedelta(seconds=second)
        text = replace(inbound(name, "报备 张三 138****5678"), sent_at=sent, repeats_within=within)
        accept(engine, text, clock=lambda: START + timedelta(minutes=2))
    while decide_site(engine, site_id).more:
        pass
    assert len([row for row in rows(engine, replies) if row.recipient == LI]) == answers


def test_nothing_but_a_repeat_is_taken_for_one(engine: Engine, site_id: int) -> None:
    """A counter that fell behind, by a restored backup say, must not make us acknowledge what we did not keep."""
    accept(engine, inbound("a", "报备 张三 138****5678"))
    with engine.begin() as connection:
        connection.execute(update(sites).values(last_seq=1))
    assert accept(engine, inbound("a", "报备 张三 138****5678")).outcome == "repeated"
    with pytest.raises(NotDurableError):
        accept(engine, inbound("b", "报备 李梅 138****5678"))


def test_no_full_number_is_kept_anywhere(engine: Engine, site_id: int) -> None:
    for index, written in enumerate(("13812345678", "138-1234-5678", "１３８１２３４５６７８", "+86 138 1234 5678")):
        accept(engine, inbound(f"m{index}", f"报备 张三 {written} 李四\0\ud800"))
    accept(engine, inbound("u", "报备 张三 13812345678", to="+8613700000000"))
    while decide_site(engine, site_id).more:
        pass
    assert len(rows(engine, unrouted)) == 1
    with engine.connect() as connection:
        kept = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert not [row for row in kept if "12345678" in row.replace("-", "").replace(" ", "")]
    assert {row.code for row in rows(engine, reports)} == {"accepted", "duplicate_own"}


def test_a_text_that_cannot_be_kept_is_said_so() -> None:
    engine = open_engine("sqlite:////no/such/folder/baobei.sqlite")
    with pytest.raises(NotDurableError):
        accept(engine, inbound("a", "报备 张三 138****5678"))
    engine.dispose()


TEXTS = [
    (LI, "报备 张三 138****5678 李四"),
    (WANG, "报备 张三 138****5678 王五"),
    (WANG, "报备 张四 138****5678 王五"),
    (LI, "张三 138****5678"),
    (LI, "撤 R1"),
    (LI, "报备 李梅 139****2233\n陈静 186****0917"),
    (WANG, "报备 张三 138****5678 王五"),
    (WANG, "谢谢"),
    ("+8613900000099", "报备 赵云 151****2001 黄忠"),
]


def told(engine: Engine, site_id: int) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        head = connection.execute(select(cursors.c.head).where(cursors.c.site_id == site_id)).scalar_one()
    said = sorted((r.cause, r.code, r.recipient, r.ref, r.words) for r in rows(engine, replies))
    won = [tuple(row)[1:] for row in rows(engine, claims)]
    decided = [(r.seq, r.code, tuple(r.rules), r.head) for r in rows(engine, decisions)]
    return {"head": [head], "replies": said, "claims": won, "decisions": decided}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_batches_and_repeated_jobs_change_nothing(
    engine: Engine, site_id: int, new_database: Callable[[], str], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_engine(new_database())
    monkeypatch.setattr("worker.line.places.secrets.token_hex", lambda _: "ab" * 16)
    for each in (engine, other):
        if each is other:
            site = open_site(each, "湾", NUMBER, {"manager": ["+8613800000001"]}, "sandbox", clock=lambda: START)
            put(each, site, "roster", {"people": PEOPLE}, clock=lambda: START)
        for index, (sender, words) in enumerate(TEXTS):
            at = START + timedelta(minutes=index)
            accept(each, inbound(f"m{index}", words, sender), clock=lambda at=at: at)  # type: ignore[misc]
    while decide_site(engine, site_id, size).more:
        pass
    jobs = [threading.Thread(target=decide_site, args=(other, site_id, 2)) for _ in range(8)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    # The set-up messages of the two sites had other salts, so heads differ; what was decided does not.
    one, two = told(engine, site_id), told(other, site_id)
    assert one["claims"] == two["claims"]
    assert one["replies"] == two["replies"]
    assert [d[:3] for d in one["decisions"]] == [d[:3] for d in two["decisions"]]
    assert len(one["decisions"]) == len(TEXTS) + 2
    other.dispose()


def test_notices_are_told_once_and_wait_for_the_line(engine: Engine, site_id: int) -> None:
    accept(engine, inbound("a", "报备 张三 138****5678"), clock=lambda: START)
    decide_site(engine, site_id)
    end = START + timedelta(days=7)
    accept(engine, inbound("b", "谢谢"), clock=lambda: START)
    assert tell_due(engine, end) == 0
    decide_site(engine, site_id)
    assert tell_due(engine, end) > 0
    codes = [row.code for row in rows(engine, replies)]
    assert tell_due(engine, end) == 0
    assert codes.count("expired") == 1
    assert [row.code for row in rows(engine, replies)] == codes


def test_a_notice_that_was_told_stays_told_and_its_counts_stay_the_lines(engine: Engine, site_id: int) -> None:
    """The sweeper's clock may be before the line's: texts of an hour then come after its digest was told."""
    late = [inbound(f"m{n}", f"报备 张三 138****{n:04d}") for n in range(9)]
    for message in late[:7]:
        accept(engine, message, clock=lambda: START)
    decide_site(engine, site_id)
    assert tell_due(engine, START + timedelta(hours=11)) > 0
    for message in late[7:]:
        accept(engine, message, clock=lambda: START)
    decide_site(engine, site_id)
    assert tell_due(engine, START + timedelta(hours=11)) == 0
    counted = {row.kind: row.detail for row in rows(engine, deadlines) if row.kind in ("digest", "daily")}
    assert counted["digest"]["count"] == 3
    assert counted["daily"] == {"texts": 9, "accepted": 9}
