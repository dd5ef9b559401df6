"""The parts of a reading become reports: who goes with which number, whose agent and unit each is (R2; H7, H8, H13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from parsers.edges import Edge
from parsers.message import FAULTS, PartFault, Report, ReportText
from parsers.normalise import Reading
from parsers.phones import Phone
from parsers.pieces import Piece

_CURABLE: Final = ("full_phone_given", "missing_agent")
_LABELLED: Final = {"C": "LC", "A": "LA", "U": "LU", "P": "LP"}
_OUTER: Final = " \t\n·-:=,，.。;；、'‘’\"“”"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a reading: tag C, A, U or P, its characters, the number for P."""

    tag: str
    start: int
    end: int
    phone: Phone | None = None
    labelled: bool = False
    """the label of such a part stands right before it"""


@dataclass(slots=True)
class _Draft:
    """A client of the text; `at` is his place among the parts, for what stands before and behind him."""

    name: Part | None
    number: Part | None
    first: int
    last: int


def parts_of(path: Sequence[tuple[Edge, str]], pieces: Sequence[Piece]) -> list[Part]:
    """Return the parts that a path reads, in text order."""
    parts: list[Part] = []
    before = ""
    for edge, tag in path:
        if tag in _LABELLED:
            parts.append(Part(tag, edge.start, edge.end, pieces[edge.first].phone, before == _LABELLED[tag]))
        before = tag if tag != "T" else before
    rest = [(edge, tag) for edge, tag in path if tag != "T" and edge.symbol != "report"]
    words = [edge for edge, tag in rest[2:] if tag == "O" and edge.symbol == "o"]
    named = any(part.tag in "AU" for part in parts) or [tag for _, tag in rest[:2]] != ["C", "P"]
    if named or not words or len(words) != len(rest) - 2:
        return parts
    # A client, his number, one unknown short word behind it, and no more: that is the agent (H11).
    length = words[-1].end - words[0].start
    joined = length == sum(len(word.text) for word in words)
    return [*parts, Part("A", words[0].start, words[-1].end)] if joined and 2 <= length <= 3 else parts


def assemble(parts: Sequence[Part], reading: Reading) -> ReportText:
    """Return the reports of these parts, or their fault."""
    drafts = _drafts(parts)
    if not any(draft.number for draft in drafts):
        return ReportText("missing_phone" if any(part.tag in ("C", "A") for part in parts) else "unreadable")
    agents, units = (_shared(parts, tag, drafts) for tag in "AU")
    good: list[Report] = []
    faults: list[PartFault] = []
    whole: list[str] = []
    for draft, agent, unit in zip(drafts, agents, units, strict=True):
        phone = draft.number.phone if draft.number else None
        report = Report(
            written(draft.name, reading) if draft.name else None,
            phone.first3 if phone else None,
            phone.last4 if phone else None,
            written(parts[agent], reading) if agent is not None else None,
            written(parts[unit], reading) if unit is not None else None,
            was_full=bool(phone and phone.was_full),
        )
        error = _fault(report, draft) or ""
        whole.append(error)
        if error in ("", *_CURABLE):
            good.append(report)
        else:
            places = [p for p in (draft.name, draft.number) if p]
            stretch = reading.clean[min(p.start for p in places) : max(p.end for p in places)]
            faults.append(PartFault(error, stretch))
    found_faults = [e for e in FAULTS if e in whole]
    if not good:
        return ReportText(found_faults[0])
    curable = next((e for e in found_faults if e in _CURABLE), None)
    return ReportText(curable, tuple(dict.fromkeys(good)), tuple(faults))


def _drafts(parts: Sequence[Part]) -> list[_Draft]:
    """Pair names with numbers: one after another, in whichever order the text has them, or block by block."""
    ordered = [(i, p) for i, p in enumerate(parts) if p.tag in "CP"]
    # A block ends where a new client, or a new list of them, begins.
    blocks: list[list[tuple[int, Part]]] = []
    opening = ordered[0][1].tag if ordered else ""
    for item in ordered:
        if not blocks or (item[1].tag == opening != blocks[-1][-1][1].tag):
            blocks.append([])
        blocks[-1].append(item)
    drafts: list[_Draft] = []
    for block in blocks:
        names = [(i, p) for i, p in block if p.tag == "C"]
        numbers = [(i, p) for i, p in block if p.tag == "P"]
        if len(names) > len(numbers) == 1:
            names = names[-1:]
        for k in range(max(len(names), len(numbers))):
            name = names[k] if k < len(names) else None
            number = numbers[k] if k < len(numbers) else None
            places = [x[0] for x in (name, number) if x]
            drafts.append(_Draft(name and name[1], number and number[1], min(places), max(places)))
    return drafts


def _shared(parts: Sequence[Part], tag: str, drafts: list[_Draft]) -> list[int | None]:
    """Return which agent, or unit, each draft has: all one if given once, else the one before or the one behind it.

    What a label says goes before what stands free (a head line, 【…】).
    """
    told = [i for i, part in enumerate(parts) if part.tag == tag]
    places = [i for i in told if parts[i].labelled] or told
    if not places:
        return [None] * len(drafts)
    if len(places) == 1 or not drafts:
        return [places[0]] * len(drafts)
    if places[0] < drafts[0].last:
        # Given before the clients: each counts until the next one.
        return [next((p for p in reversed(places) if p < draft.last), places[0]) for draft in drafts]
    return [next((p for p in places if p > draft.first), places[-1]) for draft in drafts]


def _fault(report: Report, draft: _Draft) -> str | None:
    phone = draft.number.phone if draft.number else None
    if phone is None:
        return "missing_phone"
    if phone.faulty:
        return "bad_phone"
    if report.client is None:
        return "missing_name"
    if phone.was_full:
        return "full_phone_given"
    return "missing_agent" if report.agent is None and report.distributor is None else None


def written(part: Part, reading: Reading) -> str | None:
    """Return a part as it was written, without signs at its ends."""
    return reading.clean[part.start : part.end].strip(_OUTER) or None
