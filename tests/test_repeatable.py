"""A transaction that the database gives up for another's sake is done again, and comes to the same."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.folding import assert_folded
from tests.infrastructure.databases import Databases
from tests.infrastructure.waiting import eventually
from tests.story import LI, MANAGER, NUMBER
from worker.crash_points import watching
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.store.database import open_engine
from worker.store.repeatable import TRIES, is_given_up, repeatable
from worker.store.schema import cursors, decisions, senders

PEOPLE = [{"name": "李四", "phone": LI, "unit": "链家"}]


@pytest.fixture
def engine(postgresql_databases: Databases) -> Iterator[Engine]:
    """Yield PostgreSQL: SQLite has one lock, for which one waits or has it."""
    engine = open_engine(postgresql_databases.create())
    yield engine
    engine.dispose()
    postgresql_databases.drop()


@pytest.fixture
def site_id(engine: Engine) -> int:
    site = open_site(engine, "湾", NUMBER, {"manager": [MANAGER]}, "sandbox")
    put(engine, site, "roster", {"people": PEOPLE})
    report(engine, "first", "报备 李梅 139****2233 李四")
    while decide_site(engine, site.id).more:
        pass
    return site.id


def report(engine: Engine, message_id: str, words: str) -> None:
    accept(engine, Inbound("sandbox", message_id, LI, NUMBER, words))


def lock_sender_and_then_the_line(engine: Engine, has_sender: threading.Event, may_go_on: threading.Event) -> None:
    with engine.begin() as connection:
        # Who looks for a deadlock first is ended by it, and that is to be the other.
        connection.execute(text("SET LOCAL deadlock_timeout = '20s'"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(select(senders).where(senders.c.phone == LI).with_for_update()).all()
        has_sender.set()
        may_go_on.wait(20)
        connection.execute(select(cursors).with_for_update()).all()


def test_a_deadlock_is_decided_again(engine: Engine, site_id: int) -> None:
    report(engine, "second", "报备 张三 138****5678 李四")
    has_sender, may_go_on, folds = threading.Event(), threading.Event(), []
    other = threading.Thread(target=lock_sender_and_then_the_line, args=(engine, has_sender, may_go_on))
    other.start()
    has_sender.wait(20)

    def when_reached(point: str) -> None:
        if point == "decide.fold.after":
            folds.append(point)
            may_go_on.set()
            if len(folds) == 1:
                eventually(lambda: waits_for_a_lock(engine), "the other waits for the line")

    with watching(when_reached):
        assert decide_site(engine, site_id).decided == 1
    other.join()
    assert len(folds) == 2
    assert_folded(engine, site_id)


def waits_for_a_lock(engine: Engine) -> bool:
    with engine.connect() as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(connection.execute(text(waiting)).scalar_one())


def test_what_the_database_cannot_put_in_order_is_decided_again(engine: Engine, site_id: int) -> None:
    report(engine, "second", "报备 张三 138****5678 李四")
    fail_at_first(engine, 2)
    assert decide_site(engine, site_id).decided == 1
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(decisions)).scalar_one() == 4
    assert_folded(engine, site_id)


def test_it_is_given_up_at_last(engine: Engine, site_id: int) -> None:
    report(engine, "second", "报备 张三 138****5678 李四")
    fail_at_first(engine, TRIES)
    with pytest.raises(OperationalError) as raised:
        decide_site(engine, site_id)
    assert is_given_up(raised.value)
    assert decide_site(engine, site_id).decided == 1


def fail_at_first(engine: Engine, times: int) -> None:
    """Let the first decisions fail as a database does that cannot put transactions in an order."""
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE tries"))
        connection.execute(
            text(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF nextval('tries') <= {times} THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; "
                "RETURN NEW; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER failing BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION fail()")
        )


def test_other_errors_are_raised_at_once(engine: Engine) -> None:
    calls = []

    @repeatable
    def write(connection: Connection) -> None:
        calls.append(1)
        connection.execute(text("SELECT 1/0"))

    with engine.connect() as connection, pytest.raises(DBAPIError):
        write(connection)
    assert len(calls) == 1
