"""Scenario files: the language of contract.md and decisions.md, section F, read into lines with their numbers."""

import re
from datetime import datetime
from typing import Any

from worker.rules.model import ROLES, UNIT_KINDS
from worker.rules.policy import PolicyError, checked
from worker.scenarios.lines import NOBODY, Expected, Incoming, Scenario, SetUp
from worker.scenarios.questions import owner_line, register_line
from worker.scenarios.values import Values

_COMMENT = re.compile(r"\s{2,}#( .*)?$")
_TIMED = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) (.*)", re.DOTALL)
_OPTION = re.compile(r"(?:(sent|clock|id)=(\S+)|@(\S+))(?: |$)")
_AT_SITE = re.compile(r"(?:[a-z]+|\S+ (?:>|<|!<|form))(?: (?:sent|clock|id)=\S+)* @(\S+)")
_REF = re.compile(r"[RVD]\d+")
_LINE_END = re.compile(r"\r?\n")
_ESCAPED = re.compile(r"\\(n|\\)")
SET_UPS = (
    *("directory", "set", "policy", "unit", "agent", "unlist", "reopen"),
    *("staff", "appointed", "names", "moved", "import"),
)


def read_scenario(text: str) -> Scenario:
    """Return the scenario that a file says (BOM and CRLF accepted); raises ScenarioError at the first bad line."""
    return _Reader().read(text)


class _Reader(Values):
    def __init__(self) -> None:
        super().__init__()
        self.last: datetime | None = None
        self.timed_sites: set[str] = set()

    def read(self, text: str) -> Scenario:
        for number, raw in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1):
            self.number = number
            line = _COMMENT.sub("", raw).strip()
            if line and not line.startswith("#"):
                self._line(line)
        return self.scenario

    def _line(self, line: str) -> None:
        if line == "lenient":
            self.scenario.lenient = True
            return
        self.meant = self.site
        timed = _TIMED.fullmatch(line)
        if timed is not None:
            self._timed(timed[1], timed[2])
            return
        if re.match(r"\d{4}-\d", line):
            raise self.fail("a time is written YYYY-MM-DD HH:MM:SS, with seconds and without fractions")
        word, _, rest = line.partition(" ")
        if word == "site":
            self._site(rest)
            return
        if self.site in self.timed_sites:
            raise self.fail("a line without a time holds from the beginning and must stand before the first timed line")
        self._set_up(None, word, rest)

    def _site(self, rest: str) -> None:
        name, options = self._options(rest)
        staff = {self.phone(p): role for role in ROLES for p in options.pop(role, "").split(",") if p}
        number = self.phone(options.pop("number", ""))
        timezone, language = options.pop("timezone", "Asia/Shanghai"), options.pop("language", "zh")
        self._checked("language", language)
        options.pop("gateway", "")
        aliases = [alias for alias in options.pop("aliases", "").split(",") if alias]
        telephone = options.pop("telephone", "")
        self._checked("telephone", telephone)
        self._none_left(options)
        self.site = name
        self.scenario.zones[name] = self.zone(timezone)
        payload = {"name": name, "number": number, "timezone": timezone, "language": language, "staff": staff}
        # A scenario has no daily digest unless a policy line says otherwise (F32).
        payload["policy"] = {"daily_digest": "off"} | ({"telephone": telephone} if telephone else {})
        payload |= {"aliases": aliases} if aliases else {}
        self.scenario.lines.append(SetUp(self.number, name, None, "site", payload))
        # L25: sites of one installation know each other by name; a site that is alone has nobody to hear of.
        entry, known = {"name": name, "number": number, "aliases": aliases}, list(self.entries.values())
        for other in self.entries:
            self.scenario.lines.append(SetUp(self.number, other, None, "directory", {"sites": [entry]}))
        if known:
            self.scenario.lines.append(SetUp(self.number, name, None, "directory", {"sites": known}))
        self.entries[name] = entry

    def _set_up(self, at: datetime | None, word: str, rest: str) -> None:
        if word not in SET_UPS:
            raise self.fail(f"“{word}” is no line of a scenario; see contract.md, “Scenario files”")
        if not self.site:
            raise self.fail("a site line comes before all others")
        site, rest = self.at_site(rest)
        kind = {"agent": "roster", "set": "site_set"}.get(word, word)
        self.scenario.lines.append(SetUp(self.number, site, at, kind, self._payload(word, rest)))

    def _payload(self, word: str, rest: str) -> dict[str, Any]:
        match word:
            case "directory":
                # A site that is heard of, of which this file has no site line: what is for it leaves the file.
                name, options = self._options(rest)
                entry = {"name": name, "number": self.phone(options.pop("number", ""))}
                aliases = [alias for alias in options.pop("aliases", "").split(",") if alias]
                self._none_left(options)
                return {"sites": [entry | {"aliases": aliases}]}
            case "set":
                return self._set(self._pairs(rest))
            case "policy":
                return self._policy(self._pairs(rest))
            case "staff" | "appointed":
                staff = self._pairs(rest)
                self._none_left({key: value for key, value in staff.items() if key not in (*ROLES, NOBODY)})
                roles = {role: "" if role == NOBODY else role for role in staff}
                return {self.phone(p): roles[role] for role, phones in staff.items() for p in phones.split(",")}
            case "names":
                return {self.phone(phone): name for phone, name in self._pairs(rest).items()}
            case "moved":
                old, _, new = rest.partition(" ")
                return {"old": "" if old == "-" else self.phone(old), "new": self.phone(new) if new else ""}
            case "unlist" | "reopen":
                return {"phone": self.phone(rest)}
            case "unit":
                return self._unit(rest)
            case "agent":
                return self._agent(rest)
            case _:
                return self._import(rest)

    def _policy(self, given: dict[str, str]) -> dict[str, str]:
        for key, value in given.items():
            self._checked(key, value)
        return given

    def _set(self, given: dict[str, str]) -> dict[str, str]:
        """Times of the file stay in the zone of the site line."""
        timezone, number = given.pop("timezone", ""), given.pop("number", "")
        self._none_left(given)
        changed = {"timezone": self.zone(timezone).key} if timezone else {}
        return changed | ({"number": self.phone(number)} if number else {})

    def _unit(self, rest: str) -> dict[str, Any]:
        name, options = self._options(rest)
        kind = options.pop("kind", "distributor")
        if kind not in UNIT_KINDS:
            raise self.fail(f"a unit's kind is one of {', '.join(UNIT_KINDS)}, not “{kind}”")
        aliases = [a for a in options.pop("aliases", "").split(",") if a]
        self._none_left(options)
        return {"name": name, "kind": kind, "aliases": aliases}

    def _agent(self, rest: str) -> dict[str, Any]:
        words, options = self._options(rest)
        found = re.fullmatch(r"(.+?) (\+\S+) (.+)", words)
        if found is None:
            raise self.fail(
                "an agent line is: agent NAME +PHONE UNIT [from=YYYY-MM-DD] [to=YYYY-MM-DD] [aliases=NAME,…]"
            )
        person: dict[str, Any] = {"name": found[1], "phone": self.phone(found[2]), "unit": found[3]}
        person |= {key: self.day(options.pop(key)) for key in ("from", "to") if key in options}
        called = [alias for alias in options.pop("aliases", "").split(",") if alias]
        person |= {"called": called} if called else {}
        self._none_left(options)
        return {"people": [person]}

    def _import(self, rest: str) -> dict[str, Any]:
        words, options = self._options(rest)
        parts = words.split(" ")
        if len(parts) != 4 or "reported" not in options:
            raise self.fail("an import line is: import CLIENT MASK AGENT UNIT reported=TIME [visited=TIME]")
        self._none_left({key: value for key, value in options.items() if key not in ("reported", "visited")})
        first3, last4 = self.mask(parts[1])
        row = {"client": parts[0], "first3": first3, "last4": last4, "agent": parts[2], "unit": parts[3]}
        times = {f"{key}_at": self.moment(options.pop(key)).isoformat() for key in list(options)}
        return {"rows": [row | times]}

    def _timed(self, written: str, rest: str) -> None:
        if not self.site:
            raise self.fail("a site line comes before all others")
        at_site = _AT_SITE.match(rest)
        self.meant = self.known_site(at_site[1]) if at_site else self.site
        at = self.moment(written.replace(" ", "T"))
        word, _, arguments = rest.partition(" ")
        if word == "owner":
            self.scenario.lines.append(owner_line(self, at, arguments))
            return
        if self.last is not None and at < self.last:
            raise self.fail("a line may not go back in time")
        self.last = at
        if word == "register":
            self.scenario.lines.append(register_line(self, at, arguments))
        elif word in SET_UPS:
            self._set_up(at, word, arguments)
        else:
            self._message(at, word, arguments)
        self.timed_sites.add(self.site)

    def _message(self, at: datetime, phone: str, rest: str) -> None:
        sign, _, rest = rest.partition(" ")
        if sign == ">":
            self._incoming(at, phone, rest, form=False)
        elif sign == "form":
            self._incoming(at, phone, rest, form=True)
        elif sign in ("<", "!<"):
            self._expected(at, phone, rest, never=sign == "!<")
        else:
            raise self.fail(f"between phone and text stands >, <, !< or form, not “{sign}”")

    def _incoming(self, at: datetime, sender: str, rest: str, form: bool) -> None:
        site, sent_at, believed, provider_id = self.site, None, None, None
        while option := _OPTION.match(rest):
            rest = rest[option.end() :]
            if option[1] == "sent":
                sent_at = self.sent(at, option[2])
            elif option[1] == "clock":
                believed = self.sent(at, option[2])
            elif option[1] == "id":
                provider_id = option[2]
            else:
                site = self.known_site(option[3])
        text = rest.removeprefix("-- ") if rest.startswith("-- ") else rest
        echo = text == "echo" and not rest.startswith("-- ")
        text = _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else "\\", text)
        self.scenario.lines.append(
            Incoming(self.number, site, at, sender, text, sent_at, provider_id, form=form, echo=echo, believed=believed)
        )

    def _expected(self, at: datetime, phone: str, rest: str, never: bool) -> None:
        named_site = rest.startswith("@")
        site, rest = self.at_site(rest)
        words = rest.split(" ")
        names = [w.removeprefix("as=") for w in words if w.startswith("as=")]
        words = [w for w in words if w and not w.startswith("as=")]
        if not words and not never:
            raise self.fail("an outgoing line names the code: TIME PHONE < CODE [NUMBER] [WORDS]")
        code = words.pop(0) if words else None
        ref = words.pop(0) if words and _REF.fullmatch(words[0]) else None
        glob = " ".join(words) or None
        name = names[0] if names else None
        self.scenario.lines.append(
            Expected(self.number, site, at, phone, code, ref, glob, name, never=never, named_site=named_site)
        )

    def _options(self, rest: str) -> tuple[str, dict[str, str]]:
        words = rest.split()
        plain = [w for w in words if "=" not in w]
        options = dict(w.split("=", 1) for w in words if "=" in w)
        if not plain:
            raise self.fail("a name is missing")
        return " ".join(plain), options

    def _pairs(self, rest: str) -> dict[str, str]:
        words = rest.split()
        if not words or any("=" not in word for word in words):
            raise self.fail("this line holds KEY=VALUE pairs and nothing else")
        return dict(word.split("=", 1) for word in words)

    def _none_left(self, options: dict[str, str]) -> None:
        if options:
            raise self.fail(f"“{next(iter(options))}=” is not known here")

    def _checked(self, key: str, value: str) -> None:
        try:
            checked(key, value)
        except PolicyError as error:
            raise self.fail(str(error)) from error
