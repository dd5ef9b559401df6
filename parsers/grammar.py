"""A report text becomes reports: clients with their numbers, the agent and unit of each, or one fault (R2; H7–H13)."""

import re
from dataclasses import dataclass, field
from typing import Final

from parsers.classify import Part, agent_parts_of, company_in, parts_of
from parsers.companies import find_company
from parsers.fields import ROLES
from parsers.message import FAULTS, Lexicon, Parsed, PartFault, Report
from parsers.names import looks_like_person
from parsers.noise import find_phrase, is_noise, noise_start
from parsers.normalise import Reading
from parsers.phones import Phone
from parsers.pieces import Item, Label, Word, items_of

_STAFF: Final = ("对接人", "市场对接人", "案场对接人", "现场对接人", "置业顾问", "接待置业顾问", "驻场", "案场接待")
_GARBLED: Final = re.compile("[\u0080-\u009f\u00a2-\u00ac\u00ae-\u00b6\u00b8-\u00bf\ufffd锟斤拷烫屯]")


@dataclass(slots=True)
class _Draft:
    phone: Phone | None
    name: tuple[int, int] | None = None
    agent: tuple[int, int] | None = None
    unit: tuple[int, int] | None = None


@dataclass(slots=True)
class _Reader:
    reading: Reading
    lexicon: Lexicon
    drafts: list[_Draft] = field(default_factory=list)
    persons: list[tuple[int, int]] = field(default_factory=list)
    name: tuple[int, int] | None = None
    agents: list[tuple[int, int, int]] = field(default_factory=list)
    units: list[tuple[int, int, int]] = field(default_factory=list)
    last: int = 0
    """where the last number begins"""
    owner: str = "client"
    phone_role: str = ""
    halves: dict[str, str] = field(default_factory=dict)
    names: list[tuple[int, int]] = field(default_factory=list)
    labelled_unit: bool = False
    long_name: tuple[int, int] | None = None
    """a word too long to be surely a name; before a number that has no other it is one (买买提艾力)"""


def read_report(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> Parsed:
    """Return the reports of a text, or its fault."""
    if _garbled(reading):
        return Parsed("unknown", "unreadable")
    reader = _Reader(reading, lexicon, last=max((phone.start for phone in phones), default=0))
    items = items_of(reading.skeleton, phones)
    for item in items:
        _take(reader, item)
    _settle_rest(reader)
    return _result(reader)


def _garbled(reading: Reading) -> bool:
    """Tell whether a text was read in a wrong encoding on its way: such signs stand in it again and again."""
    return len(_GARBLED.findall(reading.clean)) > 3


def _take(reader: _Reader, item: Item) -> None:
    match item:
        case Label():
            _label(reader, item)
        case Word():
            _word(reader, item)
        case Phone():
            _phone(reader, item)


def _label(reader: _Reader, label: Label) -> None:
    if label.role == "ignored":
        reader.phone_role = ""
        if label.name in _STAFF:
            reader.owner = "staff"
        return
    if label.role in ("client", "agent"):
        reader.owner = label.role
        reader.phone_role = ""
    elif label.role == "unit":
        reader.phone_role = ""
        reader.owner = "agent" if reader.owner != "client" else reader.owner
    elif label.role == "client_phone":
        reader.phone_role = "client"
    elif label.role == "agent_phone":
        reader.phone_role = "agent"
    else:
        reader.phone_role = reader.owner


def _word(reader: _Reader, word: Word) -> None:
    text = word.text
    if word.role == "client" and word.first:
        if text in ROLES or (is_noise(text) and len(text) > 1):
            return
        end = _name_end(text)
        if end:
            start = word.start + len(text) - len(text.lstrip("叫是"))
            phrase = find_phrase(text)
            if phrase and phrase.start() == 0 and phrase.end() < len(text) and not looks_like_person(text):
                start += phrase.end()
            reader.name = (start, word.start + end)
        return
    if word.role == "unit" and word.first:
        if not reader.labelled_unit:
            # What a label says of the unit goes before what stands free (【…】, a head line).
            reader.units.clear()
        reader.labelled_unit = True
        _labelled_unit(reader, word)
        return
    if word.role == "agent":
        _agent_value(reader, word)
        return
    _free_word(reader, word)


def _name_end(text: str) -> int:
    end = noise_start(text)
    return end if end else len(text)


def _labelled_unit(reader: _Reader, word: Word) -> None:
    company = find_company(word.text, reader.lexicon)
    rest = word.text[company.end :] if company else ""
    if company and company.start == 0 and len(rest) > 1 and looks_like_person(rest) and not reader.agents:
        reader.units.append((word.start, word.start + company.end, len(reader.drafts)))
        reader.agents.append((word.start + company.end, word.end, len(reader.drafts)))
        return
    reader.units.append((word.start, word.end, len(reader.drafts)))


def _unit(reader: _Reader, start: int, end: int) -> None:
    if reader.labelled_unit:
        return
    reader.units.append((start, end, len(reader.drafts)))


def _agent_value(reader: _Reader, word: Word) -> None:
    if not word.first and company_in(word.text, reader.lexicon) is None:
        _free_word(reader, word)
        return
    for part in agent_parts_of(word.text, reader.lexicon):
        _part(reader, part, word.start)


def _free_word(reader: _Reader, word: Word) -> None:
    for part in parts_of(word.text, reader.lexicon):
        _part(reader, part, word.start)


def _part(reader: _Reader, part: Part, at: int) -> None:
    span = at + part.start, at + part.end
    if part.kind == "unit":
        _unit(reader, *span)
    elif part.kind == "agent":
        reader.agents.append((*span, len(reader.drafts)))
    elif part.kind == "person":
        reader.persons.append(span)
    else:
        reader.long_name = span


def _phone(reader: _Reader, phone: Phone) -> None:
    role, reader.phone_role = reader.phone_role, ""
    if role in ("agent", "staff") or (
        not role and reader.owner in ("agent", "staff") and not reader.persons and reader.name is None and reader.agents
    ):
        return
    if phone.loose and role != "client":
        return
    if not role and _is_of_agent_before(reader, phone):
        return
    if not role and phone.was_full and any(d.phone and not d.phone.was_full for d in reader.drafts):
        _agents_of_persons(reader)
        return
    draft = _Draft(phone)
    if reader.name is not None:
        draft.name, reader.name = reader.name, None
        _agents_of_persons(reader)
    elif reader.persons:
        draft.name = reader.persons.pop()
        if reader.drafts and reader.persons and reader.drafts[-1].agent is None:
            reader.drafts[-1].agent = reader.persons[0]
        reader.persons.clear()
    elif reader.long_name is not None:
        draft.name = reader.long_name
    reader.long_name = None
    reader.drafts.append(draft)
    reader.owner = "client" if not role else reader.owner


def _is_of_agent_before(reader: _Reader, phone: Phone) -> bool:
    """Tell whether a full number stands right behind an agent, and before those of the clients (链家李四13800008888)."""
    if not phone.was_full or phone.start == reader.last or reader.name or reader.persons or reader.long_name:
        return False
    return bool(reader.agents) and phone.start - reader.agents[-1][1] <= 1


def _agents_of_persons(reader: _Reader) -> None:
    if reader.persons and reader.drafts:
        reader.agents.append((*reader.persons[0], len(reader.drafts)))
    reader.persons.clear()


def _settle_rest(reader: _Reader) -> None:
    if reader.persons and reader.drafts:
        last = reader.drafts[-1]
        if last.name is None and len(reader.drafts) == 1 and reader.name is None and not reader.agents:
            first = reader.persons.pop(0)
            text = reader.reading.clean[first[0] : first[1]]
            if text in reader.lexicon.people:
                reader.persons.insert(0, first)
            else:
                last.name = first
        if reader.persons:
            reader.agents.append((*reader.persons[0], len(reader.drafts)))
    if reader.name is not None:
        empty = next((d for d in reader.drafts if d.name is None), None)
        if empty is not None:
            empty.name = reader.name
        else:
            reader.names.append(reader.name)
    elif not reader.drafts:
        reader.names += reader.persons[:1]


def _result(reader: _Reader) -> Parsed:
    if not reader.drafts:
        return Parsed("report", "missing_phone" if reader.names or reader.agents else "unreadable")
    per_agent = _shares(reader.agents, len(reader.drafts))
    per_unit = _shares(reader.units, len(reader.drafts))
    good: list[Report] = []
    faults: list[PartFault] = []
    whole: list[str] = []
    for index, draft in enumerate(reader.drafts):
        assert draft.phone is not None  # noqa: S101
        agent = draft.agent or per_agent[index]
        report = Report(
            _cut(reader, draft.name),
            draft.phone.first3,
            draft.phone.last4,
            _cut(reader, agent),
            _cut(reader, per_unit[index]),
            was_full=draft.phone.was_full,
        )
        error = _fault(report, draft.phone)
        whole.append(error or "")
        if error in (None, "full_phone_given", "missing_agent"):
            good.append(report)
        else:
            start, end = (draft.name or (draft.phone.start, 0))[0], draft.phone.end
            faults.append(PartFault(error, reader.reading.clean[start:end]))
    found = [e for e in FAULTS if e in whole]
    if not good:
        return Parsed("report", found[0])
    curable = [e for e in found if e in ("full_phone_given", "missing_agent")]
    return Parsed("report", curable[0] if curable else None, tuple(dict.fromkeys(good)), tuple(faults))


def _fault(report: Report, phone: Phone) -> str | None:
    if phone.faulty:
        return "bad_phone"
    if report.client is None:
        return "missing_name"
    if phone.was_full:
        return "full_phone_given"
    return "missing_agent" if report.agent is None and report.distributor is None else None


def _shares(given: list[tuple[int, int, int]], count: int) -> list[tuple[int, int] | None]:
    """Return what each report has: its own (given behind it), else what stands before all, else the last given."""
    out: list[tuple[int, int] | None] = [None] * count
    for start, end, index in given:
        at = max(index - 1, 0)
        if out[at] is None:
            out[at] = (start, end)
    if len({g[2] for g in given}) <= 1 and given:
        return [given[0][:2]] * count
    last = next((o for o in reversed(out) if o), None)
    return [o or last for o in out]


def _cut(reader: _Reader, span: tuple[int, int] | None) -> str | None:
    if span is None:
        return None
    return reader.reading.clean[span[0] : span[1]].strip(" \t\n·-:=,，。.;；") or None
