"""A rush: taking texts in goes before deciding them, for some seconds and not for good."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from tests.sending import add_site
from worker.processes.rush import AFTER_NONE_S, LONGEST_S, LOOK_S, LOOKS, PER_CORE_S, SETTLE_S, Rush
from worker.store.database import open_engine
from worker.store.schema import sites

CORES = 2
RUSH_PER_S = CORES * PER_CORE_S
NONE_S = SETTLE_S + LOOK_S
"""What a look that finds no rush takes."""


class Arrivals:
    """Texts that come at a rate while somebody pauses, and the clock that goes on meanwhile."""

    def __init__(self, engine: Engine, per_s: Callable[[float], float]) -> None:
        self.now = 0.0
        self.pauses: list[tuple[float, float]] = []
        self._engine = engine
        self._per_s = per_s
        self._site_id = add_site(engine)

    def pause(self, seconds: float) -> None:
        self.pauses.append((self.now, seconds))
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        came = round(self._per_s(self.now) * seconds)
        with self._engine.begin() as connection:
            mine = update(sites).where(sites.c.id == self._site_id)
            connection.execute(mine.values(last_seq=sites.c.last_seq + came))
        self.now += seconds

    @property
    def paused_s(self) -> float:
        return sum(seconds for _, seconds in self.pauses)


def decide_for(
    arrivals: Arrivals, seconds: float, decided_per_s: float = 300, stopping: Callable[[], bool] = lambda: False
) -> None:
    """Decide in batches of a tenth of a second, as the worker does, and give way after each."""
    rush = Rush(arrivals._engine, CORES, lambda: arrivals.now, arrivals.pause)
    until = arrivals.now + seconds
    while arrivals.now < until:
        arrivals.pass_by(0.1)
        rush.give_way(round(decided_per_s * 0.1), stopping)


def test_way_is_given_while_more_comes_than_can_be_answered(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda now: 3 * RUSH_PER_S if now < 3 else 0)
    decide_for(arrivals, 5)
    began, ended = arrivals.pauses[0][0], next(at + s for at, s in arrivals.pauses if at + s > 3 + LOOK_S)
    assert began == pytest.approx(0.1), "it did not begin with the first batch"
    assert sum(seconds for at, seconds in arrivals.pauses if at < ended) == pytest.approx(ended - began)
    assert ended <= 3 + LOOKS * LOOK_S + 0.01


def test_a_rush_that_is_still_held_down_at_the_first_look_is_seen_at_the_second(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda now: (0.6 if now < 1.5 else 0.9 if now < 1.7 else 3) * RUSH_PER_S)
    decide_for(arrivals, 3, 0.6 * RUSH_PER_S)
    assert arrivals.paused_s == pytest.approx(NONE_S + LONGEST_S, abs=2 * LOOK_S)


def test_what_comes_fast_and_is_decided_as_fast_is_no_rush_but_at_its_beginning(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 1.3 * RUSH_PER_S)
    decide_for(arrivals, 120, 1.3 * RUSH_PER_S)
    assert arrivals.paused_s <= LONGEST_S + LOOK_S + 7 * NONE_S


def test_a_database_that_is_away_fails_no_batch_that_is_decided(tmp_path: Path) -> None:
    away = open_engine(f"sqlite:///{tmp_path}/none/none.sqlite")
    now = [0.0]
    rush = Rush(away, CORES, lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    for _ in range(30):
        now[0] += 0.1
        rush.give_way(100, lambda: False)
    assert now[0] < 3 + 4 * NONE_S


def test_way_is_not_given_for_good(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S)
    decide_for(arrivals, 60)
    first = sum(seconds for at, seconds in arrivals.pauses if at < LONGEST_S + 1)
    assert first == pytest.approx(LONGEST_S, abs=2 * LOOK_S)
    assert arrivals.paused_s < LONGEST_S + 60 / 8


def test_what_can_be_answered_is_answered_and_looked_at_ever_more_rarely(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 0.75 * RUSH_PER_S)
    decide_for(arrivals, 60, 0.75 * RUSH_PER_S)
    looks = [at for at, seconds in arrivals.pauses if seconds == SETTLE_S]
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= AFTER_NONE_S[0]
    assert arrivals.paused_s == pytest.approx(4 * NONE_S)


def test_after_a_calm_a_rush_is_looked_for_at_once(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda now: 0.75 * RUSH_PER_S if now < 20 else 3 * RUSH_PER_S)
    rush = Rush(engine, CORES, lambda: arrivals.now, arrivals.pause)
    while arrivals.now < 17:
        arrivals.pass_by(0.1)
        rush.give_way(25, lambda: False)
    arrivals.now, before = 20.0, arrivals.paused_s
    rush.give_way(1, lambda: False)
    arrivals.pass_by(0.05)
    rush.give_way(10, lambda: False)
    assert arrivals.paused_s - before > LONGEST_S / 2


@pytest.mark.parametrize("decided", [1, 7, 14])
def test_where_few_are_decided_nothing_is_asked(engine: Engine, decided: int) -> None:
    arrivals = Arrivals(engine, lambda _: 0)
    decide_for(arrivals, 5, decided * 10)
    assert arrivals.pauses == []


def test_whoever_is_to_stop_waits_for_nothing(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S)
    decide_for(arrivals, 2, stopping=lambda: True)
    assert {seconds for _, seconds in arrivals.pauses} == {SETTLE_S}
