"""A site's policy: the keys and defaults of decisions.md, section G. Values are checked when they are set."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import time, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from parsers.numbers import country_code_of_region


class PolicyError(ValueError):
    """A key or value that no policy has; its sentence names what is allowed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings in force; periods in the unit that the key names."""

    min_lead: int = 0
    full_number: str = "mask"
    fill_agent: bool = True
    renewal: str = "gated"
    show_end: bool = False
    confirm_acts: bool = True
    notify: str = "auto"
    quiet_hours: tuple[time, time] | None = (time(21), time(8))
    report_days: int = 7
    visit_days: int = 30
    renewal_gap_hours: int = 72
    contact_gap_hours: int = 168
    group_min: int = 2
    objection_days: int = 5
    evidence_days: int = 3
    opinion_days: int = 3
    evidence_from: str = "later"
    rest_days: str = "ignore"
    unlisted: str = "warn"
    daily_digest: time | None = time(20)
    reminder_hours: int = 24
    gap_reminder: timedelta | None = timedelta(hours=24)
    sign_reminder: time | None = time(18)
    refusals_per_10min: int = 5
    unknown_per_hour: int = 20
    foreign_queries_per_day: int = 30
    countries: tuple[str, ...] = ()
    """regions (ISO 3166) from which a phone off the roster may report and is answered; none: the site's own"""
    unlisted_reports_per_day: int = 5
    messages_per_hour: int = 30
    messages_per_day: int = 100
    site_messages_per_hour: int = 2000
    telephone: str = ""
    """the site's own, which people ring; no gateway's number and no person's"""
    contested_counts_from: str = "sent"
    confirm_minutes: int = 10
    short_lead_minutes: int = 30
    amend_minutes: int = 10
    extend_days: int = 7
    first_number: int = 1
    language: str = "zh"
    retention: bool = True
    keep_texts_days: int = 30
    keep_unvisited_days: int = 30
    keep_visited_days: int = 0

    @property
    def terms(self) -> dict[str, int]:
        """Return the periods that a claim, deal or dispute keeps from the day it was made."""
        return {key: getattr(self, key) for key in TERMS}


LARGEST = 999_999
TERMS = (
    "report_days",
    "visit_days",
    "renewal_gap_hours",
    "contact_gap_hours",
    "objection_days",
    "evidence_days",
    "opinion_days",
)
"""Periods, a change of which holds for claims made later (section G)."""


class Kind(NamedTuple):
    """How a key's values are written: what reads one, what is allowed, and, for a page, in what form one is typed."""

    read: Callable[[str], Any]
    allowed: str
    form: Literal["choice", "whole", "clock", "span", "hours", "countries", "telephone"]
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    """the most that can be set now; what an old line has beyond it is read all the same"""


def _one_of(*allowed: str) -> Kind:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError
        return value

    return Kind(read, " | ".join(allowed), "choice", allowed)


def _whole(least: int, most: int = LARGEST) -> Kind:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) < least:
            raise ValueError
        return int(value)

    return Kind(read, f"a whole number from {least} to {most}", "whole", least=least, most=most)


def _time(value: str) -> time | None:
    if value == "off":
        return None
    hour, minute = _hour_minute(value)
    return time(hour, minute)


def _hour_minute(value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", value)
    if not found:
        raise ValueError
    return int(found[1]), int(found[2])


def _quiet(value: str) -> tuple[time, time] | None:
    if value == "off":
        return None
    begin, _, end = value.partition("-")
    return time(*_hour_minute(begin)), time(*_hour_minute(end))


def _hours(value: str) -> timedelta | None:
    if value == "off":
        return None
    found = re.fullmatch(r"(\d{1,3})h", value)
    if not found or found[1] == "0":
        raise ValueError
    return timedelta(hours=int(found[1]))


def _countries(value: str) -> tuple[str, ...]:
    regions = tuple(dict.fromkeys(region.strip().upper() for region in value.split(",") if region.strip()))
    for region in regions:
        country_code_of_region(region)
    return regions


def _telephone(value: str) -> str:
    if value and not re.fullmatch(r"\+?[0-9][0-9-]{2,18}[0-9]", value):
        raise ValueError
    return value


_SWITCH = Kind({"on": True, "off": False}.__getitem__, "on | off", "choice", ("on", "off"))
_CLOCK = Kind(_time, "HH:MM | off", "clock")
KINDS: Mapping[str, Kind] = {
    "min_lead": _whole(0, 1_440),
    "full_number": _one_of("mask", "refuse"),
    "fill_agent": _SWITCH,
    "renewal": _one_of("gated", "free", "off"),
    "show_end": _SWITCH,
    "confirm_acts": _SWITCH,
    "notify": _one_of("auto", "each", "off"),
    "quiet_hours": Kind(_quiet, "HH:MM-HH:MM | off", "span"),
    "report_days": _whole(1, 366),
    "visit_days": _whole(1, 732),
    "renewal_gap_hours": _whole(1, 8_784),
    "contact_gap_hours": _whole(1, 8_784),
    "group_min": _whole(1, 20),
    "objection_days": _whole(1, 366),
    "evidence_days": _whole(1, 366),
    "opinion_days": _whole(1, 366),
    "evidence_from": _one_of("later", "downpayment"),
    "rest_days": _one_of("ignore", "roll"),
    "unlisted": _one_of("warn", "refuse"),
    "daily_digest": _CLOCK,
    "reminder_hours": _whole(0, 720),
    "gap_reminder": Kind(_hours, "a number of hours as 24h | off", "hours", least=1, most=999),
    "sign_reminder": _CLOCK,
    "refusals_per_10min": _whole(1, 1_000),
    "unknown_per_hour": _whole(0, 10_000),
    "foreign_queries_per_day": _whole(0, 10_000),
    "countries": Kind(_countries, "countries as CN,HK, or nothing for the site's own", "countries"),
    "unlisted_reports_per_day": _whole(0, 10_000),
    "messages_per_hour": _whole(1, 10_000),
    "messages_per_day": _whole(1, 100_000),
    "site_messages_per_hour": _whole(1, 999_999),
    "telephone": Kind(_telephone, "a telephone number as 0571-88880000, or nothing", "telephone"),
    "contested_counts_from": _one_of("sent", "receipt"),
    "confirm_minutes": _whole(1, 1_440),
    "short_lead_minutes": _whole(0, 1_440),
    "amend_minutes": _whole(0, 1_440),
    "extend_days": _whole(0, 366),
    "first_number": _whole(1),
    "language": _one_of("zh", "en"),
    "retention": _SWITCH,
    "keep_texts_days": _whole(0, 3_660),
    "keep_unvisited_days": _whole(0, 3_660),
    "keep_visited_days": _whole(0, 3_660),
}
KEYS = tuple(field.name for field in fields(Policy))


def checked(key: str, value: str) -> Any:
    """Return the value of a policy key in its own type; raises PolicyError with a sentence naming what is allowed."""
    if key not in KINDS:
        raise PolicyError(f"there is no policy “{key}”; the keys are {', '.join(KEYS)}")
    kind = KINDS[key]
    try:
        return kind.read(value)
    except (ValueError, KeyError) as error:
        raise PolicyError(f"policy {key} cannot be “{value}”; allowed: {kind.allowed}") from error


def settable(key: str, value: str) -> Any:
    """Return the value that is set now in its own type; raises PolicyError as `checked` does, and beyond the most."""
    read, kind = checked(key, value), KINDS[key]
    if kind.form == "whole" and read > kind.most:
        raise PolicyError(f"policy {key} cannot be “{value}”; allowed: {kind.allowed}")
    return read


def written(value: Any) -> str:
    """Return a value of a policy as it is set: what `checked` reads."""
    match value:
        case bool():
            return "on" if value else "off"
        case None:
            return "off"
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return f"{value // timedelta(hours=1)}h"
        case (time() as begin, time() as end):
            return f"{begin:%H:%M}-{end:%H:%M}"
        case tuple():
            return ",".join(value)
    return str(value)


def policy_of(given: Mapping[str, str]) -> Policy:
    """Return the defaults with what a site has set; keys and values have been checked when they were set."""
    return _policy(tuple(sorted(given.items())))


@lru_cache(maxsize=256)
def _policy(given: tuple[tuple[str, str], ...]) -> Policy:
    return replace(Policy(), **{key: checked(key, value) for key, value in given})
