"""Random histories of a site: texts of every command, among few clients, at instants where the rules turn."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from worker.rules.decide import decide
from worker.rules.model import Message
from worker.rules.state import State

NUMBER, MANAGER, CONSULTANT, SERVICE = (f"+86138000000{n:02d}" for n in range(4))
QIAN, ZHOU, WANG, ZHAO = "+8613900000011", "+8613900000012", "+8613900000021", "+8613900000031"
ROSTER = {QIAN: ("钱进", "链家"), ZHOU: ("周涛", "链家"), WANG: ("王五", "贝壳"), ZHAO: ("赵云", "德佑")}
AGENTS, STAFF = tuple(ROSTER), (MANAGER, CONSULTANT, SERVICE)
SITE = {
    "name": "湾",
    "number": NUMBER,
    "staff": {MANAGER: "manager", CONSULTANT: "consultant", SERVICE: "service"},
    "policy": {"confirm_acts": "off", "daily_digest": "off", "refusals_per_10min": "99"},
}
PEOPLE = {"people": [{"name": name, "phone": phone, "unit": unit} for phone, (name, unit) in ROSTER.items()]}
START = datetime(2028, 2, 22, 2, 0, tzinfo=UTC)

CLIENTS = ("马超 138****5678", "马先生 138****5678", "马岱 138****5678", "李梅 139****2233", "赵强 137****5678")
CLIENT_NAMES = tuple(client.partition(" ")[0] for client in CLIENTS)
AMENDED = ("马超", "马先生", "马岱", "韩梅", "韩先生", "客户", "赵云")
"""What the client of one number is called, now so, now otherwise (R2b)."""
TRUE_NUMBERS = ("139****2233", "136****0001", "138****5678")
POLICIES = (("renewal", "free"), ("renewal", "gated"), ("show_end", "on"), ("report_days", "5"), ("report_days", "7"))

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = (timedelta(), timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=5), HOUR, 8 * HOUR)
LATER = (
    *(23 * HOUR, 2 * DAY, 71 * HOUR, 72 * HOUR, 72 * HOUR + timedelta(seconds=1)),
    *(7 * DAY - HOUR, 7 * DAY - timedelta(seconds=1), 7 * DAY),
)
STEPS = SOON * 5 + LATER
AGO = (*(None,) * 6, *(timedelta(minutes=10),) * 4, 2 * DAY, 8 * DAY)


@dataclass(frozen=True)
class Step:
    """One message: so long after the one before it, a text of a phone (sent so long ago), or (`kind`) set-up."""

    after: timedelta
    sender: str = ""
    text: str = ""
    ago: timedelta | None = None
    kind: str = "text"
    given: tuple[str, ...] = ()
    """what a set-up is made of: a policy's key and value; an import's client, agent, days since report and visit; the
    phone of whose line of the roster ends, or the one that is put again and how: later, or twice"""

    def message(self, seq: int, now: datetime) -> Message:
        """Return the message that it is at its place and time."""
        if self.kind != "text":
            return Message(seq, now, self.kind, "", payload=self.payload(now))
        sent_at = now - self.ago if self.ago else None
        return Message(seq, now, "text", self.sender, self.text, sent_at=sent_at, salt=f"{seq:032x}")

    def payload(self, now: datetime) -> dict[str, Any]:
        """Return what the line takes of a set-up that happens now."""
        if self.kind == "policy":
            return {self.given[0]: self.given[1]}
        if self.kind == "unlist":
            return {"phone": self.given[0]}
        if self.kind == "roster":
            phone, again = self.given
            name, unit = ROSTER[phone]
            line = {"name": name, "phone": phone, "unit": unit}
            to_come = {"from": (now + 2 * DAY).date().isoformat()}
            return {"people": {"": [line], "later": [line | to_come], "twice": [line | {"unit": "德佑"}, line]}[again]}
        client, phone, reported, visited = self.given
        name, _, mask = client.partition(" ")
        agent, unit = ROSTER[phone]
        row = {"client": name, "first3": mask[:3], "last4": mask[-4:], "agent": agent, "unit": unit}
        times = {"reported_at": reported, "visited_at": visited}
        return {"rows": [row | {key: (now - int(days) * DAY).isoformat() for key, days in times.items() if days}]}


Some = tuple[str, ...]


def claims(state: State, sender: str) -> Some:
    """Return what a person may write to name a claim: mostly the numbers that are his to name."""
    unit = ROSTER[sender][1] if sender in ROSTER else None
    seen = [claim.ref for claim in state.claims.values() if unit in (None, claim.unit)]
    return (*seen[-4:] * 3, *CLIENTS, "5678", "2233", "R1")


def rivals(state: State, sender: str) -> Some:
    """Return the numbers of others' claims."""
    return tuple(claim.ref for claim in state.claims.values() if claim.unit != ROSTER[sender][1])


def pending(state: State, _: str) -> Some:
    """Return the numbers that wait for the manager."""
    waiting = [claim.ref for claim in state.claims.values() if claim.state in ("suspected", "contested")]
    return (*waiting, *(form.ref for form in state.visits.values() if form.mismatch))


def forms(state: State, _: str) -> Some:
    """Return the numbers of the last visit forms."""
    return tuple(form.ref for form in state.visits.values())[-3:]


def disputes(state: State, _: str) -> Some:
    """Return the numbers of the disputes."""
    return tuple(dispute.ref for dispute in state.disputes.values())


Piece = str | Some | Callable[[State, str], Some]


@dataclass(frozen=True)
class Command:
    """A kind of text: how often, who sends it, what its pieces are drawn from (a string stands as it is)."""

    weight: int
    senders: Some
    pieces: tuple[Piece, ...]


PAPERS = ("通话记录 钱进 2-20", "户口本", "短信")
UNITS = ("链家", "贝壳", "德佑", "现场")
AGENT_NAMES = tuple(name for name, _ in ROSTER.values())
COMMANDS = (
    Command(14, AGENTS, ("报备", CLIENTS)),
    Command(1, (*AGENTS, MANAGER), ("报备", CLIENTS, AGENT_NAMES)),
    Command(8, AGENTS, ("报备", AMENDED, "138****5678", ("", "", *AGENT_NAMES))),
    Command(1, AGENTS, ("是",)),
    Command(10, (*AGENTS, CONSULTANT), ("跟进", claims, "电话")),
    Command(2, (*AGENTS, CONSULTANT), ("跟进", claims, claims)),
    Command(2, (*AGENTS, *STAFF), ("查", claims)),
    Command(1, AGENTS, ("取消", ("", *CLIENTS))),
    Command(1, AGENTS, (("", *CLIENTS), "有效吗")),
    Command(2, AGENTS, ("带看", CLIENTS, AGENT_NAMES)),
    Command(3, (*AGENTS, MANAGER), ("撤", claims)),
    Command(3, (*AGENTS, MANAGER), ("转", claims, AGENT_NAMES)),
    Command(3, (MANAGER,), ("延", claims, ("7 客户出差", "2 客户出差"))),
    Command(1, AGENTS, (("我的", "下"),)),
    Command(1, (MANAGER,), ("统计", ("", "链家"))),
    Command(4, (MANAGER,), ("判", pending, ("有效", "有效", "重复"))),
    Command(2, (MANAGER,), ("更正", claims, TRUE_NUMBERS, "书面证明")),
    Command(3, (MANAGER,), ("亲属", claims, claims, "夫妻", ("结婚证", "结婚证", ""))),
    Command(1, (MANAGER,), ("撤亲属", claims)),
    Command(5, (*AGENTS, CONSULTANT, MANAGER), ("到访", claims)),
    Command(12, (*AGENTS, CONSULTANT, MANAGER), ("签", forms)),
    Command(2, (*AGENTS, CONSULTANT, MANAGER), ("签", ("", "全部"))),
    Command(2, (CONSULTANT, MANAGER), ("自访", CLIENTS, ("", *AGENT_NAMES, "链家"))),
    Command(1, (MANAGER,), ("团报", CLIENTS, "\n", CLIENTS, AGENT_NAMES)),
    Command(2, (SERVICE,), ("核实", forms, ("是", "否"))),
    Command(1, (MANAGER,), ("定金", claims, ("", "贝壳"))),
    Command(1, (MANAGER,), ("首付", claims)),
    Command(1, (MANAGER,), ("退定", claims)),
    Command(2, AGENTS, ("异议", rivals, "有带看记录")),
    Command(2, (*AGENTS, SERVICE), ("材料", disputes, PAPERS)),
    Command(1, (SERVICE,), ("意见", disputes, "支持先带看")),
    Command(1, (MANAGER,), ("裁定", disputes, UNITS)),
    Command(1, (MANAGER,), ("撤", disputes)),
)
DAYS_AGO = (("4", ""), ("4", "3"), ("28", "27"))
"""Since the report and the visit of a line of a running register."""
SET_UP = (
    *(("policy", pair) for pair in POLICIES),
    *(("unlist", (phone,)) for phone in AGENTS),
    *(("roster", (phone, again)) for again in ("", "", "later", "twice") for phone in AGENTS),
    *(("import", (client, phone, *days)) for client in CLIENTS for phone in AGENTS for days in DAYS_AGO),
)
WEIGHED = [command for command in COMMANDS for _ in range(command.weight)]
SET_UP_ONCE_IN = 12


def line_of(steps: Iterable[Step]) -> Iterator[Message]:
    """Yield the messages of a history, opening and roster before it."""
    yield Message(1, START, "site", "", payload=SITE)
    yield Message(2, START, "roster", "", payload=PEOPLE)
    now = START
    for seq, step in enumerate(steps, 3):
        now += step.after
        yield step.message(seq, now)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Draw a history whose texts speak, mostly, of what there is by then; now and then the set-up changes."""
    state, steps = State(), [_report(draw)]
    for message in line_of(steps):
        decide(state, message)
    for _ in range(draw(st.integers(3, 28))):
        step = _set_up(draw) if draw(st.integers(1, SET_UP_ONCE_IN)) == SET_UP_ONCE_IN else _text(draw, state)
        steps.append(step)
        decide(state, list(line_of(steps))[-1])
    return steps


def _set_up(draw: st.DrawFn) -> Step:
    kind, given = draw(st.sampled_from(SET_UP))
    return Step(draw(st.sampled_from(STEPS)), kind=kind, given=given)


def _report(draw: st.DrawFn) -> Step:
    return Step(timedelta(), draw(st.sampled_from(AGENTS)), f"报备 {draw(st.sampled_from(CLIENTS))}")


def _text(draw: st.DrawFn, state: State) -> Step:
    command = draw(st.sampled_from([command for command in WEIGHED if _possible(command, state)]))
    sender = draw(st.sampled_from(command.senders))
    words = [_word(draw, piece, state, sender) for piece in command.pieces]
    ago = draw(st.sampled_from(AGO)) if command.pieces[0] == "报备" else None
    return Step(draw(st.sampled_from(STEPS)), sender, " ".join(filter(None, words)), ago)


def _possible(command: Command, state: State) -> bool:
    """Tell whether there is something to speak of, for each who may send it."""
    return all(piece(state, s) for piece in command.pieces if callable(piece) for s in command.senders)


def _word(draw: st.DrawFn, piece: Piece, state: State, sender: str) -> str:
    if isinstance(piece, str):
        return piece
    return draw(st.sampled_from(piece(state, sender) if callable(piece) else piece))


HISTORIES = histories()
