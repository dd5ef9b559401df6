"""A report text becomes reports, or one fault, or no report; sure or not (R2, R2b; reading.md).

pieces → a lattice of parts → candidate readings ─┬ which is most likely right, beside a second view by characters
                                                  └ report or not, by shape and words

`pieces` cuts the text into numbers, moments and words; `edges` gives every stretch its possible tags and what is seen of
it (`shapes`; the site's roster is evidence like any other); `lattice` finds the best readings under learned weights, with
what was read before (`context`); `assembly` makes reports, or one fault, of each; `assurance` says how likely each is,
beside the others and beside what the second view (`tagger`) reads; `verdict` says whether the text is a report at all.
Sure is what is likely enough, unless the text takes something back (`reservations`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Final

from parsers import assurance
from parsers.assembly import Part, assemble, parts_of, written
from parsers.assurance import Candidate, Sight
from parsers.edges import NOTHING_KNOWN, Edge, Known, edges_of
from parsers.lattice import BEAM, search
from parsers.message import Lexicon, PartFault, Report, ReportText, Unknown
from parsers.moments import find_moments
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone
from parsers.pieces import Piece, pieces_of
from parsers.reservations import Path, forbids, is_list, is_standard, leaves_a_number, takes_back
from parsers.tagger import parts_by_character
from parsers.verdict import features_of
from parsers.vocabulary import listed_words
from parsers.weights import Model, model

_LONG, _BEAM_OF_LONG = 240, 2
"""pieces: a longer text is searched with less care, and not looked at twice, so that none takes long"""
_LOOKED_AT, _CANDIDATES = 12, 5
"""so many ways are looked at for so many readings that differ"""
_MOST_BEHIND: Final = 3
"""times the measure of a lead: what is farther behind is no candidate"""
_NEAR, _VERY_NEAR = 300, 100
"""hundredths of a logit: a candidate that is so much less likely still puts the best one in doubt, or a client of it"""
_STANDARD_BY: Final = 40
"""hundredths of a logit: so much less likely may the standard form be (R2)"""
_GARBLED: Final = re.compile("[\u0080-\u009f\u00a2-\u00ac\u00ae-\u00b6\u00b8-\u00bf\ufffd锟斤拷烫屯]")
"""Signs that stand again and again in a text that was read in a wrong encoding on its way."""
_MOST_GARBLED: Final = 3


Numbers = list[tuple[str | None, str | None]]
"""The digits of each report of a reading."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text cut into pieces, with the edges that its parts may take."""

    reading: Reading
    pieces: list[Piece]
    edges: list[list[Edge]]


@dataclass(frozen=True, slots=True)
class View:
    """All that was found out about a text as a report: what the thresholds are chosen by."""

    sight: Sight
    verdict: int
    """how much speaks for a report"""
    best: int
    """which of the candidates is most likely right"""
    assurances: tuple[int, ...]
    """how likely each is, in hundredths of a logit"""

    @property
    def parsed(self) -> ReportText:
        """Return the best reading."""
        return self.sight.candidates[self.best].parsed

    @property
    def path(self) -> Path:
        """Return the way through the lattice that reads so."""
        return self.sight.candidates[self.best].path

    @property
    def assurance(self) -> int:
        """Return how likely the best reading is right."""
        return self.assurances[self.best]


def read_report(reading: Reading, phones: Sequence[Phone], lexicon: Lexicon) -> ReportText | Unknown:
    """Return the reports of a text, its fault, or that it is no report."""
    if len(_GARBLED.findall(reading.clean)) > _MOST_GARBLED:
        return Unknown("unreadable")
    if phones and all(phone.partial for phone in phones):
        # A text that has only a part of a number has that fault, if it would be a report were the number whole.
        whole = [replace(phone, partial=False, faulty=False) for phone in phones]
        parsed = read_report(reading, whole, lexicon)
        return ReportText("bad_phone") if isinstance(parsed, ReportText) and not parsed.error else Unknown()
    seen = view(reading, phones, known_of(lexicon), model())
    return judge(seen, model()) if seen is not None else Unknown()


def read_clients(reading: Reading, phones: Sequence[Phone], lexicon: Lexicon) -> ReportText:
    """Return the reports of a text that is known to be one by what stands before (团报, 另报, 更正)."""
    seen = view(reading, phones, known_of(lexicon), model())
    return weighed(seen, model(), announced=True) if seen is not None else ReportText("unreadable")


def read_whose(reading: Reading, lexicon: Lexicon) -> tuple[str | None, str | None]:
    """Return the agent and the unit that a few words name, None for what they do not."""
    ready = prepared(reading, (), known_of(lexicon))
    found = search(
        ready.pieces,
        ready.edges,
        model().scorer(),
        allowed=lambda edge, tag: tag != "C" and (tag != "O" or edge.symbol != "o"),
    )
    parts = parts_of(found[0].path(), ready.pieces) if found else []
    return _first(parts, "A", reading), _first(parts, "U", reading)


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
    listed = listed_words(known.people, known.units) if known.roster else None
    pieces = pieces_of(reading.skeleton, phones, find_moments(reading.skeleton, phones), listed)
    return Prepared(reading, pieces, edges_of(pieces, known))


def view(reading: Reading, phones: Sequence[Phone], known: Known, model: Model) -> View | None:
    """Return what a text may say as a report, and how likely each reading is; None when nothing stands in it."""
    sight = sight_of(reading, phones, known, model)
    if sight is None:
        return None
    first = sight.candidates[0]
    verdict = model.verdict.total(features_of(first.path, first.parsed, reading))
    assurances: list[int] = []
    for at, candidate in enumerate(sight.candidates):
        parsed = candidate.parsed
        of_verdict = assurance.of_verdict(parsed == sight.second, parsed.error, verdict)
        assurances.append(model.assurance.total(chain(assurance.features_of(sight, at), of_verdict)))
    best = max(range(len(assurances)), key=lambda at: (assurances[at], -at))
    return View(sight, verdict, best, tuple(assurances))


def sight_of(reading: Reading, phones: Sequence[Phone], known: Known, model: Model) -> Sight | None:
    """Return a text with its readings side by side: the lattice's best, those near it, and the second view's."""
    ready = prepared(reading, phones, known)
    is_long = len(ready.pieces) > _LONG
    found = search(ready.pieces, ready.edges, model.scorer(), beam=_BEAM_OF_LONG if is_long else BEAM)
    if not ready.pieces or not found:
        return None
    candidates: dict[ReportText, Candidate] = {}
    for hypothesis in found[:_LOOKED_AT]:
        behind = found[0].score - hypothesis.score
        if len(candidates) == _CANDIDATES or (candidates and behind > _MOST_BEHIND * model.measure):
            break
        path = hypothesis.path()
        its_parts = parts_of(path, ready.pieces)
        parsed = assemble(its_parts, reading)
        candidates.setdefault(parsed, Candidate(parsed, path, its_parts, behind))
    parts = [] if is_long else parts_by_character(reading, ready.pieces, model.tagger, known)
    second = assemble(parts, reading)
    return Sight(ready.pieces, list(candidates.values()), second, parts, known, reading.skeleton, model.measure)


def outcome(parsed: ReportText) -> str:
    """Return which of OUTCOMES a reading comes to."""
    if parsed.error in (None, "full_phone_given"):
        return "whole"
    return "agentless" if parsed.error == "missing_agent" else "fault"


def judge(seen: View, model: Model) -> ReportText | Unknown:
    """Return the meaning of a text that was looked at: a report sure or not, or none."""
    kind = "standard" if is_standard(seen.path) else outcome(seen.parsed)
    if seen.verdict < model.report_above[kind] or forbids(seen.path):
        maybe = seen.parsed.reports if seen.verdict >= model.report_below else ()
        return Unknown("not_a_report", maybe)
    return weighed(seen, model)


def weighed(seen: View, model: Model, *, announced: bool = False) -> ReportText:
    """Return the best reading of a text that is a report, with what puts it in doubt; `announced` by what stood before."""
    if is_sure(seen, model, announced) or not seen.parsed.reports:
        return seen.parsed
    near = _near(seen, _NEAR)
    if not near and seen.sight.second != seen.parsed:
        near = [seen.sight.second]
    parsed = seen.parsed
    found = [numbers_of(other) for other in _near(seen, _VERY_NEAR) if other.reports]
    kept: list[Report] = []
    faults = list(parsed.faults)
    clients = len(parsed.reports) + len(parsed.faults)
    for report in parsed.reports:
        if len(parsed.reports) > 1 and any((report.first3, report.last4) not in numbers for numbers in found):
            # A client whose number a very near reading lacks is asked back.
            faults.append(PartFault("unreadable", f"{report.client or ''}{report.first3}****{report.last4}"))
        else:
            # Near readings have it, too, and no more clients: one more may be this one's other number.
            alike = (report in o.reports and len(o.reports) + len(o.faults) <= clients for o in near)
            kept.append(replace(report, sure=bool(near) and all(alike)))
    rival = near[0].reports if near else ()
    if not kept or (len(kept) == len(parsed.reports) and all(report.sure for report in kept)):
        kept, faults = [replace(report, sure=False) for report in parsed.reports], list(parsed.faults)
    return replace(parsed, reports=tuple(kept), faults=tuple(faults), sure=False, rival=rival)


def _near(seen: View, most: int) -> list[ReportText]:
    """Return the other readings that are less likely by so much at most."""
    return [
        candidate.parsed
        for at, candidate in enumerate(seen.sight.candidates)
        if at != seen.best and seen.assurances[at] > seen.assurance - most
    ]


def is_sure(seen: View, model: Model, announced: bool) -> bool:
    """Tell whether the best reading is likely enough: of the standard form less is asked (R2).

    What takes something back (不对, 改成) is always asked.
    """
    enough = model.enough(seen.sight.known.roster, has_other_numbers(seen))
    if announced or is_standard(seen.path) or is_list(seen.path):
        enough -= _STANDARD_BY
    return seen.assurance >= enough and not takes_back(seen.path)


def has_other_numbers(seen: View) -> bool:
    """Tell whether another reading has other numbers, or a masked number is nobody's: then more is asked of the best."""
    best = numbers_of(seen.parsed)
    others = any(c.parsed.reports and numbers_of(c.parsed) != best for c in seen.sight.candidates)
    return others or leaves_a_number(seen.path, seen.sight.pieces)


def numbers_of(parsed: ReportText) -> Numbers:
    """Return the digits of each report."""
    return [(r.first3, r.last4) for r in parsed.reports]
