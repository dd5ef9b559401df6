"""Writes one client's case as a scenario file, which `baobei rehearse` plays (K8; decisions.md, section F).

Numbers are those that the play gives: the first registration keeps its own (`first_number`), later numbers are captured
with `as=` where they are first said. Times are cut to the second, as the language has no fractions. The file is
lenient: what depends on other clients (new_report, digests) and what only the clock says is not expected in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from parsers.message import Command, clients_named, refs_named
from parsers.numbers import region_of
from parsers.parse import parse
from worker.readers.replay import Played, refs_of
from worker.rules.codes import Code
from worker.rules.door_notes import AHEAD
from worker.rules.form_payload import payload_meaning
from worker.rules.identity import unit_key
from worker.rules.model import NO_AGENT, ROLES
from worker.rules.story import Case
from worker.scenarios.lines import NOBODY

NOT_EXPECTED = (Code.NEW_REPORT, Code.DIGEST)
_LINE_ENDS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LIKE_AN_OPTION = re.compile(r"(sent|clock|id)=|@|-- |echo$")
_MEANT_FIRST = {"sign": "VRD", "evidence": "DRV", "opinion": "DRV"}
"""Which kind of number a command means first that is written without its letter."""
_TURNED_ON_OTHERS = {
    "act_waits": "another act waited for its code",
    "many_objections": "after objections about other clients",
    "ask_site": "after questions about other clients",
}
"""Why a text did nothing that turns on what is not in the case, by the reason of its refusal."""
_REF = re.compile(r"(?<![A-Za-z0-9])([RVD]\d+)(?!\d)", re.IGNORECASE)


def write_scenario(case: Case, messages: Sequence[Played]) -> Iterator[str]:
    """Yield the lines of the file: site, set-up, texts with what they were answered, and whose the client is."""
    return _Writer(case, messages).lines()


@dataclass(slots=True)
class _Writer:
    case: Case
    messages: Sequence[Played]
    captured: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    involved: set[str] = field(default_factory=set)
    listed: dict[tuple[str, str], str] = field(default_factory=dict)
    """the line of each agent as it was last written, without aliases, by unit and name"""

    def __post_init__(self) -> None:
        """Find the units that have a part in the case: those that reported, of who texted, and of who was named."""
        own = [one.message for one in self.messages if one.alias is None]
        phones = {message.sender for message in own}
        words = "\n".join(message.text for message in own)
        rosters = [one.message.payload for one in self.messages if one.message.kind == "roster" and not one.undecidable]
        people = [person for roster in rosters for person in roster["people"]]
        texted = [p["unit"] for p in people if p["phone"] in phones or p["name"] in words]
        reported = [claim.unit for claim in self.case.state.claims.values()]
        reported += [row.unit for row in self.case.reports]
        self.involved = {unit_key(unit) for unit in (*texted, *reported)}

    @property
    def zone(self) -> ZoneInfo:
        """The site's first zone, by which the whole file is read."""
        founding = next((one.message.payload for one in self.messages if one.message.kind == "site"), None) or {}
        return ZoneInfo(founding.get("timezone", self.case.state.site.timezone))

    def lines(self) -> Iterator[str]:
        client = self.case.client
        yield f"# {client.name} {client.first3}****{client.last4}: {', '.join(refs_of(self.case))}"
        yield "lenient"
        numbers = [number for number in self.case.state.claims if number > 0]
        for one in self.messages:
            kind, said = one.message.kind, one.message.payload or {}
            if one.undecidable:
                # It did nothing (L26), and played by a program that is mended it would.
                what = f"{one.message.sender} > {_LINE_ENDS.sub(' ', one.message.text)}" if one.message.sender else kind
                yield f"# {self._time(one.message.received_at)} {what} (could not be decided)"
            elif kind == "site":
                yield from self._site(said)
                yield from [f"policy first_number={min(numbers)}"] if numbers else []
            elif one.alias is not None:
                # A further name of an agent (L21) is set-up: the text that said it may be about another client.
                line = self.listed.get((unit_key(one.alias.get("unit", "")), one.alias.get("agent", "")))
                if line is not None and one.alias.get("alias"):
                    yield f"{self._time(one.message.received_at)} {_also_called(line, [one.alias['alias']])}"
            elif kind in ("text", "form"):
                yield from self._text(one)
            else:
                at = self._time(one.message.received_at)
                yield from (line if line.startswith("#") else f"{at} {line}" for line in self._set_up(kind, said))
        answer = self.case.answer
        owner = f"{answer.unit}/{answer.agent or NO_AGENT}" if answer.unit else "nobody"
        until = f" until={self._local(answer.until)}" if answer.until is not None else ""
        client = self.case.client
        who = f"{client.name} {client.first3}****{client.last4}"
        line = f"{self._time(self.case.at)} owner {who} = {owner} {' '.join(answer.rules)}{until}"
        yield f"# {line}" if " " in owner else line

    def _site(self, said: Mapping[str, Any]) -> Iterator[str]:
        options = {"number": said["number"], **_by_role(said.get("staff", {}))}
        options |= {key: said[key] for key in ("timezone", "language") if key in said}
        options |= _aliases(said.get("aliases", ()))
        yield f"site {said['name']} {_pairs(options)}"
        if said.get("policy"):
            yield f"policy {_pairs(said['policy'])}"

    def _set_up(self, kind: str, said: Mapping[str, Any]) -> Iterator[str]:
        match kind:
            case "directory":
                for entry in said["sites"]:
                    options = {"number": entry["number"], **_aliases(entry["aliases"])}
                    yield f"directory {entry['name']} {_pairs(options)}"
            case "site_set":
                yield from _changed(said)
            case "policy":
                pairs = {key: value for key, value in said.items() if key != "first_number"}
                yield from [f"policy {_pairs(pairs)}"] if pairs else []
            case "staff" | "appointed" | "names" | "moved":
                yield from _staff(kind, said)
            case "unit":
                self.units[said["name"]] = said["kind"]
                aliases = ",".join(alias.replace(" ", "") for alias in said.get("aliases", ()))
                yield f"unit {said['name']} kind={said['kind']}" + (f" aliases={aliases}" if aliases else "")
            case "unlist" | "reopen":
                yield f"{kind} {said['phone']}"
            case "roster":
                yield from self._roster(said)
            case "import":
                yield from self._import(said)

    def _roster(self, said: Mapping[str, Any]) -> Iterator[str]:
        """Every unit is told; of their people those of units that have a part in the case."""
        for person in said["people"]:
            kind = person.get("kind") or self.units.get(person["unit"], "distributor")
            if self.units.get(person["unit"]) != kind:
                self.units[person["unit"]] = kind
                yield f"unit {person['unit']} kind={kind}"
            if unit_key(person["unit"]) in self.involved:
                days = {key: person[key] for key in ("from", "to") if person.get(key)}
                line = f"agent {person['name']} {person['phone']} {person['unit']} {_pairs(days)}".rstrip()
                self.listed[unit_key(person["unit"]), person["name"]] = line
                yield _also_called(line, person.get("called", ()))

    def _import(self, said: Mapping[str, Any]) -> Iterator[str]:
        for row in said["rows"]:
            if (row["first3"], row["last4"]) in self.case.phones7:
                times = {"reported": row["reported_at"], "visited": row.get("visited_at")}
                local = {key: self._local(datetime.fromisoformat(at)) for key, at in times.items() if at}
                words = (row["client"], f"{row['first3']}****{row['last4']}", row["agent"] or NO_AGENT, row["unit"])
                yield f"import {' '.join(word.replace(' ', '·') for word in words)} {_pairs(local)}"

    def _text(self, one: Played) -> Iterator[str]:
        row = one.message
        if not row.sender or " " in row.sender:
            return
        at = self._time(row.received_at)
        sent = f"sent={self._local(row.sent_at)} " if row.sent_at is not None else ""
        if ahead := (row.payload or {}).get(AHEAD):
            sent += f"clock={self._local(row.received_at - timedelta(seconds=ahead))} "
        sign = "form" if row.kind == "form" else ">"
        line = f"{at} {row.sender} {sign} {sent}{self._words(one)}".rstrip()
        if any(reply.code == Code.REFUSED_AMBIGUOUS for reply in one.replies):
            # It did nothing; without the other clients that it fitted it would.
            yield f"# {line} (fitted several clients)"
            return
        if self._means_others(one):
            # Four digits that are his as well meant another's registration then.
            yield f"# {line} (another client's)"
            return
        for reply in one.replies:
            if (why := _TURNED_ON_OTHERS.get(reply.params.get("reason", ""))) is not None:
                yield f"# {line} ({why})"
                return
        yield line
        if one.several:
            yield "# this text names other clients, whose own texts are not here: its answers are left out"
            return
        for reply in one.replies:
            if reply.code not in NOT_EXPECTED:
                capture = f" as={reply.ref}" if reply.ref and reply.ref not in self.captured else ""
                self.captured |= {reply.ref} if capture else set()
                yield f"{at} {reply.recipient} < {reply.code}{capture}"

    def _means_others(self, one: Played) -> bool:
        """Tell whether an act, or its code, was about registrations none of which is in this case."""
        named = {thing.get("ref", "") for reply in one.replies for thing in reply.params.get("named", ())}
        named |= {reply.ref for reply in one.replies} if one.code else set()
        registrations = {ref for ref in named if ref.startswith("R")}
        return bool(registrations) and registrations.isdisjoint(claim.ref for claim in self.case.state.claims.values())

    def _words(self, one: Played) -> str:
        if one.code:
            return "$code"
        text = self._read_alike(one.message)
        words = _LINE_ENDS.sub(r"\\n", text.replace("\\", "\\\\"))
        words = re.sub(r"\s+#", " #", words)
        words = _REF.sub(lambda found: self._number(found[1].upper()), words)
        # A command may name a number without its letter: where a captured one is meant, that stands for it.
        meant = parse(text, region=region_of(self.case.state.site.number))
        for bare in refs_named(meant):
            refs = [f"{letter}{bare}" for letter in _MEANT_FIRST.get(meant.kind, "RVD")]
            captured = [ref for ref in refs if ref in self.captured]
            if captured and not any(bare == last4 for _, last4 in self.case.phones7):
                words = re.sub(rf"(?<![\w$]){bare}(?!\w)", f"${captured[0]}", words, count=1)
        return f"-- {words}" if _LIKE_AN_OPTION.match(words) else words

    def _read_alike(self, message: Row[Any]) -> str:
        """Return a text; of a form's sentence that would be read otherwise than it means, all but its free words."""
        meant = payload_meaning(message.payload)
        text = str(message.text)
        if meant is None:
            return text
        read = parse(text, region=region_of(self.case.state.site.number))
        alike = isinstance(read, Command) and (read.kind, read.refs, read.answer) == (
            meant.kind,
            meant.refs,
            meant.answer,
        )
        alike = alike and [r.last4 for r in clients_named(read)] == [r.last4 for r in meant.reports]
        return text if alike else text.removesuffix(meant.words).rstrip()

    def _number(self, ref: str) -> str:
        """Return what stands for a number: its capture; the client where other clients' numbers may shift it."""
        if ref in self.captured:
            return f"${ref}"
        mixed = {one.message.seq for one in self.messages if one.several}
        claims = self.case.state.claims.values()
        claim = next((claim for claim in claims if claim.ref == ref and claim.seq in mixed), None)
        return ref if claim is None else f"{claim.client} {claim.mask}"

    def _time(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%dT%H:%M:%S}"


def _changed(said: Mapping[str, Any]) -> Iterator[str]:
    """A file goes on calling the site by its first name."""
    pairs = {key: said[key] for key in ("timezone", "number") if key in said}
    if pairs:
        yield f"set {_pairs(pairs)}"
    if "name" in said:
        yield f"# the site is called {said['name']} from here on"


def _aliases(names: Sequence[str]) -> dict[str, str]:
    return {"aliases": ",".join(name.replace(" ", "·") for name in names)} if names else {}


def _also_called(line: str, names: Sequence[str]) -> str:
    called = ",".join(name.replace(" ", "") for name in names)
    return f"{line} aliases={called}" if called else line


def _by_role(staff: Mapping[str, str]) -> dict[str, str]:
    phones = {role: ",".join(p for p, its_role in staff.items() if its_role == role) for role in ROLES}
    return {role: joined for role, joined in phones.items() if joined}


def _staff(kind: str, said: Mapping[str, str]) -> Iterator[str]:
    if kind == "names":
        yield f"names {_pairs({phone: name.replace(' ', '·') for phone, name in said.items()})}"
    elif kind == "moved":
        yield f"moved {said['old'] or '-'} {said['new']}".rstrip()
    else:
        gone = ",".join(phone for phone, role in said.items() if not role)
        yield f"{kind} {_pairs(_by_role(said) | ({NOBODY: gone} if gone else {}))}"


def _pairs(options: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    return " ".join(f"{key}={value}" for key, value in dict(options).items())
