"""What alarms say to people: on pages and by text, in their language and a site's zone."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


@cache
def alarm_words(language: str) -> Mapping[str, Any]:
    """Return for each alarm's code its `title` and `sentence` in a language ("zh", "en")."""
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
