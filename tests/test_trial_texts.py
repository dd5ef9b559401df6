"""Canaries: texts of ours to ourselves, taken out before the line, once each, and missed when they stay away."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from tests.sending import NOON, NUMBER, StandingClock, add_site
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.clock import utc_now
from worker.errors import SetUpError
from worker.gateways.base import Inbound, Outgoing, Refused, Sent
from worker.line.canaries import BACK_WITHIN, TAKEN_OUT_FOR, Canary, ask_due, note_failed, set_way, to_send, ways_of
from worker.line.door import accept, accept_all, ready_text
from worker.line.spool import Spool
from worker.phones.gateways import add_gateway
from worker.phones.trials import hand_over_canaries
from worker.processes.feeder import Feeder
from worker.store.schema import acts, canaries, inbox, unrouted

OTHER = "+8613800000009"


@pytest.fixture
def site_id(engine: Engine) -> int:
    """A site whose phone is tried out every hour."""
    site_id = add_site(engine)
    add_gateway(engine, "desk", [site_id], None, NOON)
    set_way(engine, "desk", 60, "", None, NOON)
    return site_id


def sent(engine: Engine, site_id: int, clock: StandingClock) -> Canary:
    """Return the one canary that the site's phone fetches."""
    assert ask_due(engine, clock()) == [site_id]
    (canary,) = to_send(engine, [site_id], clock())
    return canary


def text(words: str, key: str = "a", recipient: str = NUMBER) -> Inbound:
    return Inbound("desk", key, NUMBER, recipient, words)


def kept(engine: Engine) -> int:
    with engine.connect() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (inbox, unrouted)
        )


def lost(engine: Engine, clock: StandingClock) -> list[str]:
    return [alarm.sentence for alarm in alarms(engine, clock()) if alarm.code == "canary_lost"]


def test_what_comes_back_gets_no_place_and_its_repeat_gets_none(
    engine: Engine, site_id: int, clock: StandingClock
) -> None:
    canary = sent(engine, site_id, clock)
    came = f" {canary.text.upper()}\n"
    first, between, again = accept_all(
        engine, [ready_text(each) for each in (text(came), text("帮助", "b"), text(came))], clock
    )
    assert [each.outcome for each in (first, between, again) if not isinstance(each, Exception)] == [
        *("canary", "accepted", "canary")
    ]
    assert accept(engine, text(came), clock).outcome == "canary"
    assert kept(engine) == 1
    clock.move(hours=1)
    assert lost(engine, clock) == []


@pytest.mark.parametrize("words", ["{} 报备 张三 138****5678 李四", "报备 {}", "{}x", "canary bcdfg-hjklm-npqrs-tvwxz"])
def test_only_the_word_alone_is_taken_out(engine: Engine, site_id: int, clock: StandingClock, words: str) -> None:
    canary = sent(engine, site_id, clock)
    assert accept(engine, text(words.format(canary.text)), clock).outcome == "accepted"
    clock.move(minutes=11)
    assert len(lost(engine, clock)) == 1


def test_a_word_is_good_once_for_its_own_number_and_for_a_day(
    engine: Engine, site_id: int, clock: StandingClock
) -> None:
    add_site(engine, "desk2", OTHER)
    canary = sent(engine, site_id, clock)
    assert accept(engine, text(canary.text, "wrong", OTHER), clock).outcome == "accepted"
    assert accept(engine, text(canary.text, "first"), clock).outcome == "canary"
    assert accept(engine, text(canary.text, "second"), clock).outcome == "accepted"
    clock.move(hours=1)
    late = sent(engine, site_id, clock)
    clock.now += TAKEN_OUT_FOR
    assert accept(engine, text(late.text, "late"), clock).outcome == "accepted"


def test_one_that_waited_in_the_spool_is_taken_out_when_it_is_fed_in(
    engine: Engine, site_id: int, tmp_path: Path
) -> None:
    clock, spool = StandingClock(utc_now()), Spool(tmp_path / "spool")
    canary = sent(engine, site_id, clock)
    for words, key in ((canary.text, "a"), ("帮助", "b")):
        spool.keep(text(words, key))
    rung: list[int] = []
    assert Feeder(engine, spool, rung.append).feed() == 2
    assert (kept(engine), rung) == (1, [site_id])


def test_it_is_asked_for_when_due_and_handed_out_until_it_is_back_or_too_old(
    engine: Engine, site_id: int, clock: StandingClock
) -> None:
    canary = sent(engine, site_id, clock)
    assert (canary.recipient, canary.until) == (NUMBER, NOON + BACK_WITHIN)
    clock.move(minutes=9)
    assert ask_due(engine, clock()) == []
    assert to_send(engine, [site_id], clock()) == [canary]
    assert to_send(engine, [site_id + 1], clock()) == []
    assert to_send(engine, [site_id], clock() + timedelta(minutes=2)) == []
    clock.move(minutes=51)
    assert ask_due(engine, clock()) == [site_id]
    clock.move(days=31)
    assert ask_due(engine, clock()) == [site_id]
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(canaries)).scalar_one() == 1


def test_the_alarm_says_where_it_stayed_and_ends_with_the_next_that_comes_back(
    engine: Engine, site_id: int, clock: StandingClock
) -> None:
    assert ask_due(engine, clock()) == [site_id]
    clock.move(minutes=10)
    assert "was not fetched" in lost(engine, clock)[0]
    clock.move(hours=1)
    canary = sent(engine, site_id, clock)
    assert lost(engine, clock) == [], "the newest is under way"
    clock.move(minutes=10)
    assert "has not come back" in lost(engine, clock)[0]
    note_failed(engine, site_id, canary.id, "RESULT_ERROR_LIMIT_EXCEEDED")
    assert "could not be sent (RESULT_ERROR_LIMIT_EXCEEDED)" in lost(engine, clock)[0]
    assert accept(engine, text(canary.text), clock).outcome == "canary"
    assert lost(engine, clock) == []


def test_it_is_turned_on_and_off_and_goes_to_numbers_of_ours_alone(
    engine: Engine, site_id: int, clock: StandingClock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_site(engine, "sandbox", OTHER)
    monkeypatch.setenv("DATABASE_URL", database_url)
    run = CliRunner()
    shown = run.invoke(main, ["gateway", "canary", "desk", "--every", "30", "--to", "138 0000 0009"])
    assert (shown.exit_code, shown.output) == (0, "desk is tried out every 30 minutes.\n")
    assert ways_of(engine) == {"desk": (30, OTHER)}
    assert sent(engine, site_id, clock).recipient == OTHER
    for wrong in (["--every", "5"], ["--every", "30", "--to", "13911112222"], [], ["--every", "30", "--off"]):
        refused = run.invoke(main, ["gateway", "canary", "desk", *wrong])
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), wrong
    for other in ("nobody", "sandbox"):
        assert run.invoke(main, ["gateway", "canary", other, "--every", "30"]).exit_code == 2
    assert run.invoke(main, ["gateway", "canary", "desk", "--off"]).exit_code == 0
    clock.move(hours=1)
    assert (ask_due(engine, clock()), lost(engine, clock)) == ([], [])
    with pytest.raises(SetUpError):
        set_way(engine, "desk", 30, "+12025550100", None, NOON)
    with engine.connect() as connection:
        done = connection.execute(select(acts.c.what).where(acts.c.what.startswith("canary"))).scalars().all()
    assert done == ["canary_on", "canary_on", "canary_off"]


class Handed:
    """A gateway that is handed its replies; it says what became of each."""

    def __init__(self, *answers: Sent | Refused) -> None:
        self.answers, self.taken = [*answers], list[Outgoing]()

    def send(self, outgoing: Outgoing) -> Sent | Refused:
        self.taken.append(outgoing)
        return self.answers[len(self.taken) - 1]


def test_a_gateway_that_fetches_nothing_is_handed_each_once(engine: Engine, site_id: int, clock: StandingClock) -> None:
    handed: Any = Handed(Sent("x"), Refused("21211", "no mobile", "number"))
    for _ in range(2):
        ask_due(engine, clock())
        hand_over_canaries(engine, {"desk": handed}, clock())
        hand_over_canaries(engine, {"desk": handed}, clock())
        clock.move(hours=1)
    assert [(each.sender_number, each.recipient, each.attempt) for each in handed.taken] == [(NUMBER, NUMBER, 0)] * 2
    assert "could not be sent (21211)" in lost(engine, clock)[0]
    assert accept(engine, text(handed.taken[0].words), clock).outcome == "canary"
