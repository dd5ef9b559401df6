"""What alarms say to people: on pages and by text, in their language and a site's zone."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from worker.words.segments import segments

MOST_SAID, MOST_SEGMENTS, LONGEST_NAME = 5, 3, 16


@cache
def alarm_words(language: str) -> Mapping[str, Any]:
    """Return for each alarm's code its `title` and `sentence` in a language ("zh", "en"); `text`: words of texts."""
    return tomllib.loads(files("worker.words").joinpath(f"alarms_{language}.toml").read_text(encoding="utf-8"))


def alarm_title(language: str, code: str) -> str:
    """Return an alarm's title, or its code where it has none."""
    return str(alarm_words(language).get(code, {}).get("title", code.replace("_", " ")))


def alarm_sentence(
    language: str, code: str, site: str, since: datetime, zone: ZoneInfo, why: str, detail: Mapping[str, Any]
) -> str | None:
    """Return what is wrong and how to mend it; None where there are no words for it, or its detail lacks one.

    `site` is a name, `why` the words for the error code in the detail.
    """
    said = {**detail, "site": site, "since": f"{since.astimezone(zone):%Y-%m-%d %H:%M}", "why": why}
    try:
        return str(alarm_words(language)[code]["sentence"]).format_map(said)
    except KeyError:
        return None


Item = tuple[str, str, datetime]
"""An alarm's code, the site or gateway that it is about, and since when it holds."""


def alerts_said(language: str, zone: ZoneInfo, raised: Sequence[Item], over: Sequence[Item]) -> str:
    """Return what a text says of alarms that have come up and of those that are over; three segments at most (L12)."""
    for shown in range(MOST_SAID, -1, -1):
        words = _said(language, zone, raised, over, shown)
        if segments(words) <= MOST_SEGMENTS:
            break
    return words


def _said(language: str, zone: ZoneInfo, raised: Sequence[Item], over: Sequence[Item], shown: int) -> str:
    text, parts = alarm_words(language)["text"], []
    for kind, items in (("raised", raised), ("over", over)):
        if items:
            named = [_item(language, zone, each) for each in items[:shown]]
            more = [text["more"].format(count=len(items) - shown)] if len(items) > shown else []
            parts.append(text[kind].format(count=len(items), items=text["between"].join([*named, *more])))
    return str(text["begin"] + text["then"].join(parts) + text["end"])


def _item(language: str, zone: ZoneInfo, item: Item) -> str:
    code, about, since = item
    at = f"{since.astimezone(zone):%m-%d %H:%M}"
    return f"{alarm_title(language, code)}({' '.join(part for part in (about[:LONGEST_NAME], at) if part)})"


def trial_said(language: str, zone: ZoneInfo, now: datetime) -> str:
    """Return the words of a test text."""
    return str(alarm_words(language)["text"]["test"]).format(at=f"{now.astimezone(zone):%m-%d %H:%M:%S}")
