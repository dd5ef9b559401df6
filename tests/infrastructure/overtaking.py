"""Every schedule of two transactions in which one overtakes the other: no chance, and nothing known of their insides.

One stops before its first statement, in the next try before its second, and so on to its commit; in a last one before
each. Whenever it stops the other goes on to its end, or until it waits for a lock that the first one holds.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event, text

from tests.infrastructure.waiting import eventually
from worker.store.database import open_engine

Act = Callable[[], object]
WAITS = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@dataclass(eq=False)
class Overtaking:
    """Calls the other in between; told of every statement and commit of an engine."""

    engine: Engine
    other: Act
    observer: Engine
    threads: ThreadPoolExecutor
    at: int = 0
    passed: int = 0
    begun: list["Future[object]"] = field(default_factory=list)
    _mine: int = field(default_factory=threading.get_ident)

    def __call__(self, *_: Any) -> None:
        """Be at a statement or a commit of any thread."""
        if threading.get_ident() != self._mine:
            return
        self.passed += 1
        if self.at in (0, self.passed) and all(other.done() for other in self.begun):
            self.begun.append(self.threads.submit(self.other))
            _wait(self.observer, self.begun[-1])

    def overtakes(self, one: Act, at: int) -> bool:
        """Call the one; return whether it was overtaken, at its statement of this number, 0: at each."""
        self.at, self.passed, self.begun = at, 0, []
        for name in ("before_cursor_execute", "commit"):
            event.listen(self.engine, name, self)
        try:
            one()
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(self.engine, name, self)
        for other in self.begun:
            other.result()
        return bool(self.begun)


def overtake(engine: Engine, one: Act, other: Act, then: Act) -> int:
    """Let the other overtake at each statement of the one, and do what comes `then` each time; return how many it had.

    What either raises is raised.
    """
    observer = open_engine(engine.url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(1) as threads:
        overtaking, statements = Overtaking(engine, other, observer, threads), 0
        while overtaking.overtakes(one, statements + 1):
            statements += 1
            then()
        overtaking.overtakes(one, 0)
        then()
    observer.dispose()
    return statements


def _wait(observer: Engine, other: "Future[object]") -> None:
    """Wait until the other has ended, or waits itself."""
    if observer.dialect.name == "sqlite":
        # It sleeps and asks again, which nobody sees; whoever takes no lock has ended long before.
        wait([other], 0.1)
        return

    def has_come_to_a_stop() -> bool:
        with observer.connect() as connection:
            return other.done() or connection.execute(WAITS).first() is not None

    eventually(has_come_to_a_stop, "an end or a lock")
