"""Requests nobody would send: every route, with every argument and field that it has, holding what is least expected.

Routes come from the application, fields from the names that its code asks for, so that a new one is tried as well.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule

from tests.infrastructure.addresses import VALUES, address, method, rules
from webhook.entries import ENTRIES

FIELD = re.compile(r"request\.(?:form|args|values)(?:\.get(?:list)?\(|\[)\"([a-z_]+)\"")
ENDS_LOGINS = ("/logout", "/account/end", "/account/password", "/account/logins")
"""Tried with nobody's login, or each would end the next one's."""
ODD = (
    *("", " ", "\x00", "a\x00b", "\x1b[2J", "\ufeff", "\u200b", "\u202e", "\ud7ff", "\U0010ffff", "\ufffe", "é", "é"),
    *(
        "'",
        '"',
        "--",
        "';--",
        "%",
        "%00",
        "%s",
        "{}",
        "{{7*7}}",
        "${7}",
        "<script>",
        "../../etc/passwd",
        "\\",
        "|",
        ";=",
    ),
    *("0", "-1", "1", "2", "1e9", "NaN", "Infinity", "0x10", "１２", "٣", "²", "1.5", " 7 ", "+1"),
    *(str(2**31 - 1), str(2**31), str(2**63 - 1), str(2**63), str(2**64), "9" * 400, "-" + "9" * 400),
    *(
        "张三",
        "138****5678",
        "13812345678",
        "+8613900000011",
        "R1",
        "R0",
        "R99999999999999999999",
        "V1",
        "D1",
        "-V1",
        "全部",
    ),
    *("2026-11-28", "0000-00-00", "9999-12-31", "2026-02-30", "0001-01-01T00:00", "2026-11-28T25:61", "24:00", "99:99"),
    *(
        "yes",
        "no",
        "是",
        "否",
        "live",
        "unsure",
        "zh",
        "en",
        "csv",
        "xlsx",
        "json",
        "decide",
        "send",
        "sandbox",
        "twilio",
    ),
    *("/", "//evil.example", "/ops?x=%00", "https://evil.example", "a" * 5_000, "张" * 3_000, "\n" * 50, "\r\nX: y"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `token`: whether it carries our own forms' token."""

    rule: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    token: bool = True
    logged_in: bool = True


def field_names() -> list[str]:
    """Return the name of every field and argument that any view asks for."""
    asked = {name for path in Path("webhook").glob("*.py") for name in FIELD.findall(path.read_text(encoding="utf-8"))}
    return sorted(asked.union(*(entry.names for entry in ENTRIES)) | {"entry", "ref", "site", "seed", "before", "at"})


def requests_for(app: Flask, seed: int) -> Iterator[Request]:
    """Yield requests without end, every route in turn; the same from the same seed."""
    chance, names, routes = random.Random(seed), field_names(), sorted(rules(app), key=lambda rule: rule.rule)
    while True:
        for rule in routes:
            yield _request(app, rule, names, chance)


def _request(app: Flask, rule: Rule, names: list[str], chance: random.Random) -> Request:
    how = method(rule)
    path = address(app, rule)
    for name in rule.arguments:
        if chance.random() < 0.4:
            # The number stands for a number; what is none is of no page.
            path = path.replace(f"/{VALUES[name]}", "/" + quote(chance.choice(ODD), safe=""), 1)
    fields = {name: chance.choice(ODD) for name in names if chance.random() < 0.35}
    query = {name: chance.choice(ODD) for name in names if chance.random() < 0.15}
    if chance.random() < 0.05:
        how = chance.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"))
    headers = {
        name: chance.choice(("", "true", "zh", "*/*", "text/html", "x" * 3_000, "7")) for name in _headers(chance)
    }
    logged_in = chance.random() < 0.9 and not rule.rule.startswith(ENDS_LOGINS)
    return Request(rule.rule, how, path, query, fields, headers, chance.random() < 0.97, logged_in)


def _headers(chance: random.Random) -> list[str]:
    known = (
        "Accept",
        "Accept-Language",
        "HX-Request",
        "HX-Current-URL",
        "Range",
        "Cookie2",
        "If-Modified-Since",
        "Authorization",
    )
    return [name for name in known if chance.random() < 0.1]
