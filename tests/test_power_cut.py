"""The power fails: what was written since the last sync is gone, whole or torn, and no promise is broken.

`kill -9` never tries this, for what a dead process has written is still in the kernel's hands. After every cut of a
journey, all that others rely on is looked for: acknowledged texts and callbacks, claims of what was handed over. After
some, the program is started and goes on to the end; `tests/power/matrix.py` does that after all of them.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.crashes.journey import Journey
from tests.infrastructure.databases import Databases
from tests.power.cuts import representatives
from tests.power.proving import cuts_of, on_postgres, on_sqlite, prove, prove_at_once
from worker.line import spool
from worker.store import database
from worker.up.guard import Guard

# One test has many cuts, and a machine may be slow.
pytestmark = pytest.mark.timeout(300)

TORN = 4
AT_ONCE = 40
AUDIT_EVERY = 4


def first_texts(journey: Journey) -> Iterable[Callable[[], object]]:
    """Yield the first steps of the journey, up to an acknowledged text."""
    return list(journey.steps())[:4]


def texts_at_once(journey: Journey) -> Iterator[Callable[[], object]]:
    """Yield the steps up to many texts that arrive at the same time, and are put in line together."""
    yield from list(journey.steps())[:3]
    journey.texted |= {
        f"SM{number:032x}": f"报备 张三 138****{number:04d} 李四" for number in range(AT_ONCE, 2 * AT_ONCE)
    }

    def arrive() -> None:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(journey.text, tuple(journey.texted)))

    yield arrive


def spooled_text(journey: Journey) -> Iterable[Callable[[], object]]:
    """Yield a step in which a text gets into the spool."""
    return [journey.without_the_database(journey.texts("报备 孙丽 177****3300 李四"))]


def test_on_sqlite_nothing_is_lost_or_repeated(tmp_path: Path, redis_url: str, sqlite_databases: Databases) -> None:
    with on_sqlite(tmp_path, sqlite_databases) as machine:
        cuts = cuts_of(machine, redis_url)
        prove_at_once(machine, cuts, tmp_path / "at once")
        prove(machine, representatives(cuts, TORN), tmp_path, redis_url, AUDIT_EVERY)
        assert {"db.sqlite", "db.sqlite-wal", "draft"} <= {cut.where.split()[-1] for cut in cuts}


def test_what_is_put_in_line_together_is_there_before_anybody_is_answered(
    tmp_path: Path, redis_url: str, sqlite_databases: Databases
) -> None:
    with on_sqlite(tmp_path, sqlite_databases) as machine:
        cuts = cuts_of(machine, redis_url, texts_at_once)
        prove_at_once(machine, cuts, tmp_path)
        assert len(cuts[-1].acknowledged) == AT_ONCE


def test_on_postgresql_nothing_is_lost_or_repeated(tmp_path: Path, redis_url: str, guard: Guard) -> None:
    with on_postgres(tmp_path, guard) as machine:
        cuts = cuts_of(machine, redis_url)
        some = {cut.where: cut for cut in cuts if cut.where in ("post.after", "status.commit.after", "step 10")}
        prove(machine, some.values(), tmp_path, redis_url, AUDIT_EVERY)
        assert len(some) == 3


class TestLazy:
    """The net itself: whoever does not wait for the disk is caught by what is missing at once."""

    @pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
    def test_sqlite(self, tmp_path: Path, redis_url: str, sqlite_databases: Databases, synchronous: str) -> None:
        with on_sqlite(tmp_path, sqlite_databases, synchronous=synchronous) as machine:
            cuts = cuts_of(machine, redis_url, first_texts)
            with pytest.raises(AssertionError, match=r"acknowledged and lost|malformed"):
                prove_at_once(machine, cuts, tmp_path)

    @pytest.mark.parametrize(
        ("is_lazy", "missing"), [(stat.S_ISREG, "JSONDecodeError"), (stat.S_ISDIR, "acknowledged and lost")]
    )
    def test_spool(
        self,
        tmp_path: Path,
        redis_url: str,
        sqlite_databases: Databases,
        monkeypatch: pytest.MonkeyPatch,
        is_lazy: Callable[[int], bool],
        missing: str,
    ) -> None:
        def sync(descriptor: int) -> None:
            if not is_lazy(os.fstat(descriptor).st_mode):
                os.fsync(descriptor)

        monkeypatch.setattr(spool, "os", SimpleNamespace(**vars(os) | {"fsync": sync}))
        with on_sqlite(tmp_path, sqlite_databases) as machine:
            cuts = cuts_of(machine, redis_url, spooled_text)
            with pytest.raises(AssertionError, match=missing):
                prove_at_once(machine, cuts, tmp_path)

    def test_postgresql(self, tmp_path: Path, redis_url: str, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its server is told not to wait, and our transactions do not say that it must."""
        ours = {name: value for name, value in database.OUR_WAY.items() if name != "synchronous_commit"}
        monkeypatch.setattr(database, "OUR_WAY", ours)
        with on_postgres(tmp_path, guard) as machine:
            cuts = cuts_of(machine, redis_url, first_texts)
            # The server writes once in ten seconds of itself, and may have done so just before the last.
            with pytest.raises(AssertionError, match="acknowledged and lost"):
                prove_at_once(machine, cuts[:-9:-1], tmp_path)
