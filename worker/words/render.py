"""A code and its parameters become words: within one segment for one client, in the site's language and time zone."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from worker.rules.act_code import CODE_GAP
from worker.rules.codes import Code
from worker.rules.model import NO_AGENT, WALK_IN
from worker.words.client_lists import rows_of_clients
from worker.words.fields import Fields
from worker.words.lists import ListItem, bounded, listed
from worker.words.segments import segments

YEAR_SHOWN_BEYOND = timedelta(days=300)
NAME_CLIPPED_TO = (16, 12, 8, 5)
TIMES = ("at", "until", "sent", "other_at", "contact_until")
ENDS = ("objection_until", "evidence_until", "opinion_until")
"""Ends of civil periods: 24:00 of a day, not 0:00 of the next."""
PART_TEXT_LONGEST = 16
BESIDE = ("only", "also", "still", "telephone", "muted")
"""Stands behind any words: what this number is for, where else a report goes (L25), what still stands, whom to ring.

The last two stand with the last refusal that is told for a while (L13).
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when words are said: language, the site's zone, and the moment."""

    language: str
    zone: ZoneInfo
    now: datetime


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """Return the words of a language ("zh", "en")."""
    return tomllib.loads(files("worker.words").joinpath(f"{language}.toml").read_text(encoding="utf-8"))


def render(setting: Setting, code: str, role: str, params: Mapping[str, Any]) -> str:
    """Return what a reply says: the fullest wording that is one segment, its name clipped only as a last resort.

    A reply on several clients (`params["parts"]`) lists them and may be three (L12).
    """
    if "parts" in params:
        return _listed(setting, code, role, params)
    say, tails = catalogue(setting.language)["say"], catalogue(setting.language)["tail"]
    tail = _tail(setting, params)
    key = next(key for key in _cases(code, role, params) if key in say)
    if "clients" in params:
        return _with_clients(setting, say[key], params)
    wordings = [wording + tail for wording in say[key]]
    wordings += [tails["still_alone"]] if "still" in params else []
    # All of a list, then the first of it that fit; then shorter names.
    fewer = range(len(params.get("names", ())), 0, -1)
    shapes: list[tuple[list[str], int | None, int]] = [(wordings, None, named) for named in fewer]
    shapes += [(wordings, clipped, 0) for clipped in (None, *NAME_CLIPPED_TO)]
    if params.get("ref") and ("only" in params or "also" in params):
        # What is said of a registration at the least, where something beside it must find room (L25).
        shapes += [([short + tail for short in tails["numbered"]], clipped, 0) for clipped in NAME_CLIPPED_TO]
    for shape, clipped, named in shapes:
        fields = Fields(_fields(setting, params, clipped) | {"names": _names(setting, params, named)})
        for wording in shape:
            words: str = wording.format_map(fields)
            if segments(words) == 1:
                return words
    alone = (str(tails[f"{name}_alone"]).format_map(params) for name in BESIDE[-2:] if name in params)
    return next(alone, bounded(words))


def _with_clients(setting: Setting, wordings: list[str], params: Mapping[str, Any]) -> str:
    """Return the fullest wording with its clients that is one segment; of 我的 none may be left out, for 下 goes on."""
    words = catalogue(setting.language)
    clients = []
    for each in params["clients"]:
        until = written_time(setting, each["until"])
        clients.append({**each, "who": each["client"] + each["mask"], "until": until, "day": until.rpartition(" ")[0]})
    for row in rows_of_clients(clients, words, all_of_them="from" in params):
        for wording in wordings:
            said: str = wording.format_map(Fields(_fields(setting, params, None) | {"clients": row}))
            if segments(said) == 1:
                return said
    return bounded(said)


def _names(setting: Setting, params: Mapping[str, Any], named: int) -> str:
    """Return the first names of a list as they stand behind their count; nothing where there is no room for one."""
    if not named:
        return ""
    words, names = catalogue(setting.language)["tail"], params["names"]
    more = words["more"] if named < int(params.get("missed", 0)) else ""
    return str(words["names"]).format(names="、".join(names[:named]) + more)


def _cases(code: str, role: str, params: Mapping[str, Any]) -> list[str]:
    """Return the names under which a code's words may stand, the most special first."""
    special = {
        "asks": params.get("asks") and role == "reply",
        "unsure": params.get("unsure") and (role == "reply" or code == Code.NEW_REPORT),
        "full": params.get("full"),
        "missed": params.get("missed"),
        "jumped": params.get("jumped") and role == "reply",
        "jumped_told": params.get("jumped") and role == "notice",
        "unlisted": params.get("unlisted") and code == Code.DIGEST,
        "day": params.get("span") == "day",
        "folded": params.get("span") == "folded",
        "counted": params.get("span") == "counted",
        "shown": code == Code.DUPLICATE_OTHER and "until" in params,
        str(params.get("ending")): "ending" in params,
        str(params.get("state")): "state" in params,
        str(params.get("reason")): "reason" in params,
        role: True,
    }
    return [*(f"{code}.{variant}" for variant, holds in special.items() if holds), code]


def _fields(setting: Setting, params: Mapping[str, Any], clipped: int | None) -> Fields:
    known = catalogue(setting.language)
    fields = Fields({key: str(value) for key, value in params.items()})
    fields |= {key: written_time(setting, params[key]) for key in TIMES if params.get(key)}
    fields |= {key: written_end(setting, params[key]) for key in ENDS if params.get(key)}
    client = _clip(str(params.get("client", "")), clipped)
    agent, unit = str(params.get("agent", "")), _unit(setting, params.get("unit", ""))
    nobody = agent in ("", NO_AGENT)
    persons = known["tail"]["persons"].format_map(params) if "persons" in params else ""
    fields["holder"] = _unit(setting, params.get("holder", ""))
    fields["who"] = client + str(params.get("mask", "")) + persons
    fields["other_who"] = _clip(str(params.get("other_client", "")), clipped) + str(params.get("other_mask", ""))
    fields["agent"] = unit if nobody else _clip(agent, clipped)
    fields["by"] = unit if nobody else f"{agent}({unit})" if unit else agent
    fields["colleague"] = unit if params.get("colleague") == NO_AGENT else str(params.get("colleague", ""))
    fields["fitting"] = "、".join(params.get("fitting", ()))
    fields |= _of_form(setting, params)
    left = params.get("unsure")
    if isinstance(left, list):
        # A digest lists the readings that nobody has confirmed (L24), by number and only counted.
        named = {"items": "、".join(left), "count": str(len(left))}
        fields |= {name: known["tail"][name].format_map(named) for name in ("to_check", "to_check_count")}
    fields |= _of_act(setting, params)
    fields["example"] = known["example"]
    fields["text"] = _clip(str(params.get("text", "")).strip(), PART_TEXT_LONGEST)
    return fields


def _of_act(setting: Setting, params: Mapping[str, Any]) -> dict[str, str]:
    """Return what the words on an act have: what it is, whom it is about (`briefly` by number) and its code's gap."""
    words = catalogue(setting.language)
    named = [(one.get("ref", ""), one.get("client", "") + one.get("mask", "")) for one in params.get("named", ())]
    behind = [words["answer"].get(params.get("answer"), ""), _clip(str(params.get("about", "")), PART_TEXT_LONGEST)]
    if "days" in params and "until" in params:
        until = written_time(setting, str(params["until"]))
        behind.insert(0, words["tail"]["given"].format(days=params["days"], until=until))
    fully = [" ".join(filter(None, one)) for one in named]
    briefly = [ref or who for ref, who in named]
    return {
        "act": words["act"].get(params.get("kind"), ""),
        "what": " ".join(filter(None, ["、".join(fully), *behind])),
        "briefly": " ".join(filter(None, ["、".join(briefly), *behind])),
        "code": CODE_GAP,
    }


def _of_form(setting: Setting, params: Mapping[str, Any]) -> dict[str, str]:
    """Return what only the words on visit forms have: what differs, who has signed, who has not, which wait."""
    words = catalogue(setting.language)
    parties = words["party"]
    return {
        "fields": "、".join(words["field"][name] for name in params.get("fields", ())),
        "missing": "、".join(parties[party] for party in params.get("missing", ())),
        "signers": "/".join(parties.get(signer, signer) for signer in params.get("signers", ())),
        "items": "、".join(params.get("items", ())),
    }


def _clip(name: str, longest: int | None) -> str:
    return name if longest is None or len(name) <= longest else name[: longest - 1] + "…"


def written_time(setting: Setting, moment: str) -> str:
    """Return a time as M-D HH:MM of the site, with its year when it is 300 days or more away (E12)."""
    local = datetime.fromisoformat(moment).astimezone(setting.zone)
    near = abs(local - setting.now) < YEAR_SHOWN_BEYOND
    return f"{'' if near else f'{local.year}-'}{local.month}-{local.day} {local:%H:%M}"


def _unit(setting: Setting, unit: str) -> str:
    return str(catalogue(setting.language)["site"]) if unit == WALK_IN else unit


def written_end(setting: Setting, moment: str) -> str:
    """Return the end of a civil period as people say it: M-D 24:00 (decisions.md, J)."""
    last = datetime.fromisoformat(moment).astimezone(setting.zone) - timedelta(seconds=1)
    return f"{written_time(setting, last.isoformat()).partition(' ')[0]} 24:00"


def _tail(setting: Setting, params: Mapping[str, Any]) -> str:
    tails: Mapping[str, str] = catalogue(setting.language)["tail"]
    return "".join(tails[name] for name in BESIDE if name in params)


def _listed(setting: Setting, code: str, role: str, params: Mapping[str, Any]) -> str:
    words = catalogue(setting.language)
    head: str = words["head"].get(code, words["head"]["default"]).format(count=len(params["parts"]))
    lines = []
    for part in params["parts"]:
        names, templates = _cases(str(part["code"]), role, part), words["part"]
        name = next((name for name in names if name in templates), "")
        said = templates.get(name, "{who}").format_map(_fields(setting, part, None))
        tail = _tail(setting, part).format_map(part)
        lines.append(
            ListItem(said + tail, name if name in words["fold"] and not tail else "", str(part.get("ref", "")))
        )
    return bounded(listed(head, lines, _tail(setting, params).format_map(params), words))
