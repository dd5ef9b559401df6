"""Lines that ask: whose a client is (`owner`), and how a report stands in the 登记表 (`register`)."""

import re
from collections.abc import Iterable
from datetime import datetime

from worker.rules.client import Client
from worker.scenarios.lines import Owner, RowLine
from worker.scenarios.values import Values

_OWNER = re.compile(r"(?:@(?P<site>\S+) )?(?P<name>.+?) (?P<mask>\S+) (?P<sign>!=|==?) (?P<rest>.+)")
_REGISTER = re.compile(
    r"(?:@(?P<site>\S+) )?(?P<ref>R\d+|-) (?P<status>[a-z_]+) (?P<name>.+?) (?P<mask>\S+) (?P<rest>\S+/\S+.*)"
)
_RULE = re.compile(r"R\d+[ab]?")


def owner_line(values: Values, at: datetime, rest: str) -> Owner:
    """Read what stands behind `owner`; `==` states all rules and all flags, `=` some of them."""
    found = _OWNER.fullmatch(rest)
    if found is None:
        raise values.fail("an owner line is: TIME owner NAME MASK = UNIT/AGENT RULE…")
    site = values.known_site(found["site"]) if found["site"] else values.site
    owner, *words = found["rest"].split(" ")
    flags = tuple(w.removeprefix("flag=") for w in words if w.startswith("flag="))
    rules = tuple(w for w in words if "=" not in w)
    if bad := [rule for rule in rules if not _RULE.fullmatch(rule)]:
        raise values.fail(f"“{bad[0]}” is no rule; a rule is written R7")
    client = Client(found["name"], *values.mask(found["mask"]))
    until = _time(values, "until", words)
    differs, exact = found["sign"] == "!=", found["sign"] == "=="
    return Owner(values.number, site, at, client, owner, differs, rules, until, flags, exact)


def register_line(values: Values, at: datetime, rest: str) -> RowLine:
    """Read what stands behind `register`: a report as its row of the 登记表 has it."""
    found = _REGISTER.fullmatch(rest)
    if found is None:
        raise values.fail(
            "a register line is: TIME register NUMBER STATUS CLIENT MASK UNIT/AGENT [until=TIME] [visited=TIME];"
            " a report that won nothing has - for its number"
        )
    site = values.known_site(found["site"]) if found["site"] else values.site
    whose, *words = found["rest"].split(" ")
    unit, _, agent = whose.partition("/")
    if bad := [word for word in words if not re.match(r"(until|visited)=", word)]:
        raise values.fail(f"“{bad[0]}” is not known here")
    ref = found["ref"].removeprefix("-")
    client = Client(found["name"], *values.mask(found["mask"]))
    until, visited = _time(values, "until", words), _time(values, "visited", words)
    return RowLine(values.number, site, at, ref, found["status"], client, unit, agent, until, visited)


def _time(values: Values, key: str, words: Iterable[str]) -> datetime | None:
    return next((values.moment(w.removeprefix(f"{key}=")) for w in words if w.startswith(f"{key}=")), None)
