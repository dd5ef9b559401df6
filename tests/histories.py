"""Random histories of a site: texts of every command, among few clients, at instants where the rules turn."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

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
TRUE_NUMBERS = ("139****2233", "136****0001", "138****5678")
CLAIMS = tuple(f"R{n}" for n in range(1, 7))
FORMS = tuple(f"V{n}" for n in range(1, 5))
DISPUTES = ("D1", "D2")
REFERENCES = (*CLIENTS, *CLAIMS, "5678", "2233")
POLICIES = (("renewal", "free"), ("renewal", "gated"), ("show_end", "on"), ("report_days", "5"), ("report_days", "7"))

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = (
    *(timedelta(), timedelta(), timedelta(seconds=1), timedelta(minutes=1), HOUR, 23 * HOUR),
    *(2 * DAY, 71 * HOUR, 72 * HOUR, 72 * HOUR + timedelta(seconds=1), 3 * DAY - HOUR),
    *(7 * DAY - timedelta(seconds=1), 7 * DAY, 7 * DAY - HOUR),
)
AGO = (None, None, None, timedelta(minutes=10), timedelta(days=1), timedelta(days=8))


@dataclass(frozen=True)
class Step:
    """One message: so long after the one before it, a text of a phone (sent so long ago), or (`kind`) set-up."""

    after: timedelta
    sender: str = ""
    text: str = ""
    ago: timedelta | None = None
    kind: str = "text"
    given: tuple[str, ...] = ()
    """what a set-up is made of: a policy's key and value; an import's client, agent, days since report and visit"""

    def payload(self, now: datetime) -> dict[str, Any]:
        """Return what the line takes of a set-up that happens now."""
        if self.kind == "policy":
            return {self.given[0]: self.given[1]}
        client, phone, reported, visited = self.given
        name, _, mask = client.partition(" ")
        agent, unit = ROSTER[phone]
        row = {"client": name, "first3": mask[:3], "last4": mask[-4:], "agent": agent, "unit": unit}
        times = {"reported_at": reported, "visited_at": visited}
        return {"rows": [row | {key: (now - int(days) * DAY).isoformat() for key, days in times.items() if days}]}


@dataclass(frozen=True)
class Command:
    """A kind of text: how often, who sends it, what its pieces are drawn from (a string stands as it is)."""

    weight: int
    senders: tuple[str, ...]
    pieces: tuple[str | tuple[str, ...], ...]


PAPERS = ("通话记录 钱进 2-20", "户口本", "短信")
UNITS = ("链家", "贝壳", "德佑", "现场")
AGENT_NAMES = tuple(name for name, _ in ROSTER.values())
COMMANDS = (
    Command(8, AGENTS, ("报备", CLIENTS)),
    Command(2, (*AGENTS, MANAGER), ("报备", CLIENTS, AGENT_NAMES)),
    Command(5, (*AGENTS, CONSULTANT), ("跟进", REFERENCES, "电话")),
    Command(1, (*AGENTS, CONSULTANT), ("跟进", CLAIMS, CLAIMS)),
    Command(2, (*AGENTS, *STAFF), ("查", REFERENCES)),
    Command(2, (*AGENTS, MANAGER), ("撤", REFERENCES)),
    Command(2, (MANAGER,), ("判", REFERENCES, ("有效", "重复"))),
    Command(1, (MANAGER,), ("判", FORMS, ("有效", "重复"))),
    Command(1, (MANAGER,), ("更正", CLAIMS, TRUE_NUMBERS, "书面证明")),
    Command(2, (MANAGER,), ("亲属", REFERENCES, REFERENCES, "夫妻", ("结婚证", ""))),
    Command(1, (MANAGER,), ("撤亲属", REFERENCES)),
    Command(4, (*AGENTS, CONSULTANT, MANAGER), ("到访", REFERENCES)),
    Command(6, (*AGENTS, CONSULTANT, MANAGER), ("签", ("", "全部", *FORMS))),
    Command(2, (CONSULTANT, MANAGER), ("自访", CLIENTS, ("", *AGENT_NAMES, "链家"))),
    Command(1, (MANAGER,), ("团报", CLIENTS, "\n", CLIENTS, AGENT_NAMES)),
    Command(1, (SERVICE,), ("核实", FORMS, ("是", "否"))),
    Command(1, (MANAGER,), ("定金", CLAIMS, ("", "贝壳"))),
    Command(1, (MANAGER,), ("首付", CLAIMS)),
    Command(1, (MANAGER,), ("退定", CLAIMS)),
    Command(2, AGENTS, ("异议", CLAIMS, "有带看记录")),
    Command(2, (*AGENTS, SERVICE), ("材料", DISPUTES, PAPERS)),
    Command(1, (SERVICE,), ("意见", DISPUTES, "支持先带看")),
    Command(1, (MANAGER,), ("裁定", DISPUTES, UNITS)),
    Command(1, (MANAGER,), ("撤", DISPUTES)),
)


@st.composite
def texts(draw: st.DrawFn) -> Step:
    """Draw one text of any command."""
    command = draw(st.sampled_from([command for command in COMMANDS for _ in range(command.weight)]))
    words = [piece if isinstance(piece, str) else draw(st.sampled_from(piece)) for piece in command.pieces]
    ago = draw(st.sampled_from(AGO)) if command.pieces[0] == "报备" else None
    sender = draw(st.sampled_from(command.senders))
    return Step(draw(st.sampled_from(STEPS)), sender, " ".join(filter(None, words)), ago)


@st.composite
def policies(draw: st.DrawFn) -> Step:
    """Draw a change of the policy."""
    return Step(draw(st.sampled_from(STEPS)), kind="policy", given=draw(st.sampled_from(POLICIES)))


@st.composite
def imports(draw: st.DrawFn) -> Step:
    """Draw a line of a running register, of a client who has come already or not."""
    given = (draw(st.sampled_from(CLIENTS)), draw(st.sampled_from(AGENTS)), "4", draw(st.sampled_from(("", "3"))))
    return Step(draw(st.sampled_from(STEPS)), kind="import", given=given)


HISTORIES = st.lists(st.one_of(*([texts()] * 12), policies(), imports()), min_size=4, max_size=24)
