"""Planned arrivals in words."""

from datetime import datetime, time

from webhook.language import _, _l
from webhook.show import Showing
from webhook.times import day_words
from worker.rules.model import WEEKEND
from worker.rules.plans import Plan

PART_WORDS = {
    "morning": _l("morning"),
    "noon": _l("noon"),
    "afternoon": _l("afternoon"),
    "evening": _l("evening"),
    WEEKEND: _l("this weekend"),
}


def clock_words(plan: Plan) -> str:
    """Return at what time of his day somebody is expected."""
    part = str(PART_WORDS[plan.part]) if plan.part else ""
    return " ".join(words for words in (part, plan.time) if words) or _("any time")


def plan_words(plan: Plan, show: Showing) -> str:
    """Return day and time at which somebody is expected."""
    day = day_words(datetime.combine(plan.day, time(12), show.zone), show.zone, show.now)
    return f"{day} {clock_words(plan)}" if plan.time or plan.part else day
