"""统计: reports, valid ones, visits and deals of the day and of the week that it is in, of the site or a unit (L16)."""

from datetime import date, timedelta
from typing import Final

from parsers.message import Command
from worker.rules.answers import refused
from worker.rules.codes import Code
from worker.rules.forms import claims_named
from worker.rules.model import Decision
from worker.rules.state import State
from worker.rules.states import FormKind, FormState
from worker.rules.turn import Turn

OTHER_SPANS: Final = (
    *("本月", "这个月", "上月", "上个月", "昨天", "昨日", "前天", "上周", "上星期", "本季度", "上季度", "今年", "去年"),
    *("month", "yesterday", "year"),
)
"""Times for which figures are asked and not told: they stand on the register's page."""


def decide_figures(turn: Turn, parsed: Command) -> Decision:
    """Tell the manager what came in; days and weeks (from Monday) are the site's."""
    if turn.role != "manager":
        return refused(turn, "figures", Code.REFUSED_ROLE)
    unit = turn.state.unit_named(parsed.words) if parsed.words else None
    if parsed.words and unit is None:
        reason = "figures_span" if parsed.words in OTHER_SPANS else "figures"
        return refused(turn, "figures", Code.REFUSED_INVALID, {"reason": reason})
    *_, today = week = days_of_week(turn.state.day(turn.now))
    name = unit.name if unit is not None else ""
    counted = _counted(turn, [today], name, "day") | _counted(turn, week, name, "week")
    turn.answer(Code.FIGURES, counted | ({"unit": name, "state": "unit"} if name else {}))
    return turn.decision("figures", Code.FIGURES)


def days_of_week(today: date) -> list[date]:
    """Return the days of a week from its Monday on, up to today."""
    monday = today - timedelta(days=today.weekday())
    return [monday + timedelta(days=n) for n in range(today.weekday() + 1)]


def _counted(turn: Turn, days: list[date], unit: str, span: str) -> dict[str, int]:
    """Return the four figures of some days, by keys as day_reports; of all units where `unit` is empty.

    Reported are registrations, valid those of them that hold their client now; visited are clients with a confirmed
    form of the day, sold those for whom a payment of the day is recorded.
    """
    state: State = turn.state
    registered = (c for c in state.claims.values() if c.number > 0 and unit in ("", c.unit))
    reported = [c for c in registered if state.day(c.reported_at) in days]
    forms = (v for v in state.visits.values() if v.day in days and v.state == FormState.CONFIRMED)
    came = {number for v in forms if v.kind != FormKind.WALK_IN and unit in ("", v.unit) for number in claims_named(v)}
    sales = (d for d in state.deals.values() if d.cancelled_at is None and unit in ("", d.unit))
    figures = {
        "reports": len(reported),
        "valid": sum(c.holds(turn.now) for c in reported),
        "visited": len(came - {0}),
        "deals": sum((d.deposit_on or d.down_on) in days for d in sales),
    }
    return {f"{span}_{name}": count for name, count in figures.items()}
