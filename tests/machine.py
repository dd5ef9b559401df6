"""A state machine over everything that happens to a line: texts, jobs, sending, callbacks, deaths, look-ups, time."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, delete, select

from tests.invariants import at_rest, weigh
from tests.schedules import LI, PEOPLE, START, WANG
from tests.sending import MANAGER, NUMBER, StandingClock, lease, record_status
from worker.decide.decider import decide_site
from worker.decide.notices import tell_due
from worker.gateways.base import Doubt, Handover, Inbound, Outgoing, Refused, Retry, Sent, Status, Unknown
from worker.line.door import Entry, accept, enter, found_site
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import candidates, close_leases, retire
from worker.store.schema import decisions, inbox, metadata, replies

NAME = "post"
BEHAVIOURS = ("takes", "takes and is silent", "forgets and is silent", "calls back first", "later", "refuses")
WORDS = ("queued", "sent", "delivered", "failed")
_clients = st.sampled_from(["张三 138****5678", "张四 138****5678", "李梅 139****2233"])
texts = st.builds("{} {}".format, st.sampled_from(["报备", "查", "撤", ""]), _clients) | st.sampled_from(["?", "谢谢"])


class Post:
    """A gateway in memory that keeps a ledger of what it took and shows it honestly."""

    name = NAME

    def __init__(self, engine: Engine, clock: StandingClock) -> None:
        self.engine, self.clock = engine, clock
        self.behaviours: list[str] = []
        self.taken: list[tuple[Outgoing, str]] = []

    def take(self, outgoing: Outgoing) -> str:
        """Take a message and return its id."""
        self.taken.append((outgoing, f"P{len(self.taken)}"))
        return self.taken[-1][1]

    def send(self, outgoing: Outgoing) -> Handover:
        """Do what was laid down."""
        behaviour = self.behaviours.pop() if self.behaviours else "takes"
        if behaviour == "later":
            return Retry(1, "busy", "")
        if behaviour == "refuses":
            return Refused("no", "", "number")
        if behaviour == "forgets and is silent":
            return Unknown("silence", "")
        sid = self.take(outgoing)
        if behaviour == "calls back first":
            self.call_back(len(self.taken) - 1, "delivered")
        return Unknown("silence", "") if behaviour == "takes and is silent" else Sent(sid)

    def call_back(self, index: int, word: str) -> None:
        """Tell of a message that was taken."""
        outgoing, sid = self.taken[index]
        status = Status(NAME, sid, outgoing.reply_id, word, attempt=outgoing.attempt)
        record_status(self.engine, status, self.clock())

    def lookup(self, doubt: Doubt) -> Handover | None:
        """Find a message by number and words."""
        same = (doubt.outgoing.recipient, doubt.outgoing.words)
        found = (s for o, s in self.taken if (o.recipient, o.words) == same and s not in doubt.taken)
        return next((Sent(sid) for sid in found), None)


class Line(RuleBasedStateMachine):
    """The machine; `on` makes it one on a database."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.clock = StandingClock(START)
        self.post = Post(self.engine, self.clock)
        self.gateways: Any = {NAME: self.post}
        self.settler = Settler(self.engine, self.gateways, self.clock)
        self.acknowledged: set[str] = set()
        self.decided: dict[int, tuple[str, str]] = {}

    @initialize()
    def found(self) -> None:
        payload = {"name": "湾", "number": NUMBER, "staff": {MANAGER: "manager"}}
        receipt = found_site(self.engine, "湾", NUMBER, NAME, payload, self.clock)
        assert receipt.site_id is not None
        self.site_id = receipt.site_id
        self.set_up("roster", {"people": PEOPLE})
        self.set_up("policy", {"quiet_hours": "off", "report_days": "1", "reminder_hours": "2"})

    def set_up(self, kind: str, payload: dict[str, Any]) -> None:
        enter(self.engine, self.site_id, Entry(kind, "program", kind, "", payload=payload), self.clock)

    @rule(message_id=st.integers(0, 20), sender=st.sampled_from([LI, WANG, MANAGER, "+8613900000099"]), words=texts)
    def arrive(self, message_id: int, sender: str, words: str) -> None:
        inbound = Inbound(NAME, f"m{message_id}", sender, NUMBER, words)
        receipt = accept(self.engine, inbound, self.clock)
        assert receipt.outcome == ("repeated" if f"m{message_id}" in self.acknowledged else "accepted")
        self.acknowledged.add(f"m{message_id}")

    @rule(limit=st.sampled_from([1, 2, 100]))
    def decide(self, limit: int) -> None:
        decide_site(self.engine, self.site_id, limit, self.clock)

    @rule()
    def tell(self) -> None:
        tell_due(self.engine, self.clock())

    @rule(behaviours=st.lists(st.sampled_from(BEHAVIOURS), max_size=4))
    def send(self, behaviours: list[str]) -> None:
        self.post.behaviours = behaviours
        Courier(self.engine, self.gateways, self.clock, threads=1).drain()

    @rule(taken=st.booleans())
    def claim_and_die(self, taken: bool) -> None:
        for reply_id in candidates(self.engine, [NAME], self.clock())[:1]:
            claimed = lease(self.engine, reply_id, self.clock())
            if claimed is not None and taken:
                self.post.take(claimed.outgoing)

    @rule(index=st.integers(0, 30), word=st.sampled_from(WORDS))
    def call_back(self, index: int, word: str) -> None:
        if index < len(self.post.taken):
            self.post.call_back(index, word)

    @rule(seconds=st.sampled_from([1, 61, 300, 3_600, 80_000]))
    def pass_time(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        close_leases(self.engine, self.clock())
        retire(self.engine, self.clock())
        self.settler.settle()

    @invariant()
    def the_line_has_no_gap_and_its_times_never_fall(self) -> None:
        rows = self._rows(select(inbox.c.seq, inbox.c.received_at).order_by(inbox.c.seq))
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert all(one.received_at <= other.received_at for one, other in pairwise(rows))

    @invariant()
    def what_is_decided_stays_so(self) -> None:
        rows = self._rows(select(decisions.c.seq, decisions.c.code, decisions.c.head).order_by(decisions.c.seq))
        now = {row.seq: (row.code, row.head) for row in rows}
        assert list(now) == list(range(1, len(now) + 1))
        assert self.decided.items() <= now.items()
        self.decided = now

    @invariant()
    def no_reply_goes_out_twice(self) -> None:
        went = Counter(outgoing.reply_id for outgoing, _ in self.post.taken)
        assert not [reply_id for reply_id, times in went.items() if times > 1]

    @invariant()
    def of_equal_replies_no_more_are_sent_than_went_out(self) -> None:
        """Which of them is known for sure only when a callback has come."""
        rows = self._rows(select(replies.c.recipient, replies.c.words).where(replies.c.state == "sent"))
        sent = Counter(tuple(row) for row in rows)
        assert sent <= Counter((outgoing.recipient, outgoing.words) for outgoing, _ in self.post.taken)

    def _rows(self, query: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def teardown(self) -> None:
        """Let everything come to rest, weigh it, and leave the tables empty."""
        try:
            self._come_to_rest()
            taken = [{"to": o.recipient, "body": o.words} for o, _ in self.post.taken]
            counts = weigh(self.engine, self.acknowledged, taken)
            assert counts.broken == []
            assert counts.resent == 0
        finally:
            with self.engine.begin() as connection:
                for table in reversed(metadata.sorted_tables):
                    connection.execute(delete(table))

    def _come_to_rest(self) -> None:
        self.post.behaviours = []
        for _ in self._until(timedelta(hours=6)):
            self.decide(100)
            self.tell()
            self.send([])
            self.sweep()
            if at_rest(self.engine):
                return
        raise AssertionError("the system does not come to rest")

    def _until(self, end: timedelta) -> Iterator[None]:
        until = self.clock() + end
        while self.clock() < until:
            self.clock.move(minutes=2)
            yield


def on(engine: Engine) -> type[Line]:
    """Return the machine on this database."""
    return type("LineOnADatabase", (Line,), {"engine": engine})
