"""What moves between the reading of a batch, or of what is due, and its writing: nothing comes out otherwise.

SQLite reads before its lock, so there the other acts in between, to its end. PostgreSQL reads under the lock of the
line, so there the other waits for it, in a thread of its own.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from tests.folding import assert_folded
from tests.story import LI, MANAGER, NUMBER, WANG
from worker.cli.main import main
from worker.clock import Clock
from worker.crash_points import watching
from worker.decide.decider import decide_site
from worker.decide.notices import tell_due
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.store.database import locks_everything, open_engine
from worker.store.schema import decisions, inbox, replies

START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
LONG_AFTER = START + timedelta(days=90)
PEOPLE = [{"name": "李四", "phone": LI, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]
TEXTS = [
    (LI, "报备 张三 138****5678 李四"),
    (WANG, "报备 张三 138****5678 王五"),
    (LI, "报备 李梅 139****2233\n陈静 186****0917"),
    (WANG, "报备 李梅 139****2233 王五"),
    (LI, "查 R1"),
    (WANG, "谢谢"),
]


@pytest.fixture
def site_id(engine: Engine) -> int:
    site = open_site(engine, "湾", NUMBER, {"manager": [MANAGER]}, "sandbox", clock=lambda: START)
    put(engine, site, "roster", {"people": PEOPLE}, clock=lambda: START)
    put(engine, site, "policy", {"confirm_acts": "off"}, clock=lambda: START)
    decide_to_the_end(engine, site.id)
    return site.id


def text(engine: Engine, sender: str, words: str, at: datetime = START) -> None:
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
    accept(engine, Inbound("sandbox", f"m{count}", sender, NUMBER, words), clock=lambda: at)


def decide_to_the_end(engine: Engine, site_id: int, clock: Clock = lambda: START) -> None:
    while decide_site(engine, site_id, clock=clock).more:
        pass


@contextmanager
def meanwhile(engine: Engine, point: str, act: Callable[[], object]) -> Iterator[None]:
    """Let the other act when this point is reached for the first time; yield once that is arranged, and see it end."""
    others: list[threading.Thread] = []

    def reached(name: str) -> None:
        if name == point and not others:
            others.append(threading.Thread(target=act))
            others[0].start()
            if locks_everything(engine) or not point.startswith("decide"):
                others[0].join()

    with watching(reached):
        yield
    assert others, "the point was not reached"
    others[0].join()


@pytest.mark.parametrize("size", [1, 2, 100])
def test_two_who_decide_one_line_come_to_what_one_comes_to(engine: Engine, site_id: int, size: int) -> None:
    for sender, words in TEXTS:
        text(engine, sender, words)
    with meanwhile(engine, "decide.fold.after", lambda: decide_site(engine, site_id, size, lambda: START)):
        decide_site(engine, site_id)
    decide_to_the_end(engine, site_id)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(decisions)).scalar_one() == len(TEXTS) + 3
    assert_folded(engine, site_id)


def test_a_text_that_comes_while_a_batch_is_folded_is_decided_next(engine: Engine, site_id: int) -> None:
    text(engine, *TEXTS[0])
    with meanwhile(engine, "decide.fold.after", lambda: text(engine, *TEXTS[1])):
        assert decide_site(engine, site_id).decided == 1
    assert decide_site(engine, site_id).decided == 1
    assert_folded(engine, site_id)


@pytest.mark.parametrize("words", ["查 张三丰 138****5678", "报备 张三丰 138****5678 李四", "查 R1", "跟进 R1 三房"])
def test_nothing_is_decided_by_a_client_who_is_erased_meanwhile(
    engine: Engine,
    site_id: int,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    for module in ("cli.retention", "proof.together"):
        monkeypatch.setattr(f"worker.{module}.utc_now", lambda: LONG_AFTER)
    text(engine, LI, "报备 张三丰 138****5678 李四")
    text(engine, WANG, "报备 黄药师 151****2001 王五")
    decide_to_the_end(engine, site_id)
    text(engine, LI, words, LONG_AFTER)
    if locks_everything(engine):
        # The batch is being read to its end, so nobody sees an end of it who waits for that before he scrubs.
        monkeypatch.setattr("worker.cli.base.open_engine", partial(open_engine, lock_wait_ms=100))

    def erase() -> None:
        result = CliRunner().invoke(main, ["retention", "--json"])
        assert json.loads(result.stdout)["sites"][0]["counts"]["claims"] > 0, result.output

    with meanwhile(engine, "decide.fold.after", erase):
        assert decide_site(engine, site_id, clock=lambda: LONG_AFTER).decided == 1
    result = CliRunner().invoke(main, ["audit", "--json"])
    assert result.exit_code == 0, result.output


def test_a_notice_is_not_told_of_what_a_text_has_moved_meanwhile(engine: Engine, site_id: int) -> None:
    text(engine, LI, "报备 张三 138****5678")
    decide_to_the_end(engine, site_id)
    end = START + timedelta(days=7)

    def withdraw() -> None:
        text(engine, LI, "撤 R1", end - timedelta(seconds=1))
        decide_to_the_end(engine, site_id)

    with meanwhile(engine, "notices.tell.after", withdraw):
        tell_due(engine, end)
    assert "withdrawn" in codes(engine)
    assert "expired" not in codes(engine)


def test_two_who_tell_notices_tell_each_once(engine: Engine, site_id: int) -> None:
    text(engine, LI, "报备 张三 138****5678")
    decide_to_the_end(engine, site_id)
    end = START + timedelta(days=7)
    told: list[int] = []
    with meanwhile(engine, "notices.tell.after", lambda: told.append(tell_due(engine, end))):
        assert tell_due(engine, end) == 0
    assert told[0] > 0
    assert codes(engine).count("expired") == 1


def codes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(replies.c.code)).scalars())
