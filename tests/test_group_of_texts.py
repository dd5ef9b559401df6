"""Texts that are put in line together leave the same rows as one after another, whatever is among them."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from parsers.mask import mask_numbers
from worker.crash_points import watching
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import NotDurableError, Receipt, accept, accept_all, ready_text
from worker.store.database import open_engine
from worker.store.schema import inbox, replies, sites, unrouted

BAY, CLOUD, NOWHERE = "+8613800000000", "+8613800000100", "+8613700000000"
LI, WANG = "+8613900000011", "+8613900000021"
START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
NOW = START + timedelta(hours=1)
ASKED = "报备 张三 138****5678 李四"
SALT = "ab" * 16
PERSON = {"name": "李四", "phone": LI, "unit": "链家"}


@pytest.fixture
def founded(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Engine]]:
    """Yield a function that returns another database with two sites, in which Li has been answered once."""
    monkeypatch.setattr("worker.line.places.secrets", SimpleNamespace(token_hex=lambda _: SALT))
    engines: list[Engine] = []

    def found() -> Engine:
        engine = open_engine(new_database())
        engines.append(engine)
        for name, number in (("湾", BAY), ("云", CLOUD)):
            site = open_site(engine, name, number, {"manager": ["+8613800000001"]}, "sandbox", clock=lambda: START)
            put(
                engine, site, "roster", {"people": [{"name": "李四", "phone": LI, "unit": "链家"}]}, clock=lambda: START
            )
            accept(engine, texted("first", ASKED, to=number), lambda: START)
            while decide_site(engine, site.id).more:
                pass
        return engine

    yield found
    for engine in engines:
        engine.dispose()


def texted(message_id: str, words: str, sender: str = LI, to: str = BAY, **more: Any) -> Inbound:
    return Inbound("sandbox", f"{message_id}{to if message_id == 'first' else ''}", sender, to, words, **more)


def everything(said: str) -> list[Inbound]:
    """Return one text of each kind there is; `said` is our last reply to Li."""
    return [
        texted("plain", "报备 李梅 139****2233 李四"),
        texted("whole-number", "报备 王芳 13812345678 李四\0\ud800"),
        texted("other-site", "报备 周敏 133****0909 李四", to=CLOUD),
        texted("other-sender", "报备 赵云 151****2001 王五", WANG),
        texted("plain", "报备 李梅 139****2233 李四"),
        texted("doubled", "报备 李梅 139****2233 李四"),
        texted("doubled-once-more", "报备 李梅 139****2233 李四"),
        texted("doubled-elsewhere", "报备 李梅 139****2233 李四", to=CLOUD),
        texted("doubled-of-yore", ASKED, sent_at=START + timedelta(seconds=1)),
        texted("doubled-in-time", ASKED, sent_at=START + timedelta(minutes=59, seconds=59)),
        texted("first", ASKED),
        texted("echo", said),
        texted("quoted", f"{said}\n查 R1"),
        texted("echo-to-another", said, WANG),
        texted("lost", "报备 张三 13812345678", to=NOWHERE),
        texted("lost", "报备 张三 13812345678", to=NOWHERE),
        texted("lost-too", "你好", WANG, NOWHERE),
        texted("from-a-site", "报备 张三 138****1111", CLOUD),
        texted("stopped", "STOP", opt_out="stop"),
        texted("short", "1"),
        texted("empty", ""),
        texted("stated", "报备 孙丽 177****3300", sent_at=NOW - timedelta(minutes=3)),
        texted("stated-wrongly", "报备 孙丽 177****3301", sent_at=datetime(1, 1, 1, tzinfo=UTC)),
        texted("long", "报备 " + "张三 138****5678 " * 90),
        texted("odd", "查 R1", "10086\0" + "9" * 80),
    ]


def last_reply(engine: Engine) -> str:
    query = select(replies.c.words).where(replies.c.recipient == LI, replies.c.site_id == 1).order_by(replies.c.id)
    with engine.connect() as connection:
        return str(connection.execute(query).scalars().all()[-1])


def last_places(engine: Engine) -> dict[int, int]:
    with engine.connect() as connection:
        return {row.id: row.last_seq for row in connection.execute(select(sites.c.id, sites.c.last_seq))}


def kept(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (sites, inbox, unrouted)
        }


def one_by_one(engine: Engine, texts: Sequence[Inbound], believed: datetime | None = None) -> list[Receipt]:
    return [accept(engine, each, lambda: NOW, believed, at_once=True) for each in texts]


def in_groups(
    engine: Engine, texts: Sequence[Inbound], size: int, believed: datetime | None = None
) -> list[Receipt | Exception]:
    arrivals = [ready_text(each, at_once=True) for each in texts]
    groups = [arrivals[start : start + size] for start in range(0, len(arrivals), size)]
    return [came for group in groups for came in accept_all(engine, group, lambda: NOW, believed)]


@pytest.mark.parametrize("believed", [None, NOW - timedelta(days=1)])
@pytest.mark.parametrize("size", [2, 5, 64])
def test_a_group_leaves_what_its_texts_leave_one_by_one(
    founded: Callable[[], Engine], size: int, believed: datetime | None
) -> None:
    alone, together = founded(), founded()
    texts = everything(last_reply(alone))
    assert in_groups(together, texts, size, believed) == one_by_one(alone, texts, believed)
    assert kept(together) == kept(alone)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_their_order(founded: Callable[[], Engine], seed: int) -> None:
    alone, together = founded(), founded()
    chance = random.Random(seed)
    texts = [
        replace(each, provider_id=chance.choice((each.provider_id, f"{each.provider_id}{count}")))
        for count, each in enumerate(chance.choices(everything(last_reply(alone)), k=120))
    ]
    assert in_groups(together, texts, 50) == one_by_one(alone, texts)
    assert kept(together) == kept(alone)


def test_what_is_wanted_of_each_kind_is_there(founded: Callable[[], Engine]) -> None:
    """The comparison would hold as well if both ways forgot the same."""
    engine = founded()
    outcomes = in_groups(engine, everything(last_reply(engine)), 64)
    words = [each.outcome for each in outcomes if isinstance(each, Receipt)]
    assert [words.count(each) for each in ("accepted", "repeated", "unrouted")] == [20, 3, 2]
    with engine.connect() as connection:
        rows = {row.provider_id: row for row in connection.execute(select(inbox))}
    assert rows["doubled"].payload == {"repeats": {"seq": rows["plain"].seq, "after_ms": 0}}
    assert rows["doubled-once-more"].payload["repeats"]["seq"] == rows["plain"].seq
    assert rows["doubled-elsewhere"].payload is None
    assert [rows[name].echo for name in ("echo", "quoted", "echo-to-another", "from-a-site")] == [1, 0, 0, 1]
    assert rows["quoted"].text == "查 R1"
    assert rows["stopped"].payload["opt_out"] == "stop"
    assert rows["stated"].payload["apart"] == 180
    assert mask_numbers("13812345678") in rows["whole-number"].text


def test_a_site_of_its_own_time_is_never_behind_itself(founded: Callable[[], Engine]) -> None:
    engine = founded()
    accept(engine, texted("ahead", "查 R1"), lambda: NOW + timedelta(minutes=1))
    in_groups(engine, [texted("a", "查 R1"), texted("b", "查 R1", to=CLOUD), texted("c", "查 R2")], 3)
    with engine.connect() as connection:
        at = dict(connection.execute(select(inbox.c.provider_id, inbox.c.received_at)).all())
    assert (at["a"], at["b"], at["c"]) == (NOW + timedelta(minutes=1), NOW, NOW + timedelta(minutes=1))


class TestRefused:
    """One whose row the database refuses; the others of its group are put in line as ever."""

    @pytest.fixture
    def engine(self, founded: Callable[[], Engine]) -> Engine:
        engine = founded()
        refuse = "NEW.provider_id = 'bad'"
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(
                    text(
                        f"CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN {refuse} "
                        "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                    )
                )
            else:
                connection.execute(text("ALTER TABLE inbox ADD CHECK (provider_id <> 'bad')"))
        return engine

    def test_one_that_is_refused_harms_no_other(self, engine: Engine) -> None:
        names, before = ["a", "bad", "b", "a", "c"], last_places(engine)[1]
        outcomes = in_groups(engine, [texted(name, f"查 R1 {name}") for name in names], 5)
        assert [isinstance(each, NotDurableError) for each in outcomes] == [False, True, False, False, False]
        assert [each.outcome for each in outcomes if isinstance(each, Receipt)] == [
            *("accepted", "accepted", "repeated", "accepted")
        ]
        with engine.connect() as connection:
            mine = select(inbox.c.provider_id).where(inbox.c.site_id == 1, inbox.c.seq > before).order_by(inbox.c.seq)
            assert connection.execute(mine).scalars().all() == ["a", "b", "c"]
        assert last_places(engine)[1] == before + 3


def test_where_nothing_can_be_written_nobody_is_tried_again(founded: Callable[[], Engine]) -> None:
    engine = founded()
    engine.dispose()
    away = open_engine("sqlite:////no/such/folder/baobei.sqlite")
    tried: list[str] = []
    with watching(tried.append):
        outcomes = in_groups(away, [texted("a", "查 R1"), texted("b", "查 R1")], 2)
    assert [type(each) for each in outcomes] == [NotDurableError, NotDurableError]
    assert tried == []
    away.dispose()


def test_a_group_commits_once(founded: Callable[[], Engine]) -> None:
    engine = founded()
    reached: list[str] = []
    with watching(reached.append):
        in_groups(engine, everything(last_reply(engine)), 64)
    assert reached == ["accept.commit.before", "accept.commit.after"]


def test_groups_of_several_sites_never_wait_for_each_other(founded: Callable[[], Engine]) -> None:
    engine = founded()
    before = last_places(engine)
    outcomes: list[Receipt | Exception] = []

    def text_away(part: int) -> None:
        numbers = (BAY, CLOUD) if part % 2 else (CLOUD, BAY)
        for count in range(6):
            outcomes.extend(in_groups(engine, [texted(f"{part}-{count}-{to}", "查 R1", to=to) for to in numbers], 2))

    threads = [threading.Thread(target=text_away, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in outcomes if each.__class__ is not Receipt] == []
    with engine.connect() as connection:
        for site_id in (1, 2):
            line = connection.execute(
                select(inbox.c.seq, inbox.c.received_at).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)
            ).all()
            assert [row.seq for row in line] == list(range(1, before[site_id] + 36 + 1))
            assert [row.received_at for row in line] == sorted(row.received_at for row in line)
