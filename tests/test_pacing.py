"""SEND_PER_SECOND: what one number sends is a gap apart, over all senders; other numbers do not wait for it."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from tests.infrastructure.serving import runtime_of
from tests.sending import NOON, StandingClock, add_reply, add_site, lease, reply
from worker.gateways.base import Gateway, Outgoing, Sent
from worker.outbox.courier import Courier
from worker.outbox.leases import Lease
from worker.outbox.pace import Pace, pace_of
from worker.processes.couriers import courier_of
from worker.store.schema import attempts

OTHER = "+8613800000077"


class Patient(Gateway):
    """A gateway that takes everything."""

    def __init__(self) -> None:
        """Nothing is needed."""

    def send(self, outgoing: Outgoing) -> Sent:
        """Take it."""
        return Sent(f"SM{outgoing.reply_id}")


def started(engine: Engine) -> list[datetime]:
    with engine.connect() as connection:
        return list(connection.execute(select(attempts.c.started_at).order_by(attempts.c.started_at)).scalars())


def write(engine: Engine, site_id: int, count: int) -> list[int]:
    return [add_reply(engine, site_id, f"R{n}", recipient=f"+86138000001{n:02}") for n in range(count)]


def drain(engine: Engine, clock: StandingClock, pace: Pace) -> None:
    moving = Courier(engine, {"twilio": Patient()}, clock, pace=pace, pause=lambda seconds: clock.move(seconds=seconds))
    moving.drain()


def test_what_a_number_sends_is_a_gap_apart_and_all_of_it_goes_out(engine: Engine, clock: StandingClock) -> None:
    write(engine, add_site(engine), 5)
    drain(engine, clock, pace_of(2))
    assert started(engine) == [NOON + n * timedelta(seconds=0.5) for n in range(5)]


def test_without_a_rate_nothing_waits(engine: Engine, clock: StandingClock) -> None:
    write(engine, add_site(engine), 5)
    drain(engine, clock, pace_of(None))
    assert started(engine) == [NOON] * 5


def test_another_number_has_its_own_pace(engine: Engine, clock: StandingClock) -> None:
    write(engine, add_site(engine), 2)
    write(engine, add_site(engine, number=OTHER), 2)
    drain(engine, clock, pace_of(1))
    assert started(engine) == [NOON] * 2 + [NOON + timedelta(seconds=1)] * 2


def test_of_several_senders_at_one_moment_one_sends(engine: Engine, clock: StandingClock) -> None:
    ids, taken = write(engine, add_site(engine), 8), list[Lease | None]()
    threads = [
        threading.Thread(target=lambda one=one: taken.append(lease(engine, one, clock(), pace_of(1)))) for one in ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one]) == 1
    states = sorted(reply(engine, one).state for one in ids)
    assert states == ["pending"] * 7 + ["sending"]


def test_a_clock_set_back_or_a_higher_rate_does_not_silence_a_number(engine: Engine, clock: StandingClock) -> None:
    first, second, third = write(engine, add_site(engine), 3)
    assert lease(engine, first, clock(), pace_of(0.01))
    assert lease(engine, second, clock(), pace_of(1))
    add_reply(engine, 1, "early", NOON - timedelta(hours=1))
    clock.move(minutes=-1)
    assert lease(engine, third + 1, clock(), pace_of(1))


@pytest.mark.parametrize(("setting", "sent"), [("0.01", 1), ("", 3)])
def test_the_senders_of_our_processes_keep_to_the_setting(
    tmp_path: Path, engine: Engine, database_url: str, redis_url: str, clock: StandingClock, setting: str, sent: int
) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, SEND_PER_SECOND=setting)
    runtime.clock = clock
    ids = write(engine, add_site(engine, gateway="sandbox"), 3)
    drained = courier_of(runtime).drain(budget_s=0.5 if setting else 20)
    assert [reply(engine, one).state for one in ids].count("sent") == sent
    assert (drained.handed_over, drained.more) == (sent, bool(setting))
    runtime.close()
