"""The values that stand in a scenario's lines: phones, masks, times, sites."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parsers.numbers import region_of, to_e164
from parsers.phones import one_phone
from worker.rules.dates import YEARS, whole_day
from worker.scenarios.lines import Scenario


class ScenarioError(ValueError):
    """A line that is not of the language; `line` is its number."""

    def __init__(self, line: int, sentence: str) -> None:
        """Keep the line's number with the sentence."""
        super().__init__(sentence)
        self.line = line


class Values:
    """Reads the values of the line that is being read; each raises ScenarioError for what is none."""

    def __init__(self) -> None:
        """Begin before the first line."""
        self.scenario = Scenario()
        self.number = 0
        self.site = ""
        """what set-up lines belong to: the last site line's"""
        self.entries: dict[str, dict[str, Any]] = {}
        """what each site is called, and its number, by its name"""
        self.meant = ""
        """whose zone the times of this line are in: the site that it names with @, else the last one"""

    def fail(self, sentence: str) -> ScenarioError:
        """Return the error of this line."""
        return ScenarioError(self.number, sentence)

    def at_site(self, rest: str) -> tuple[str, str]:
        """Take the site that a line names with @ off its words; without one it is the last site line's."""
        if not rest.startswith("@"):
            return self.site, rest
        name, _, rest = rest[1:].partition(" ")
        return self.known_site(name), rest

    def known_site(self, name: str) -> str:
        """Return the name of a site that has a site line."""
        if name not in self.scenario.zones:
            raise self.fail(f"there is no site line for “{name}”")
        return name

    def zone(self, written: str) -> ZoneInfo:
        """Return the time zone that is written."""
        try:
            return ZoneInfo(written)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self.fail(f"“{written}” is no time zone; write Asia/Shanghai") from error

    def phone(self, written: str) -> str:
        """Return a phone in E.164."""
        try:
            return to_e164(written)
        except ValueError as error:
            raise self.fail(str(error)) from error

    def mask(self, written: str) -> tuple[str, str]:
        """Return the first three and last four digits of a mask."""
        phone = one_phone(written, region_of(self.entries[self.meant]["number"]))
        if phone is None:
            raise self.fail(f"“{written}” is no mask; write 138****5678")
        return phone.first3, phone.last4

    def day(self, written: str) -> str:
        """Return a day as it is written."""
        day = whole_day(written)
        if day is None:
            raise self.fail(f"“{written}” is no day; write 2026-11-01")
        return day.isoformat()

    def moment(self, written: str) -> datetime:
        """Return the instant of a local time of the site that is meant."""
        try:
            moment = datetime.fromisoformat(written)
        except ValueError as error:
            raise self.fail(f"“{written}” is no time; write 2026-11-02T09:58:00") from error
        if moment.year not in YEARS:
            raise self.fail(f"“{written}” lies in no year that can be played; they are {YEARS[0]} to {YEARS[-1]}")
        zone = self.scenario.zones[self.meant]
        return moment.replace(tzinfo=zone).astimezone(UTC)

    def sent(self, at: datetime, written: str) -> datetime:
        """Return when a text was sent: a whole time, or one of the line's own day."""
        if "T" in written:
            return self.moment(written)
        return self.moment(f"{at.astimezone(self.scenario.zones[self.meant]):%Y-%m-%d}T{written}")
