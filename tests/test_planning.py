"""Planned arrivals: which day and time a text means, and that no plan ever moves whose a client is (reading.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.message import PARTS_OF_DAY, Meaning, Planned, ReportText
from parsers.parse import parse
from tests.histories import HISTORIES, Step, line_of
from worker.rules.attribution import Answer, attribute_claim
from worker.rules.decide import decide, read
from worker.rules.model import Claim, Message
from worker.rules.plans import FARTHEST, Plan, plan_of
from worker.rules.state import State

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY, SATURDAY, SUNDAY = date(2026, 11, 2), date(2026, 11, 7), date(2026, 11, 8)


def meant(planned: Planned, day: date = MONDAY, clock: str = "10:00:30", zone: ZoneInfo = ZONE) -> Plan | None:
    return plan_of(planned, datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone).astimezone(UTC), zone)


def on(month: int, day: int, time: str | None = None, part: str | None = None, year: int = 2026) -> Plan:
    return Plan(date(year, month, day), time, part)


@pytest.mark.parametrize(
    ("planned", "plan"),
    [
        (Planned("+0"), on(11, 2)),
        (Planned("+1", "afternoon", "15:00"), on(11, 3, "15:00")),
        (Planned("+2", "morning"), on(11, 4, part="morning")),
        (Planned(time="14:30"), on(11, 2, "14:30")),
        (Planned(part="evening"), on(11, 2, part="evening")),
        (Planned("2026-11-02", time="10:00"), on(11, 2, "10:00")),
        (Planned("2027-11-02"), on(11, 2, year=2027)),
        (Planned("11-05", time="10:30"), on(11, 5, "10:30")),
        (Planned("09-25", time="10:30"), on(9, 25, "10:30", year=2027)),
        (Planned("05"), on(11, 5)),
        (Planned("01"), on(12, 1)),
        (Planned("31"), on(12, 31)),
        (Planned("mon"), on(11, 2)),
        (Planned("mon", time="09:00"), on(11, 9, "09:00")),
        (Planned("mon", "morning"), on(11, 2, part="morning")),
        (Planned("sun", time="09:00"), on(11, 8, "09:00")),
        (Planned("sat+7"), on(11, 14)),
        (Planned("mon+7"), on(11, 9)),
        (Planned("weekend"), on(11, 7, part="weekend")),
        (Planned("weekend", "afternoon"), on(11, 7, part="weekend")),
    ],
)
def test_what_is_meant_on_a_monday_morning(planned: Planned, plan: Plan) -> None:
    assert meant(planned) == plan


@pytest.mark.parametrize(
    "planned",
    [
        Planned(),
        Planned("+0", time="09:59"),
        Planned(time="09:00"),
        Planned("2026-11-01"),
        Planned("2027-11-03"),
        Planned("02-30"),
        Planned("02-29"),
        Planned("32"),
        Planned("2026-13-01"),
        Planned("+366"),
        Planned("+x"),
        Planned("someday"),
        Planned("+1", time="25:00"),
        Planned("+1", time="9:00"),
    ],
)
def test_what_is_past_or_in_no_calendar_or_far_away_is_not_kept(planned: Planned) -> None:
    assert meant(planned) is None


def test_a_part_of_the_day_is_past_when_it_is_over() -> None:
    assert meant(Planned("+0", "morning"), clock="11:59:59") == on(11, 2, part="morning")
    assert meant(Planned("+0", "morning"), clock="12:00:00") is None
    assert meant(Planned("mon", "morning"), clock="12:00:00") == on(11, 9, part="morning")
    assert meant(Planned("+0", "evening"), clock="23:59:59") == on(11, 2, part="evening")


def test_a_weekend_is_both_its_days_and_on_its_sunday_that_day() -> None:
    assert meant(Planned("weekend"), SATURDAY) == on(11, 7, part="weekend")
    assert meant(Planned("weekend", "afternoon"), SUNDAY) == on(11, 8, part="afternoon")
    assert meant(Planned("weekend+7"), SUNDAY) == on(11, 14, part="weekend")
    assert meant(Planned("sat+7"), SUNDAY) == on(11, 14)


def test_days_are_the_sites() -> None:
    moment = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
    assert plan_of(Planned("+0"), moment, ZONE) == on(11, 3)
    assert plan_of(Planned("+0"), moment, ZoneInfo("Europe/London")) == on(11, 2)


DAYS = st.one_of(
    st.sampled_from(("", "weekend", "weekend+7", "sun+7", "mon", "tue", "sat")),
    st.integers(-3, 400).map(lambda n: f"+{n}"),
    st.dates(date(2025, 1, 1), date(2029, 1, 1)).map(lambda d: d.isoformat()),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda d: f"{d:%m-%d}"),
    st.integers(0, 40).map(lambda n: f"{n:02}"),
    st.text(max_size=10),
)
TIMES = st.one_of(st.just(""), st.times().map(lambda t: f"{t:%H:%M}"), st.text(max_size=5))
PLANNED = st.builds(Planned, DAYS, st.sampled_from(("", *PARTS_OF_DAY)), TIMES)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(("Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Apia")).map(ZoneInfo)


@given(PLANNED, MOMENTS, ZONES)
def test_a_plan_is_never_past_nor_further_off_than_a_year(planned: Planned, moment: datetime, zone: ZoneInfo) -> None:
    plan = plan_of(planned, moment, zone)
    local = moment.astimezone(zone)
    if plan is not None:
        assert not plan.over(local)
        assert plan.day >= local.date()
        assert plan.last_day >= plan.day
        assert plan.day - local.date() <= FARTHEST


SAID = ("明天下午3点到", "今天18:30到", "周六上午来访", "预计12月25日10:30到访", "周末过来", "今天到")
PLANS = [parse(f"报备 马超 138****5678 李四 {said}").planned for said in SAID]
NO_PLAN: dict[str, Any] = dict.fromkeys(("planned_day", "planned_time", "planned_part", "planned_seq"))
Fate = tuple[Claim, Answer]


def fates(steps: list[Step], plans: Sequence[Planned | None] = (None,)) -> tuple[list[Any], list[Fate]]:
    """Return what each message came to, its answers included, and after it each claim with whose its client is.

    What a report says of the arrival is one of `plans`, in turn.
    """

    def planned(state: State, message: Message) -> Meaning:
        parsed = read(state, message)
        if not isinstance(parsed, ReportText) or parsed.arrival:
            return parsed  # Who is there now (带看) is not expected.
        return replace(parsed, planned=plans[message.seq % len(plans)])

    state = State()
    came_to: list[Any] = []
    seen: list[Fate] = []
    for message in line_of(steps):
        decision = decide(state, message, planned)
        came_to.append((decision.code, decision.rules, decision.rows, decision.replies))
        for claim in state.claims.values():
            bare = replace(claim, said="", **NO_PLAN)
            seen.append((bare, attribute_claim(state, claim, message.received_at + timedelta(seconds=1))))
    return came_to, seen


@settings(max_examples=40, deadline=None, derandomize=True)
@given(HISTORIES, st.lists(st.sampled_from(PLANS), min_size=1, max_size=4))
def test_a_plan_changes_no_answer_no_order_and_no_protection(steps: list[Step], plans: list[Planned | None]) -> None:
    assert fates(steps, plans) == fates(steps)


def test_the_planned_texts_of_that_history_do_leave_plans() -> None:
    state = State()
    for message in line_of([Step(timedelta(), "+8613900000011", f"报备 马超 138****5678 {said}") for said in SAID]):
        decide(state, message)
        claim = state.claims.get(1)
        assert claim is None or claim.planned_seq == message.seq
    assert state.claims[1].planned_day is not None
