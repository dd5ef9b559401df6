"""Facts as JSON and back: nothing is lost, and what is written is what lines of before hold."""

from datetime import UTC, date, datetime

from sqlalchemy import Engine

from tests.infrastructure.serving import open_line
from worker.rules.codec import plain
from worker.rules.model import Claim, Deal, Dispute, Sender, Visit
from worker.rules.numbers import Rule
from worker.rules.states import ClaimState, DisputeState, Flag, FormKind, FormState, Side
from worker.rules.values import Member, Opinion, Paper, Party, PastReading, Ruling, Signature
from worker.store.facts import load, save

NOON = datetime(2026, 11, 2, 4, 0, 0, 5, tzinfo=UTC)
AMENDED = PastReading("amended", 7, NOON, "+8613900000011", "张三", "李四", unsure=True, until=NOON)
CHECKED = PastReading("checked", 9, NOON, "+8613800000001", "张珊", "李四")
CLAIM = Claim(
    3, 5, 0, "张珊", "张珊", "138", "5678", "链家", "李四", "+8613900000011", "+8613900000011", NOON, NOON,
    state=ClaimState.SUSPECTED, rivals=(1, 2), flags=(Flag.UNSURE,), readings=(AMENDED, CHECKED),
    terms={"report_days": 7},
)  # fmt: skip
VISIT = Visit(
    1, 8, NOON, NOON, date(2026, 11, 2), FormKind.LED, FormState.OPEN, "张珊", "138", "5678", 3, "链家", "李四", "", "",
    members=(Member("李梅", "139", "2233", 4),),
    signatures={"agent": Signature("+8613900000011", NOON, 8, "李四")},
)  # fmt: skip
DEAL = Deal(
    3, 9, NOON, "链家", "李四", "链家", "李四", (Rule.R11, Rule.R13), ("R3", "V1"), deposit_on=date(2026, 11, 2)
)
HOLDER = Party(Side.HOLDER, "链家", "李四", "+8613900000011", NOON, 11, "")
OBJECTOR = Party(Side.OBJECTOR, "贝壳", "王五", "+8613900000021", NOON, 11, "先带看")
CALL = Paper(
    "贝壳", "通话记录", "通话记录 王五", "+8613900000021", NOON, 12, counted=True, late=False, day=date(2026, 11, 1)
)
PROOF = Paper("链家", "短信", "短信", "+8613900000011", NOON, 13, counted=True, late=True)
DISPUTE = Dispute(
    1, 11, NOON, 3, "张珊", "138", "5678",
    parties=(HOLDER, OBJECTOR), papers=(CALL, PROOF), state=DisputeState.DECIDED,
    opinions=(Opinion("支持贝壳", "+8613800000003", NOON, 14, late=False),),
    rulings=(Ruling("贝壳", "王五", "+8613800000001", NOON, 15, "贝壳 通话在先"),),
)  # fmt: skip
SENDER = Sender("+8613900000011", refusals=(NOON.isoformat(),), sign_list=(1, 2))


def test_facts_come_back_from_their_tables_as_they_went(engine: Engine) -> None:
    site_id = open_line(engine)
    with engine.begin() as connection:
        save(connection, site_id, [CLAIM, VISIT, DEAL, DISPUTE, SENDER])
        for fact in (CLAIM, VISIT, DEAL, DISPUTE, SENDER):
            [found] = load(connection, site_id, type(fact))
            assert found == fact
            assert [type(value) for value in vars_of(found)] == [type(value) for value in vars_of(fact)]


def vars_of(fact: object) -> list[object]:
    return [getattr(fact, name) for name in fact.__dataclass_fields__]  # type: ignore[attr-defined]


def test_what_does_not_hold_is_left_out_as_it_always_was() -> None:
    at = "2026-11-02T04:00:00.000005+00:00"
    by = {"seq": 7, "at": at, "phone": "+8613900000011", "client": "张三", "agent": "李四"}
    assert plain(AMENDED) == {"how": "amended"} | by | {"unsure": True, "until": at}
    assert set(plain(CHECKED)) == {"how", "seq", "at", "phone", "client", "agent"}
    assert plain(VISIT.signatures) == {"agent": {"phone": "+8613900000011", "at": at, "seq": 8, "name": "李四"}}
    assert plain(VISIT.members) == [{"client": "李梅", "first3": "139", "last4": "2233", "claim": 4}]
    assert plain(DEAL.owner_rules) == ["R11", "R13"]
    of_all = {"unit", "phone", "at", "seq", "words"}
    assert set(plain(HOLDER)) == of_all | {"side", "agent"}
    assert (set(plain(OBJECTOR)), plain(OBJECTOR)["until"]) == (of_all | {"side", "agent", "until"}, None)
    assert set(plain(PROOF)) == of_all | {"kind", "counted", "late"}
    assert plain(CALL)["day"] == "2026-11-01"
