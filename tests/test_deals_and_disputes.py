"""Deals and disputes where a scenario would need other commands, and in whatever batches the line is decided."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.sql_stage import SqlStage
from worker.decide.decider import decide_site, message_of
from worker.rules.attribution import attribute
from worker.rules.client import Client
from worker.rules.dates import typed_day
from worker.rules.decide import decide
from worker.rules.model import WALK_IN, Claim, Deal, Decision, Dispute, Kin, Listed, Message, Site, Unit, Visit
from worker.rules.policy import Policy
from worker.rules.state import State
from worker.scenarios.language import read_scenario
from worker.scenarios.lines import Incoming, SetUp, beginning
from worker.store.facts import load
from worker.store.schema import inbox, sites

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
MANAGER, SERVICE, LI, WANG = "+8613800000001", "+8613800000003", "+8613900000011", "+8613900000021"
FILES = sorted(Path(__file__).parent.joinpath("scenarios").glob("*.txt"))


def claim(number: int, unit: str, agent: str, phone: str, **more: Any) -> Claim:
    client: dict[str, Any] = {
        "client": "张三",
        "name_key": "张三",
        "first3": "138",
        "last4": "5678",
        "seq": abs(number),
    }
    held = {"reported_at": NOON, "ends_at": NOON + timedelta(days=7), "terms": Policy().terms}
    return Claim(number, part=0, unit=unit, agent=agent, agent_phone=phone, sender=phone, **client | held | more)


@pytest.fixture
def state() -> State:
    staff = {MANAGER: "manager", SERVICE: "service"}
    made = State(Site("湾", "+8613800000000", staff=staff, policy={"confirm_acts": "off"}))
    made.load([Unit("链家", "链家"), Unit("贝壳", "贝壳")])
    made.load([Listed(LI, "李四", "李四", "链家"), Listed(WANG, "王五", "王五", "贝壳")])
    return made


class Line:
    """Texts to a state, an hour apart."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.seq = 100

    def text(self, phone: str, words: str) -> Decision:
        self.seq += 1
        return decide(self.state, Message(self.seq, self.now, "text", phone, words, salt="0" * 32))

    @property
    def now(self) -> datetime:
        return NOON + timedelta(hours=self.seq - 100)

    def owner(self, name: str = "张三", first3: str = "138", last4: str = "5678") -> tuple[str, str, tuple[str, ...]]:
        answer = attribute(self.state, Client(name, first3, last4), self.now)
        return answer.unit, answer.agent, answer.rules


def test_a_walk_in_is_sold_disputed_and_ruled_by_his_visit_form(state: State) -> None:
    """R28, D3: V31 stands where a registration has R."""
    state.load([claim(-31, WALK_IN, "", "", state="walkin", visited_at=NOON, visit=31)])
    line = Line(state)
    sold = line.text(MANAGER, "定金 V31")
    assert (sold.code, sold.replies[0].ref) == ("deal_recorded", "V31")
    assert line.owner()[0] == WALK_IN
    opened = line.text(WANG, "异议 V31 我带来的")
    assert [(r.recipient, r.code, r.ref) for r in opened.replies] == [
        (MANAGER, "dispute_opened", "D1"),
        (SERVICE, "dispute_opened", "D1"),
        (WANG, "dispute_opened", "D1"),
    ]
    assert line.text(SERVICE, "材料 D1 现场 电话录音").code == "evidence_recorded"
    assert line.text(WANG, "材料 D1 短信").code == "evidence_recorded"
    assert line.text(MANAGER, "裁定 D1 贝壳").code == "dispute_decided"
    assert line.owner() == ("贝壳", "王五", ("R21",))
    assert line.text(MANAGER, "裁定 D1 现场").code == "dispute_decided"
    assert line.owner() == (WALK_IN, "", ("R21",))


def test_a_family_is_sold_as_one_client_to_its_earliest_report(state: State) -> None:
    """R23: the wife's deposit is her husband's agent's, and a repeat under either number replaces the one deal."""
    state.load([claim(1, "链家", "李四", LI)])
    state.load([claim(2, "贝壳", "王五", WANG, client="李梅", name_key="李梅", first3="139", last4="2233", seq=2)])
    kin = Kin(3, NOON, "张三", "138", "5678", "李梅", "139", "2233", "夫妻", "结婚证", proved=True)
    state.load([kin])
    line = Line(state)
    assert line.text(MANAGER, "定金 R2").replies[0].ref == "R1"
    assert line.owner("李梅", "139", "2233")[:2] == ("链家", "李四")
    assert line.text(MANAGER, "首付 R2").replies[0].ref == "R1"
    assert list(state.deals) == [1]
    assert (state.deals[1].deposit_on, state.deals[1].down_on) == (date(2026, 11, 2), date(2026, 11, 2))
    assert line.text(WANG, "报备 李梅 139****2233").code == "duplicate_other"


def test_a_cancelled_sale_stands_for_the_time_before_it_was_cancelled(state: State) -> None:
    """J9: a moment that is asked for later has the answer that it had."""
    state.load([claim(1, "链家", "李四", LI)])
    line = Line(state)
    assert line.text(MANAGER, "定金 R1 贝壳").code == "deal_recorded"
    before = line.now
    assert line.text(MANAGER, "退定 R1").code == "withdrawn"
    ends = [attribute(state, Client("张三", "138", "5678"), moment).until for moment in (before, line.now)]
    assert ends == [None, NOON + timedelta(days=7)]


def test_a_mismatch_names_the_rules_that_leave_the_earliest_report(state: State) -> None:
    """R22: without written proof the visit does not count, the report does."""
    state.load([claim(1, "链家", "李四", LI)])
    form = Visit(1, 1, NOON, NOON, date(2026, 11, 2), "led", "open", "张三", "138", "5678", 1, "链家", "李四", LI, LI)
    state.load([form])
    assert "R22" not in attribute(state, Client("张三", "138", "5678"), NOON).rules
    state.load([Visit(**{name: getattr(form, name) for name in form.__dataclass_fields__} | {"mismatch": ("number",)})])
    answer = attribute(state, Client("张三", "138", "5678"), NOON)
    assert (answer.unit, set(answer.rules)) == ("链家", {"R7", "R5", "R22"})


def test_parties_never_read_of_each_other(state: State) -> None:
    """E1: what goes to a party holds neither the unit nor the agent nor the phone of the other."""
    state.load([claim(1, "链家", "李四", LI)])
    line = Line(state)
    texts = [(WANG, "异议 R1 链家抢客"), (MANAGER, "定金 R1"), (MANAGER, "首付 R1"), (LI, "材料 D1 短信")]
    texts += [(WANG, "材料 D1 短信"), (MANAGER, "裁定 D1 贝壳"), (MANAGER, "裁定 D1 链家"), (MANAGER, "撤 D1")]
    said = [reply for phone, words in texts for reply in line.text(phone, words).replies]
    to_li = [str(reply.params) for reply in said if reply.recipient == LI]
    to_wang = [str(reply.params) for reply in said if reply.recipient == WANG]
    assert len(to_li) == len(to_wang) == 5
    assert not any(word in params for params in to_li for word in ("王五", "贝壳", WANG))
    assert not any(word in params for params in to_wang for word in ("李四", "链家", LI))


@pytest.mark.parametrize(
    ("written", "today", "meant"),
    [
        (None, date(2026, 11, 2), date(2026, 11, 2)),
        ("2025-02-28", date(2026, 11, 2), date(2025, 2, 28)),
        ("11-02", date(2026, 11, 2), date(2026, 11, 2)),
        ("12-29", date(2027, 1, 3), date(2026, 12, 29)),
        ("03-01", date(2026, 11, 2), date(2026, 3, 1)),
        ("11-20", date(2026, 11, 2), date(2026, 11, 20)),
        ("02-29", date(2028, 3, 1), date(2028, 2, 29)),
        ("02-29", date(2027, 3, 1), None),
        ("13-45", date(2026, 11, 2), None),
        ("2027-02-29", date(2027, 3, 1), None),
        ("0202-11-02", date(2026, 11, 2), None),
        ("2100-01-01", date(2026, 11, 2), None),
    ],
)
def test_a_day_as_people_type_it(written: str | None, today: date, meant: date | None) -> None:
    noon = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
    assert typed_day(State(), written, noon) == meant


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.stem[:3] in ("R18", "R19", "R20", "R27", "R28")], ids=lambda f: f.stem
)
def test_one_batch_or_many_make_the_same_deals_and_disputes(file: Path, engine: Engine) -> None:
    """What a batch loads is enough: all of a file's texts wait, and are decided in as few batches as can be."""
    stage = Waiting(engine)
    scenario = read_scenario(file.read_text("utf-8"))
    for entry in scenario.lines:
        if isinstance(entry, SetUp):
            stage.set_up(entry.site, entry.kind, entry.payload, entry.at or beginning(scenario))
        elif isinstance(entry, Incoming):
            assert entry.at is not None
            stage.receive(entry.site, entry.sender, entry.text, entry.at, entry.sent_at, None, form=False)
    assert list(stage.kept()) == list(stage.folded())


class Waiting(SqlStage):
    """A stage on which nothing is decided until all has been received."""

    def _decide(self, site: str, at: datetime) -> None:
        self.last = at

    def kept(self) -> Iterator[tuple[str, Any]]:
        site_id = next(iter(self._ids.values()))
        while decide_site(self.engine, site_id, clock=lambda: self.last).more:
            pass
        with self.engine.connect() as connection:
            for kind in (Deal, Dispute):
                facts = load(connection, site_id, kind)
                yield kind.__name__, sorted(facts, key=lambda fact: fact.number)

    def folded(self) -> Iterator[tuple[str, Any]]:
        with self.engine.connect() as connection:
            site_id = connection.execute(select(sites.c.id)).scalar_one()
            rows = connection.execute(select(inbox).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)).all()
        state = State()
        for row in rows:
            decide(state, message_of(row))
        yield "Deal", sorted(state.deals.values(), key=lambda deal: deal.number)
        yield "Dispute", sorted(state.disputes.values(), key=lambda dispute: dispute.number)
