"""What holds in every history of the regime, whatever people text, when, and however often jobs run."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from parsers.keywords import KEYWORDS
from parsers.message import COMMANDS as KINDS
from parsers.short_commands import ALONE, FIGURES
from tests.histories import (
    CLIENT_NAMES,
    CLIENTS,
    COMMANDS,
    HISTORIES,
    MANAGER,
    PEOPLE,
    ROSTER,
    SITE,
    START,
    Step,
    line_of,
)
from tests.infrastructure.databases import Databases
from worker.decide.decider import decide_site, message_of
from worker.decide.notices import tell_due
from worker.gateways.base import Inbound
from worker.line.door import Entry, accept, enter, found_site
from worker.rules.attribution import attribute_claim, owns
from worker.rules.chain import GENESIS, commitment, next_head
from worker.rules.decide import decide
from worker.rules.families import claims_of_family
from worker.rules.identity import fold
from worker.rules.model import Claim, Decision, FollowUp, Message, Reply, fields_of
from worker.rules.state import State
from worker.store.database import open_engine
from worker.store.schema import decisions, inbox
from worker.words.render import Setting, render

SECOND = timedelta(seconds=1)


@dataclass
class Folded:
    """A line as it is folded, one message at a time: its decision, the state after it, the claims before it."""

    message: Message
    decision: Decision
    state: State
    before: dict[int, Claim] = field(default_factory=dict)


def fold_line(steps: list[Step]) -> Iterator[Folded]:
    state = State()
    for message in line_of(steps):
        before = dict(state.claims)
        yield Folded(message, decide(state, message), state, before)


# The register is independent of batch size and of how often jobs run.


@dataclass
class Pace:
    """How work goes on beside the line: after how many messages, in batches of which size, told or not."""

    every: int
    limits: list[int]
    tells: bool


PACES = st.builds(
    Pace, st.sampled_from((1, 1, 2, 9)), st.lists(st.sampled_from((1, 1, 2, 5)), min_size=1, max_size=5), st.booleans()
)
numbers = count(100)


def play(engine: Engine, steps: list[Step], pace: Pace) -> int:
    """Put a history into the line of a new site and decide it at this pace; return the site's id."""
    run = next(numbers)
    number = f"+861380000{run:04d}"
    site_id = found_site(engine, f"湾{run}", number, "sandbox", SITE | {"number": number}, lambda: START).site_id
    assert site_id is not None
    enter(engine, site_id, Entry("roster", "program", f"{run}", "", payload=PEOPLE), lambda: START)
    now = START
    for place, step in enumerate(steps):
        now += step.after
        _put(engine, site_id, number, f"{run}-{place}", step, now)
        if place % pace.every == 0:
            decide_site(engine, site_id, pace.limits[place % len(pace.limits)], lambda at=now: at)
            tell_due(engine, now) if pace.tells else None
    while decide_site(engine, site_id, pace.limits[0], lambda: now).more:
        pass
    return site_id


def _put(engine: Engine, site_id: int, number: str, name: str, step: Step, now: datetime) -> None:
    if step.kind != "text":
        enter(engine, site_id, Entry(step.kind, "program", name, "", payload=step.payload(now)), lambda: now)
        return
    sent_at = now - step.ago if step.ago else None
    accept(engine, Inbound("sandbox", name, step.sender, number, step.text, sent_at), lambda: now)


def same_as_folded_at_once(engine: Engine, site_id: int) -> None:
    with engine.connect() as connection:
        line = connection.execute(select(inbox).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)).all()
        mine = decisions.c.site_id == site_id
        decided = connection.execute(select(decisions).where(mine).order_by(decisions.c.seq)).all()
    state, head = State(), GENESIS
    expected = []
    for row in line:
        decision = decide(state, message_of(row))
        head = next_head(head, decision, commitment(message_of(row), decision))
        expected.append((row.text, decision.code, head))
    assert [(row.text, d.code, d.head) for row, d in zip(line, decided, strict=True)] == expected


@pytest.fixture(scope="module")
def sqlite(sqlite_databases: Databases) -> Iterator[Engine]:
    engine = open_engine(sqlite_databases.create())
    # What a crash would lose is none of these tests' business, and waiting for the disk takes most of their time.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def postgresql(postgresql_databases: Databases) -> Iterator[Engine]:
    engine = open_engine(postgresql_databases.create())
    yield engine
    engine.dispose()


LINES_PUT_AGAIN = [
    Step(timedelta(), "+8613900000011", "报备 马超 138****5678"),
    Step(SECOND, kind="roster", given=("+8613900000011", "later")),
    Step(SECOND, "+8613900000012", "报备 李梅 139****2233"),
    Step(SECOND, kind="roster", given=("+8613900000012", "twice")),
]
"""Each ends by the line that is put anew, so that the manager hears of his clients (L17)."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES, PACES)
@example(LINES_PUT_AGAIN, Pace(1, [1], tells=False))
def test_any_batches_of_any_size_decide_alike_on_sqlite(sqlite: Engine, steps: list[Step], pace: Pace) -> None:
    same_as_folded_at_once(sqlite, play(sqlite, steps, pace))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES, PACES)
def test_any_batches_of_any_size_decide_alike_on_postgresql(postgresql: Engine, steps: list[Step], pace: Pace) -> None:
    same_as_folded_at_once(postgresql, play(postgresql, steps, pace))


# Nobody's client is two units' at one moment.


def instants(folded: Folded, until: datetime | None) -> Iterator[datetime]:
    """Yield the moments about a message and about every end, as far as this state is the one that they see."""
    ends = [claim.ends_at for claim in folded.state.claims.values()]
    moments = [folded.message.received_at, *ends]
    for moment in sorted({m + shift for m in moments for shift in (-SECOND, timedelta(), SECOND)}):
        if folded.message.received_at <= moment and (until is None or moment < until):
            yield moment


def one_client(state: State, one: Claim, other: Claim, at: datetime) -> bool:
    """Tell whether two claims are on one client: so called and on one number, or proved to be one or of one family."""
    family = claims_of_family(state, one.who, at)
    alike = fold(one.client) == fold(other.client) or not numbers_of(state, one) & numbers_of(state, other)
    return alike and other in family


def numbers_of(state: State, claim: Claim) -> set[tuple[str, str]]:
    """Return every number of a claim's client, corrected ones as well: on one of them 马先生 may be 马超 or 马岱."""
    return {(claim.first3, claim.last4), *((a.first3, a.last4) for a in state.aliases_of(claim.number))}


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_no_client_is_two_units_at_one_moment(steps: list[Step]) -> None:
    times = [message.received_at for message in line_of(steps)]
    for folded, until in zip(fold_line(steps), [*times[1:], None], strict=True):
        for at in instants(folded, until):
            owners = [claim for claim in folded.state.claims.values() if owns(folded.state, claim, at)]
            for one in owners:
                for other in owners:
                    if one.unit != other.unit:
                        assert not one_client(folded.state, one, other, at), (one, other, at)


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_the_answer_ends_when_it_says(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        now = folded.message.received_at
        for claim in folded.state.claims.values():
            answer = attribute_claim(folded.state, claim, now)
            if answer.until is not None:
                last = attribute_claim(folded.state, claim, answer.until - timedelta(microseconds=1))
                after = attribute_claim(folded.state, claim, answer.until)
                assert now < answer.until
                assert (answer.claim, answer.claim) != (last.claim, after.claim)


# Protection is never longer by repeats, withdrawal or a new report.


def followed_all_the_time(state: State, claim: Claim, now: datetime) -> bool:
    """R9 from the record itself: at least one follow-up since the report or the last renewal, no gap above 72 hours."""
    since = claim.renewed_at or claim.reported_at
    times = [f.at for f in state.follow_ups.values() if f.number == claim.number and f.at >= since]
    gaps = [later - earlier for earlier, later in zip([since, *times], [*times, now], strict=True)]
    return bool(times) and max(gaps) <= timedelta(hours=72)


def kept(claims: dict[int, Claim]) -> dict[int, datetime]:
    """Return the ends of what holds or held a client; what is contested holds nothing and follows its holder."""
    return {number: claim.ends_at for number, claim in claims.items() if claim.state != "contested"}


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
def test_repeats_and_withdrawals_never_prolong(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        if folded.decision.kind not in ("report", "withdraw", "query"):
            continue
        now, renewed = folded.message.received_at, {r.number for r in folded.decision.rows if r.code == "renewed"}
        for number, end in kept(folded.before).items():
            after = folded.state.claims[number]
            if after.state == "contested" or number in renewed:
                continue
            assert after.ends_at <= end
        for number in renewed:
            assert number is not None
            before = folded.before[number]
            assert before.visited_at is None
            assert now < before.ends_at
            assert folded.state.policy.renewal == "free" or followed_all_the_time(folded.state, before, now)
            fresh = now + timedelta(days=before.terms["report_days"])
            # What the manager gave by 延 is not taken away by a renewal.
            least = before.ends_at if before.days_given else fresh
            assert folded.state.claims[number].ends_at == max(fresh, least)


IMPORTED_AFTER_A_WITHDRAWAL = [
    Step(timedelta(), "+8613900000011", "报备 马超 138****5678"),
    Step(SECOND, MANAGER, "自访 马超 138****5678 钱进"),
    Step(SECOND, MANAGER, "撤 R1"),
    Step(timedelta(hours=73), kind="import", given=("马超 138****5678", "+8613900000011", "4", "3")),
]
"""What a register that is imported says is the manager's word on its own dates, and no report (R7, B47)."""


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
@example(IMPORTED_AFTER_A_WITHDRAWAL)
def test_a_new_report_after_a_withdrawal_brings_no_fresh_days(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        if folded.message.kind == "import":
            continue
        for row in folded.decision.rows:
            new = folded.state.claims.get(row.number or 0)
            if new is None or new.number in folded.before or new.state == "contested":
                continue
            past = [c for c in folded.before.values() if same_client_and_number(c, new) and c.unit != "walkin"]
            last = max(past, key=lambda c: (c.seq, c.part), default=None)
            if last is not None and last.state == "withdrawn" and last.unit == new.unit and now_in(folded, last):
                assert new.ends_at <= last.ends_at


def same_client_and_number(one: Claim, other: Claim) -> bool:
    return (fold(one.client), one.first3, one.last4) == (fold(other.client), other.first3, other.last4)


def now_in(folded: Folded, claim: Claim) -> bool:
    return folded.message.received_at < claim.ends_at


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_contacts_keep_up_what_was_visited_at_most_thirty_days(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        for fact in folded.decision.facts:
            if isinstance(fact, FollowUp):
                before, after = folded.before[fact.number], folded.state.claims[fact.number]
                assert before.live(fact.at) or before.ends_at == fact.at
                if before.visited_at is None:
                    assert after.ends_at == before.ends_at
                else:
                    latest = min(before.visited_at + timedelta(days=30), fact.at + timedelta(days=7))
                    assert after.ends_at in (latest, before.ends_at)


# Whoever is given a client, and however many days, it moves nothing else; only the manager prolongs, and once.


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
def test_handing_over_and_more_days_move_nothing_else(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        for number, before in folded.before.items():
            after = folded.state.claims[number]
            if after.days_given != before.days_given:
                assert (folded.decision.kind, folded.message.sender) == ("extend", MANAGER)
                assert before.live(folded.message.received_at)
                assert before.days_given == 0
                assert after.ends_at == before.ends_at + timedelta(days=after.days_given)
                assert after.days_given <= folded.state.policy.extend_days
            if folded.decision.kind != "hand" or after == before:
                continue
            assert folded.message.sender in (before.to_tell, MANAGER)
            assert (ROSTER[after.agent_phone], after.own_phones) == ((after.agent, after.unit), (after.agent_phone,))
            assert folded.state.listed(after.agent_phone, folded.state.day(folded.message.received_at))
            moved = {"agent", "agent_phone", "flags", "readings"}
            assert {name for name in fields_of(before) if getattr(before, name) != getattr(after, name)} <= moved
            assert set(before.flags) - set(after.flags) <= {"unlisted", "asked"}


# Nobody gains a place by amending.


def owned(state: State, now: datetime) -> list[Claim]:
    return [claim for claim in state.claims.values() if owns(state, claim, now)]


def amended_by(decision: Decision, state: State) -> list[Claim]:
    return [state.claims[row.number] for row in decision.rows if row.code == "amended" and row.number]


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_amending_takes_no_client_from_another(steps: list[Step]) -> None:
    state = State()
    for message in line_of(steps):
        now = message.received_at
        before, held = dict(state.claims), owned(state, now)
        for claim in amended_by(decide(state, message), state):
            was = before[claim.number]
            unmoved = ("number", "seq", "part", "first3", "last4", "unit", "sender", "reported_at")
            assert all(getattr(claim, name) == getattr(was, name) for name in unmoved)
            assert claim.state == "contested" or claim.ends_at <= was.ends_at
            changed = [claim.reported_at, *(reading.at for reading in was.readings)]
            assert now - changed[-1] <= timedelta(minutes=10)
            assert message.sender == claim.sender
            if fold(claim.client) == fold(claim.names[0]):
                # He puts back what he reported first, before whoever came since: a forged change gains nothing (L4).
                continue
            for other in held:
                assert other.unit == claim.unit or owns(state, state.claims[other.number], now), (was, claim, other)


def test_histories_amend_and_contest() -> None:
    """The search above has something to find: here an amending would pass another's report, and does not."""
    steps = [
        Step(timedelta(), "+8613900000011", "报备 马超 138****5678"),
        Step(SECOND, "+8613900000021", "报备 韩梅 138****5678"),
        Step(SECOND, "+8613900000011", "报备 韩梅 138****5678"),
    ]
    last = list(fold_line(steps))[-1]
    (claim,) = amended_by(last.decision, last.state)
    assert (claim.number, claim.state) == (1, "contested")


# No reply to anybody but the holder's unit and staff reveals the holder.


def revealed(folded: Folded, reply: Reply) -> Iterator[str]:
    """Yield what a reply says or carries that its reader's unit has no business to know."""
    _, unit = ROSTER[reply.recipient]
    setting = Setting("zh", folded.state.zone, folded.message.received_at)
    said = render(setting, reply.code, reply.role, reply.params) + json.dumps(reply.params, ensure_ascii=False)
    own_text = folded.message.text if reply.recipient == folded.message.sender else ""
    # A party of a dispute knows the claim that it is about (E6).
    disputed = {d.claim for d in folded.state.disputes.values() if any(party.unit == unit for party in d.parties)}
    claims = folded.state.claims.values()
    mine = [c for c in claims if c.unit == unit or c.sender == reply.recipient or c.number in disputed]
    known = {claim.client for claim in mine} | {
        form.client for form in folded.state.visits.values() if form.unit == unit
    }
    # A client of one's own may be called like a rival's agent.
    named = own_text + " ".join(known)
    for rival, its_unit in ROSTER.values():
        if its_unit != unit:
            yield from (word for word in (rival, its_unit) if word in said and word not in named)
    yield from (client for client in CLIENT_NAMES if client in said and client not in own_text and client not in known)
    carried = reply.ref + json.dumps(reply.params)
    numbers_seen = {int(n) for n in re.findall(r"R(\d+)", carried)} - {int(n) for n in re.findall(r"R(\d+)", own_text)}
    yield from (f"R{n}" for n in numbers_seen if n in folded.state.claims and folded.state.claims[n] not in mine)


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
def test_no_reply_tells_an_agent_of_a_rival(steps: list[Step]) -> None:
    for folded in fold_line(steps):
        for reply in folded.decision.replies:
            if reply.recipient in ROSTER:
                assert not list(revealed(folded, reply)), (folded.message.text, reply)


STRANGER = "+8613900000098"
PROBES = (
    *(f"报备 {client} 小马 {unit}" for client in CLIENTS for unit in ("链家", "贝壳")),
    *(
        f"{word} {ref}"
        for word in ("查", "跟进", "撤", "到访", "异议")
        for ref in ("R1", "138****5678", "马超 138****5678")
    ),
    *("签 V1", "5678", "是", "材料 D1 短信", "帮助", "我的", "下", "统计", "转 R1 小马", "延 R1 7 客户出差"),
)


def learned(state: State, message: Message, reply: Reply) -> Iterator[str]:
    """Yield what a reply tells a phone of no roster that it has neither written nor registered itself (L1)."""
    said = render(Setting("zh", state.zone, message.received_at), reply.code, reply.role, reply.params)
    carried = said + json.dumps(reply.params, ensure_ascii=False) + reply.ref
    own = [claim for claim in state.claims.values() if message.sender in (claim.sender, claim.agent_phone)]
    written = message.text + "".join(claim.agent + claim.unit for claim in own)
    yield from (word for person in ROSTER.values() for word in person if word in carried and word not in written)
    # His own claim may end with one that was withdrawn before it (B47); he is told that it does then.
    known = {claim.ends_at for claim in own}
    for claim in state.claims.values():
        if claim not in own:
            ends = [] if state.policy.show_end or claim.ends_at in known else [claim.ends_at.isoformat()]
            hidden = [word for word in (claim.ref, *ends) if word not in message.text]
            yield from (word for word in hidden if re.search(rf"{re.escape(word)}(?!\d)", carried))


@settings(max_examples=40, deadline=None)
@given(HISTORIES, st.data())
def test_a_stranger_learns_nothing_of_others(steps: list[Step], data: st.DataObject) -> None:
    for folded in fold_line(steps):
        state = folded.state.fork()
        for n in (1, 2, 3):
            text = data.draw(st.sampled_from(PROBES))
            message = Message(folded.message.seq + n, folded.message.received_at + n * SECOND, "text", STRANGER, text)
            for reply in decide(state, message).replies:
                if reply.recipient == STRANGER:
                    assert not list(learned(state, message, reply)), (text, reply)


def test_what_is_searched_for_would_be_found() -> None:
    """The search above is no blind eye: the manager's notice of a contested text reveals the holder's number."""
    steps = [
        Step(timedelta(), "+8613900000011", "报备 马超 138****5678"),
        Step(SECOND, "+8613900000021", "报备 马超 138****5678", ago=timedelta(minutes=1)),
    ]
    last = list(fold_line(steps))[-1]
    notice = next(reply for reply in last.decision.replies if reply.recipient == MANAGER)
    as_if = Reply("+8613900000021", notice.code, notice.role, notice.params, notice.ref)
    assert list(revealed(last, as_if)) == ["R1"]


def test_every_command_of_the_texts_is_in_the_histories() -> None:
    kinds = KEYWORDS | ALONE | dict.fromkeys(FIGURES, "figures")
    first = [command.pieces[0] for command in COMMANDS]
    drawn = {
        kinds.get(str(word), "report") for piece in first for word in ([piece] if isinstance(piece, str) else piece)
    }
    assert drawn >= set(KINDS) - {"help", "confirm", "affirm", "assent", "decline", "give_up", "alias"}
