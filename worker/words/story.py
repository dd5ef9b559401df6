"""A case becomes a paragraph that a manager can read out, in the site's language and time zone."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from worker.rules.model import NO_AGENT, WALK_IN
from worker.rules.story import Case, Item, story
from worker.words.fields import Fields


@cache
def _catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("worker.words").joinpath(f"explain_{language}.toml").read_text(encoding="utf-8"))


def told(case: Case, undecided: int = 0) -> str:
    """Return the paragraph: whose, by which rules and facts, what happened; `undecided` texts wait behind that."""
    return Telling(case.state.site.language, case.state.zone).paragraph(case, undecided)


@dataclass(frozen=True, slots=True)
class Telling:
    """How things that happened are told: in a language of the catalogue, their times in a zone."""

    language: str
    zone: ZoneInfo

    @property
    def _words(self) -> Mapping[str, Mapping[str, str]]:
        return _catalogue(self.language)

    @property
    def _say(self) -> Mapping[str, str]:
        return self._words["answer"]

    def paragraph(self, case: Case, undecided: int) -> str:
        """Return the paragraph on a case."""
        answer, says = case.answer, self._words["rule"]
        items = []
        for item in story(case):
            frame = self._say["timed" if item.place is None else "placed"]
            items.append(frame.format(place=item.place, at=self._time(item.at), words=self.words(item)))
        parts = {
            "rules": [self._say["rule"].format(rule=r, says=says[r]) if r in says else r for r in answer.rules],
            "facts": list(answer.facts),
            "flags": [self._words["flag"].get(flag, flag) for flag in answer.flags],
            "items": items,
        }
        said = [self._whose(case)]
        for key, joined in (("rules", "comma"), ("facts", "comma"), ("flags", "comma"), ("items", "separator")):
            if parts[key]:
                words = self._say["story" if key == "items" else key]
                said.append(words.format_map({key: self._say[joined].join(parts[key])}))
        return "".join(said) + (self._say["undecided"].format(count=undecided) if undecided else "")

    def _whose(self, case: Case) -> str:
        answer = case.answer
        held = "walkin" if answer.unit == WALK_IN else "held"
        key = "nobody" if not answer.unit else held if answer.until is not None else "held_for_good"
        return self._say[key].format(
            at=self._time(case.at),
            site=case.state.site.name,
            who=str(case.client),
            by=self._by(answer.unit, answer.agent),
            until=self._time(answer.until),
        )

    def words(self, item: Item) -> str:
        """Return what happened, without its time and place."""
        kind, _, outcome = item.code.partition(".")
        template = self._words["item"].get(item.code) or self._words["item"].get(kind, "{outcome}")
        params, named = item.params, self._words["field"]
        fields = {key: self._written(value) for key, value in params.items()}
        fields["mismatch"] = self._written([named.get(name, name) for name in params.get("mismatch", ())])
        fields["part_of_day"] = self._words["part_of_day"].get(str(params.get("part_of_day")), "")
        fields["told"] = self._say["told"].format(words=fields["told"]) if fields.get("told") else ""
        fields["time"] = f" {params['time']}" if params.get("time") else ""
        fields["by"] = self._by(str(params.get("unit", "")), str(params.get("agent", "")))
        return template.format_map(Fields(fields | {"outcome": outcome}))

    def title(self, item: Item) -> str:
        """Return in a word of what kind it is that happened."""
        kind = item.code.partition(".")[0]
        return self._words["title"].get(item.code) or self._words["title"].get(kind, kind)

    def _written(self, value: Any) -> str:
        if isinstance(value, datetime):
            return self._time(value)
        if isinstance(value, Iterable) and not isinstance(value, str):
            return self._say["comma"].join(str(one) for one in value)
        return "" if value is None else str(value)

    def _by(self, unit: str, agent: str) -> str:
        unit = self._say["site"] if unit == WALK_IN else unit
        if agent in ("", NO_AGENT) or not unit:
            return unit or agent
        return self._say["by"].format(unit=unit, agent=agent)

    def _time(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
