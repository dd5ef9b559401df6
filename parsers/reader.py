"""A report text becomes reports, or one fault, or no report; sure or not (R2, R2b; reading.md).

pieces → a lattice of parts → the best reading and its nearest rivals ─┬ a second view, by characters
                                                                       └ report or not, by shape and words

`pieces` cuts the text into numbers, moments and words; `edges` gives every stretch its possible tags and what is seen of
it (`shapes`; the site's roster is evidence like any other); `lattice` finds the best readings under learned weights, with
what was read before (`context`); `assembly` makes reports, or one fault, of one; `verdict` says whether it is a report at
all. Sure is what goes before its nearest rival by enough, or is read alike by the second view (`tagger`), unless the text
itself leaves it open (`reservations`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from parsers.assembly import Part, assemble, parts_of, written
from parsers.edges import NOTHING_KNOWN, Edge, Known, edges_of
from parsers.lattice import Hypothesis, search
from parsers.message import Lexicon, Parsed, PartFault, Report
from parsers.moments import find_moments
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone
from parsers.pieces import Piece, pieces_of
from parsers.reservations import forbids, is_standard, leaves_a_number, takes_back
from parsers.tagger import parts_by_character
from parsers.verdict import features_of, score_of
from parsers.vocabulary import listed_words
from parsers.weights import Model, model

_RIVALS: Final = 8
"""so many readings are looked at for some that differ"""


SURELY: Final = 1_000_000
"""the margin of a reading that has no rival"""
_GARBLED: Final = re.compile("[\u0080-\u009f\u00a2-\u00ac\u00ae-\u00b6\u00b8-\u00bf\ufffd锟斤拷烫屯]")
"""Signs that stand again and again in a text that was read in a wrong encoding on its way."""
_MOST_GARBLED: Final = 3


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text cut into pieces, with the edges that its parts may take."""

    reading: Reading
    pieces: list[Piece]
    edges: list[list[Edge]]


@dataclass(frozen=True, slots=True)
class View:
    """All that was found out about a text as a report: what calibration looks at."""

    parsed: Parsed
    rivals: tuple[tuple[Parsed, int], ...]
    """other readings, the nearest first, and by how much the best one goes before each"""
    second: Parsed | None
    """what the second view reads, None where it was not asked"""
    verdict: int
    open: bool
    """something in the text leaves the reading open however well it weighs (`reservations.py`)"""
    forbidden: bool
    """it says not to report"""
    standard: bool
    """it begins with the standard form whole: that is a report whatever chatter follows"""
    listed: bool
    """whoever the best reading names as agent and unit is on the site's lists"""

    @property
    def margin(self) -> int:
        """Return by how much the best reading goes before the next one."""
        return self.rivals[0][1] if self.rivals else SURELY


def read_report(reading: Reading, phones: Sequence[Phone], lexicon: Lexicon) -> Parsed:
    """Return the reports of a text, its fault, or that it is no report."""
    if len(_GARBLED.findall(reading.clean)) > _MOST_GARBLED:
        return Parsed("unknown", "unreadable")
    if phones and all(phone.partial for phone in phones):
        return _of_part(reading, phones, lexicon)
    seen = view(reading, phones, known_of(lexicon), model())
    return judge(seen, model()) if seen is not None else Parsed("unknown", "not_a_report")


def _of_part(reading: Reading, phones: Sequence[Phone], lexicon: Lexicon) -> Parsed:
    """Return the fault of a text that has only a part of a number, if it would be a report were that whole."""
    whole = [replace(phone, partial=False, faulty=False) for phone in phones]
    parsed = read_report(reading, whole, lexicon)
    return (
        Parsed("report", "bad_phone")
        if parsed.kind == "report" and not parsed.error
        else Parsed("unknown", "not_a_report")
    )


def read_clients(reading: Reading, phones: Sequence[Phone], lexicon: Lexicon) -> Parsed:
    """Return the reports of a text that is known to be one by what stands before (团报, 另报, 更正)."""
    seen = view(reading, phones, known_of(lexicon), model())
    return weighed(seen, model()) if seen is not None else Parsed("report", "unreadable")


def read_whose(reading: Reading, lexicon: Lexicon) -> tuple[str | None, str | None]:
    """Return the agent and the unit that a few words name, None for what they do not."""
    ready = prepared(reading, (), known_of(lexicon))
    found = search(ready.pieces, ready.edges, model().scorer(), allowed=_says_whose)
    parts = parts_of(found[0].path(), ready.pieces) if found else []
    return _first(parts, "A", reading), _first(parts, "U", reading)


def _says_whose(edge: Edge, tag: str) -> bool:
    return tag != "C" and (tag != "O" or edge.symbol != "o")


def _first(parts: Sequence[Part], tag: str, reading: Reading) -> str | None:
    return next((written(part, reading) for part in parts if part.tag == tag), None)


@lru_cache(maxsize=256)
def known_of(lexicon: Lexicon) -> Known:
    """Return what the site knows in the spelling in which readings are compared."""
    people, units = (frozenset(map(_folded, words)) for words in (lexicon.people, lexicon.units))
    return Known(people, units, _folded(lexicon.sender))


@lru_cache(maxsize=16384)
def _folded(word: str) -> str:
    return fold_for_reading(word).skeleton


def prepared(reading: Reading, phones: Sequence[Phone], known: Known = NOTHING_KNOWN) -> Prepared:
    """Return a text in pieces, with its edges."""
    listed = listed_words(known.people, known.units) if known.people or known.units else None
    pieces = pieces_of(reading.skeleton, phones, find_moments(reading.skeleton, phones), listed)
    return Prepared(reading, pieces, edges_of(pieces, known))


def view(
    reading: Reading, phones: Sequence[Phone], known: Known, model: Model, *, thorough: bool = False
) -> View | None:
    """Return what a text may say as a report; None when nothing stands in it.

    The second view is taken only where it can change anything, and rivals only so far; `thorough` takes all.
    """
    ready = prepared(reading, phones, known)
    found = search(ready.pieces, ready.edges, model.scorer())
    if not ready.pieces or not found:
        return None
    path = found[0].path()
    parts = parts_of(path, ready.pieces)
    parsed = assemble(parts, reading)
    verdict = score_of(features_of(path, parsed, reading), model.verdict)
    listed = _all_listed(parsed, known)
    agree, differ = model.enough(listed)
    rivals = _rivals(found, parsed, ready, SURELY if thorough else max(differ, model.margins["number"]))
    margin = rivals[0][1] if rivals else SURELY
    second = None
    if thorough or agree <= margin < differ:
        second = assemble(parts_by_character(reading, ready.pieces, model.tagger, known), reading)
    is_open = takes_back(path) or leaves_a_number(path, ready.pieces)
    return View(parsed, rivals, second, verdict, is_open, forbids(path), is_standard(path), listed)


def _rivals(found: Sequence[Hypothesis], parsed: Parsed, ready: Prepared, most: int) -> tuple[tuple[Parsed, int], ...]:
    rivals: dict[Parsed, int] = {}
    for other in found[1:_RIVALS]:
        margin = found[0].score - other.score
        if margin >= most:
            break
        reading = assemble(parts_of(other.path(), ready.pieces), ready.reading)
        if reading != parsed:
            rivals.setdefault(reading, margin)
    return tuple(rivals.items())


def _all_listed(parsed: Parsed, known: Known) -> bool:
    if not parsed.reports or not (known.people or known.units):
        return False
    agents = {r.agent for r in parsed.reports if r.agent}
    units = {r.distributor for r in parsed.reports if r.distributor}
    return all(_folded(a) in known.people for a in agents) and all(_is_listed(_folded(u), known) for u in units)


def _is_listed(unit: str, known: Known) -> bool:
    """Tell whether a unit, or the one that it is a branch of, is on the site's list (H12)."""
    return unit in known.units or any(unit.startswith(name) for name in known.units)


def doubts(seen: View, model: Model) -> list[Parsed]:
    """Return the readings that keep the best one from being sure: near ones, else what the second view reads."""
    agree, differ = model.enough(seen.listed)
    near = [other for other, margin in seen.rivals if margin < agree or _is_near_in_numbers(other, margin, seen, model)]
    if not near and seen.second is not None and seen.second != seen.parsed and seen.margin < differ:
        return [seen.second]
    return near


def _is_near_in_numbers(other: Parsed, margin: int, seen: View, model: Model) -> bool:
    return margin < model.margins["number"] and _numbers(other) != _numbers(seen.parsed)


def _numbers(parsed: Parsed) -> list[tuple[str | None, str | None]]:
    return [(r.first3, r.last4) for r in parsed.reports]


def _of_no_more(other: Parsed, parsed: Parsed) -> bool:
    """Tell whether a reading has no more clients than another: one more may be this one's other number."""
    return len(other.reports) + len(other.faults) <= len(parsed.reports) + len(parsed.faults)


def outcome(parsed: Parsed) -> str:
    """Return which of OUTCOMES a reading comes to."""
    if parsed.error in (None, "full_phone_given"):
        return "whole"
    return "agentless" if parsed.error == "missing_agent" else "fault"


def judge(seen: View, model: Model) -> Parsed:
    """Return the meaning of a text that was looked at: a report sure or not, or none."""
    enough = model.report_below if seen.standard else model.report_above[outcome(seen.parsed)]
    if seen.verdict < enough or seen.forbidden:
        maybe = seen.parsed.reports if seen.verdict >= model.report_below else ()
        return Parsed("unknown", "not_a_report", maybe, sure=not maybe)
    return weighed(seen, model)


def weighed(seen: View, model: Model) -> Parsed:
    """Return the best reading of a text that is a report, with what puts it in doubt."""
    numbered = [other for other, margin in seen.rivals if margin < model.margins["number"]]
    parsed = _doubted(seen.parsed, doubts(seen, model), numbered)
    return _unsure(parsed) if seen.open and parsed.reports else parsed


def _unsure(parsed: Parsed) -> Parsed:
    return replace(parsed, reports=tuple(replace(r, sure=False) for r in parsed.reports), sure=False)


def _doubted(parsed: Parsed, near: Sequence[Parsed], numbered: Sequence[Parsed]) -> Parsed:
    """Return the reading with what near readings put in doubt marked; a further client whom one lacks is asked back."""
    if not near:
        return parsed
    found = [_numbers(other) for other in numbered if other.reports]
    kept: list[Report] = []
    faults = list(parsed.faults)
    for report in parsed.reports:
        if len(parsed.reports) > 1 and any((report.first3, report.last4) not in numbers for numbers in found):
            faults.append(PartFault("unreadable", f"{report.client or ''}{report.first3}****{report.last4}"))
        else:
            kept.append(
                replace(report, sure=all(report in other.reports and _of_no_more(other, parsed) for other in near))
            )
    if not kept:
        return _unsure(replace(parsed, rival=near[0].reports))
    return replace(parsed, reports=tuple(kept), faults=tuple(faults), sure=False, rival=near[0].reports)
