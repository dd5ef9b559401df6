"""Random histories of a site, random schedules of the jobs that work on it, and what plays the one under the other."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, event

from tests.sending import MANAGER
from worker.decide.decider import decide_site
from worker.decide.notices import tell_due
from worker.gateways.base import Inbound
from worker.line.door import Entry, accept, enter, found_site

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
LI, ZHOU, WANG = "+8613900000011", "+8613900000012", "+8613900000021"
STRANGERS = ("+8613900000099", "+8613900000098", "+447700900123", "106575")
PEOPLE = [
    {"name": "李四", "phone": LI, "unit": "链家"},
    {"name": "周涛", "phone": ZHOU, "unit": "链家"},
    {"name": "王五", "phone": WANG, "unit": "贝壳"},
]
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that comes in; one with the id of an earlier one is a repeated delivery."""

    message_id: str
    sender: str
    words: str
    sent_before: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SetUp:
    """A set-up message."""

    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that passes."""

    by: timedelta


Event = Text | SetUp | Wait

_clients = st.sampled_from(["张三", "张先生", "张四", "李梅", "欧阳娜", "买买提·艾力"])
_masks = st.sampled_from(["138****5678", "13812345678", "139****5678", "186****0917", "1381****678"])
_agents = st.sampled_from(["", "李四", "周涛", "王五", "链家", "贝壳", "赵六", "宏图"])
_client_lines = st.builds("{} {} {}".format, _clients, _masks, _agents)
_reports = st.lists(_client_lines, min_size=1, max_size=3).map("\n".join)
_references = st.builds("R{}".format, st.integers(1, 6)) | st.builds("{} {}".format, _clients, _masks)
_commands = st.builds("{} {}".format, st.sampled_from(["撤", "查", "跟进"]), _references | st.just("5678"))
_others = st.sampled_from(["", "帮助", "谢谢", "退订", "报备", "1234", "报备 \ud800\0", "【平安】您的验证码是1234"])
_words = st.one_of(_reports, _reports, _reports, _commands, _others)
_senders = st.sampled_from([LI, LI, ZHOU, WANG, WANG, MANAGER, *STRANGERS])
_texts = st.builds(
    Text,
    st.integers(0, 30).map("id-{}".format),
    _senders,
    _words,
    st.none() | st.none() | st.sampled_from([timedelta(minutes=5), timedelta(hours=30), timedelta(days=8)]),
)
_pairs = [
    *("renewal=free", "show_end=on", "report_days=1", "language=en", "language=zh", "full_number=refuse"),
    *("notify=each", "notify=off", "unlisted=refuse", "confirm_acts=off", "quiet_hours=off", "reminder_hours=2"),
]
_policies = st.sampled_from(_pairs).map(lambda pair: SetUp("policy", dict([pair.split("=")])))
_rosters = st.builds(
    lambda name, phone, unit: SetUp("roster", {"people": [{"name": name, "phone": phone, "unit": unit}]}),
    st.sampled_from(["李四", "周涛", "王五", "赵六"]),
    st.sampled_from([LI, ZHOU, WANG, STRANGERS[0]]),
    st.sampled_from(["链家", "贝壳", "宏图地产"]),
)
_removals = st.sampled_from([LI, WANG]).map(lambda phone: SetUp("unlist", {"phone": phone}))
_reopenings = st.sampled_from([LI, MANAGER]).map(lambda phone: SetUp("reopen", {"phone": phone}))
_waits = st.sampled_from([1, 600, 3_000, 3_600, 90_000, 700_000]).map(lambda s: Wait(timedelta(seconds=s)))
histories = st.lists(
    st.one_of(_texts, _texts, _texts, _texts, _waits, _waits, _policies, _rosters, _removals, _reopenings),
    min_size=5,
    max_size=30,
)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done after an event: how many deciders at once, how much each takes, and where it is aborted.

    `ahead`: by how much the clock of the machine that does it is before the line's own.
    """

    kind: str
    limit: int = 100
    deciders: int = 1
    aborted_at: int | None = None
    ahead: timedelta = timedelta()


_aborts = st.none() | st.none() | st.integers(1, 12)
_jobs = st.builds(Job, st.just("decide"), st.sampled_from([1, 2, 3, 100]), st.sampled_from([1, 1, 1, 2]), _aborts)
_ahead = st.sampled_from([timedelta(), timedelta(), timedelta(seconds=5), timedelta(hours=1)])
_tellings = st.builds(Job, st.just("tell"), aborted_at=_aborts, ahead=_ahead)
schedules = st.lists(st.none() | st.none() | _jobs | _tellings, min_size=1, max_size=20)


class AbortedError(Exception):
    """The transaction ends here."""


@contextmanager
def aborting(engine: Engine, statement: int | None) -> Iterator[None]:
    """Break this statement, counted from 1, of whatever is done on the engine meanwhile, and so its transaction."""
    left = [statement or 0]

    def break_it(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise AbortedError

    event.listen(engine, "before_cursor_execute", break_it)
    try:
        yield
    except AbortedError:
        pass
    finally:
        event.remove(engine, "before_cursor_execute", break_it)


class Salts:
    """Stands in for `secrets` in `worker.line.door`: a salt follows from its message's id, on every database."""

    def __init__(self) -> None:
        self.message_id = ""

    def token_hex(self, size: int) -> str:
        """Return the salt of the message that is received now."""
        return hashlib.sha256(self.message_id.encode()).hexdigest()[: 2 * size]


@dataclass
class Play:
    """A site of its own on an engine, on which a history is played."""

    engine: Engine
    salts: Salts
    now: datetime = START
    number: str = field(init=False)
    site_id: int = field(init=False)
    _set_ups: int = 0

    def __post_init__(self) -> None:
        """Found the site and list its people; what they say of the site is the same each time."""
        index = next(_numbers)
        self.number = f"+8613700{index:06}"
        payload = {"name": "湾", "number": "+8613800000000", "staff": {MANAGER: "manager"}}
        self.salts.message_id = "site"
        receipt = found_site(self.engine, f"湾{index}", self.number, "sandbox", payload, self._clock)
        assert receipt.site_id is not None
        self.site_id = receipt.site_id
        self.take(SetUp("roster", {"people": PEOPLE}))

    def _clock(self) -> datetime:
        return self.now

    def take(self, happening: Event) -> None:
        """Let something happen."""
        match happening:
            case Text():
                self.salts.message_id = happening.message_id
                sent_at = self.now - happening.sent_before if happening.sent_before else None
                mine = f"{self.site_id}-{happening.message_id}"
                inbound = Inbound("sandbox", mine, happening.sender, self.number, happening.words, sent_at)
                accept(self.engine, inbound, self._clock)
            case SetUp():
                self._set_ups += 1
                self.salts.message_id = f"set-up {self._set_ups}"
                entry = Entry(
                    happening.kind, "program", f"{self.site_id}:{self._set_ups}", "", payload=happening.payload
                )
                enter(self.engine, self.site_id, entry, self._clock)
            case Wait():
                self.now += happening.by

    def work(self, job: Job | None) -> None:
        """Do a job, or none: the bell was lost."""
        if job is None:
            return
        with aborting(self.engine, job.aborted_at):
            if job.kind == "tell":
                tell_due(self.engine, self.now + job.ahead)
            elif job.deciders == 1:
                decide_site(self.engine, self.site_id, job.limit, self._clock)
            else:
                self._at_once(lambda: decide_site(self.engine, self.site_id, job.limit, self._clock), job.deciders)

    def _at_once(self, job: Callable[[], object], times: int) -> None:
        def unless_aborted() -> None:
            try:
                job()
            except AbortedError:
                return

        threads = [threading.Thread(target=unless_aborted) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def drain(self) -> None:
        """Do all that is left to do."""
        while decide_site(self.engine, self.site_id, clock=self._clock).more:
            pass
        while tell_due(self.engine, self.now):
            pass


def play(engine: Engine, salts: Salts, history: list[Event], schedule: list[Job | None]) -> int:
    """Play a history, a job of the schedule after each event, then do what is left; return the site's id."""
    site = Play(engine, salts)
    for index, happening in enumerate(history):
        site.take(happening)
        site.work(schedule[index % len(schedule)])
    site.drain()
    return site.site_id
