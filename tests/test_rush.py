"""A rush: a web process sees a crowd, and taking it in goes before deciding, for some seconds and not for good."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from tests.sending import add_site
from worker.line.crowd import FORGOTTEN_S, MANY, STILL_MANY, TOLD_EVERY_S, Crowd
from worker.processes.rush import AFTER_NONE_S, LONGEST_S, LOOK_S, LOOKS, PER_CORE_S, SETTLE_S, Rush
from worker.store.database import open_engine
from worker.store.schema import sites

CORES = 2
RUSH_PER_S = CORES * PER_CORE_S
NONE_S = SETTLE_S + LOOK_S
"""What a look that finds no rush takes."""


class Arrivals:
    """Texts that come at a rate, crowd or not, and the clock that goes on while somebody decides or pauses."""

    def __init__(
        self,
        engine: Engine,
        per_s: Callable[[float], float],
        crowd: Callable[[float], bool],
        held_to: float = float("inf"),
    ) -> None:
        """`held_to`: as many come at the most while texts are decided."""
        self.now = 0.0
        self.pauses: list[tuple[float, float]] = []
        self._engine = engine
        self._per_s = per_s
        self._crowd = crowd
        self._held_to = held_to
        self._site_id = add_site(engine)

    def crowded(self) -> bool:
        return self._crowd(self.now)

    def pause(self, seconds: float) -> None:
        self.pauses.append((self.now, seconds))
        self._pass_by(seconds, self._per_s(self.now))

    def decide(self, seconds: float) -> None:
        self._pass_by(seconds, min(self._per_s(self.now), self._held_to))

    def _pass_by(self, seconds: float, per_s: float) -> None:
        came = round(per_s * seconds)
        with self._engine.begin() as connection:
            mine = update(sites).where(sites.c.id == self._site_id)
            connection.execute(mine.values(last_seq=sites.c.last_seq + came))
        self.now += seconds

    @property
    def paused_s(self) -> float:
        return sum(seconds for _, seconds in self.pauses)

    def rush(self) -> Rush:
        return Rush(self._engine, self.crowded, CORES, lambda: self.now, self.pause)


def decide_for(
    arrivals: Arrivals, seconds: float, decided: int = 30, stopping: Callable[[], bool] = lambda: False
) -> None:
    """Decide in batches of a tenth of a second, as the worker does, and give way after each."""
    rush = arrivals.rush()
    until = arrivals.now + seconds
    while arrivals.now < until:
        arrivals.decide(0.1)
        rush.give_way(decided, stopping)


def test_way_is_given_while_more_comes_than_can_be_answered(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda now: now < 3)
    decide_for(arrivals, 5)
    began, ended = arrivals.pauses[0][0], sum(arrivals.pauses[-1])
    assert began == pytest.approx(0.1), "it did not begin with the first batch"
    assert arrivals.paused_s == pytest.approx(ended - began)
    assert 3 <= ended <= 3 + LOOKS * LOOK_S


@pytest.mark.parametrize("decided", [1, 30])
def test_a_rush_that_is_still_held_down_at_the_first_look_is_seen_at_the_second(engine: Engine, decided: int) -> None:
    arrivals = Arrivals(engine, lambda now: (0.6 if now < 1 else 0.9) * RUSH_PER_S, lambda _: True)
    decide_for(arrivals, 3, decided)
    assert arrivals.paused_s == pytest.approx(NONE_S + LONGEST_S, abs=2 * LOOK_S)


def test_a_crowd_that_a_pause_does_not_help_is_looked_at_ever_more_rarely(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 0.9 * RUSH_PER_S, lambda _: True)
    decide_for(arrivals, 60)
    looks = [at for at, seconds in arrivals.pauses if seconds == SETTLE_S]
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= AFTER_NONE_S[0]
    assert arrivals.paused_s == pytest.approx(4 * NONE_S)


def test_a_few_that_crowd_at_a_slow_disk_are_no_rush(engine: Engine) -> None:
    # Their batches are seen in some looks and not in others.
    arrivals = Arrivals(engine, lambda now: RUSH_PER_S * (0.05 if round(now * 10) % 3 else 0.7), lambda _: True)
    decide_for(arrivals, 60)
    assert max(seconds for _, seconds in arrivals.pauses) == LOOK_S
    assert arrivals.paused_s == pytest.approx(4 * NONE_S)


def test_a_moment_without_a_crowd_ends_no_rush(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda now: now < 4 and not 2 < now < 2.15)
    decide_for(arrivals, 5)
    assert arrivals.paused_s == pytest.approx(4, abs=2 * LOOKS * LOOK_S)


def test_after_one_rush_the_next_is_seen(engine: Engine) -> None:
    # Let in, they are not so many more than while texts are decided.
    arrivals = Arrivals(engine, lambda _: 1.2 * RUSH_PER_S, lambda now: not 1.5 < now < 2.5, held_to=0.7 * RUSH_PER_S)
    decide_for(arrivals, 4)
    assert sum(seconds for at, seconds in arrivals.pauses if at >= 2.5) > 1


def test_after_a_calm_a_rush_is_looked_for_at_once(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda now: (0.9 if now < 20 else 3) * RUSH_PER_S, lambda now: not 17 < now < 20.05)
    rush = arrivals.rush()
    while arrivals.now < 20:
        arrivals.decide(0.1)
        rush.give_way(25, lambda: False)
    before = arrivals.paused_s
    arrivals.decide(0.1)
    rush.give_way(25, lambda: False)
    assert arrivals.paused_s - before > LONGEST_S / 2


def test_a_database_that_is_away_fails_no_batch_that_is_decided(tmp_path: Path) -> None:
    away = open_engine(f"sqlite:///{tmp_path}/none/none.sqlite")
    now = [0.0]
    rush = Rush(away, lambda: True, CORES, lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    for _ in range(30):
        now[0] += 0.1
        rush.give_way(100, lambda: False)
    assert now[0] < 3 + 4 * NONE_S


def test_way_is_not_given_for_good(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda _: True)
    decide_for(arrivals, 60)
    first = sum(seconds for at, seconds in arrivals.pauses if at < LONGEST_S + 1)
    assert first == pytest.approx(LONGEST_S, abs=2 * LOOK_S)
    assert arrivals.paused_s < LONGEST_S + 60 / 8


def test_where_there_is_no_crowd_nobody_gives_way(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda _: False)
    decide_for(arrivals, 5)
    assert arrivals.pauses == []


def test_whoever_has_decided_nothing_does_not_give_way(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda _: True)
    decide_for(arrivals, 5, decided=0)
    assert arrivals.pauses == []


def test_whoever_is_to_stop_does_not_wait_for_the_end_of_a_rush(engine: Engine) -> None:
    arrivals = Arrivals(engine, lambda _: 3 * RUSH_PER_S, lambda _: True)
    decide_for(arrivals, 0.1, stopping=lambda: True)
    assert arrivals.paused_s == pytest.approx(NONE_S)


def crowds(looks: list[int], every_s: float) -> list[float]:
    """Return when a process told of a crowd that saw so many texts at once, one look after another."""
    now, told = [0.0], []
    crowd = Crowd(lambda: told.append(now[0]), lambda: now[0])
    for many in looks:
        now[0] += every_s
        crowd.look(many)
    return told


def test_a_crowd_is_told_of_while_it_lasts_some_times_a_second() -> None:
    told = crowds([2 * int(MANY)] * 100, 0.02)
    assert told[0] <= 0.1
    assert all(later - earlier >= TOLD_EVERY_S for earlier, later in pairwise(told))
    assert told[-1] >= 1.8


def test_a_crowd_lasts_while_it_is_let_in_and_ends_with_its_last() -> None:
    many, few = [2 * int(MANY)] * 20, [int(STILL_MANY) + 1] * 100
    assert crowds(many + few, 0.02)[-1] >= 2.3
    assert crowds(many + [1] * 100 + few, 0.02)[-1] <= 0.8


@pytest.mark.parametrize("looks", [[int(MANY) - 1] * 100, [2, 3, 16, 2, 3] * 20, [1] * 5])
def test_a_few_at_once_and_a_moment_of_many_are_no_crowd(looks: list[int]) -> None:
    assert crowds(looks, 0.02) == []


def test_what_was_long_ago_makes_no_crowd() -> None:
    assert crowds([2 * int(MANY)] * 20, FORGOTTEN_S) == []
    now, told = [0.0], []
    crowd = Crowd(lambda: told.append(now[0]), lambda: now[0])
    for _ in range(20):
        crowd.look(2 * int(MANY))
    before = len(told)
    now[0] += FORGOTTEN_S
    crowd.look(2 * int(MANY))
    assert (before, len(told)) == (1, 1)
