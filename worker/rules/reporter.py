"""Who reports, and for which unit: R2a, R26; decisions.md B7, D11, H9, H11."""

import re
from dataclasses import dataclass, replace
from datetime import date

from parsers.message import Report
from worker.rules.aliasing import calls_himself
from worker.rules.codes import Code
from worker.rules.identity import fold, name_form, names_agree
from worker.rules.model import NO_AGENT, Listed, Unit
from worker.rules.state import State
from worker.rules.turn import Turn

_BETWEEN_COMPANIES = re.compile(r"[|｜/／、,，;；]+")
_LABELLED = re.compile(r"[:：=]")


@dataclass(frozen=True, slots=True)
class Reporter:
    """The unit and agent that a report counts for; `unlisted`: the roster does not (yet) say so."""

    unit: str
    agent: str
    agent_phone: str
    unlisted: bool = False
    named: bool = True
    """whether the text names the agent; else it is its sender, or nobody"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody can be credited: the code of the answer."""

    code: Code


STRANGER = Refusal(Code.REFUSED_UNKNOWN_SENDER)


def reporter_of(turn: Turn, report: Report) -> Reporter | Refusal:
    """Return whom a report counts for, or why it cannot count."""
    if turn.role == "manager":
        return _for_a_named_agent(turn, report)
    if turn.role is not None:
        return Refusal(Code.REFUSED_ROLE)
    if turn.listed is not None:
        return _for_own_unit(turn, turn.listed, report)
    return _unlisted(turn, report)


def sorted_words(state: State, report: Report, day: date, unit: str | None) -> Report:
    """Return the report with its bare word behind the number set right by roster and units (H9, H11).

    A word that the text gave as agent may be a unit of this site, and one given as company a person of the roster.
    """
    people = {fold(p.name) for p in state.people(day, unit)}
    if report.agent and not report.distributor and fold(report.agent) not in people and state.unit_named(report.agent):
        return replace(report, agent=None, distributor=report.agent)
    if report.distributor and not report.agent and fold(report.distributor) in people:
        return replace(report, agent=report.distributor, distributor=None)
    return report


def units_named(state: State, report: Report, text: str) -> list[Unit]:
    """Return the site's units that the report names as company; a company the site does not know is none (B7)."""
    # A second company may stand among the bare words behind the client's number on its line.
    behind = text.rpartition(report.last4 or "\n")[2].partition("\n")[0]
    bare = [] if _LABELLED.search(behind) else behind.split()
    pieces = [*_BETWEEN_COMPANIES.split(report.distributor or ""), *bare]
    found = (state.unit_named(piece) for piece in [report.distributor or "", *pieces] if piece)
    return list({u.key: u for u in found if u is not None}.values())


def _for_own_unit(turn: Turn, sender: Listed, report: Report) -> Reporter | Refusal:
    state, today = turn.state, turn.state.day(turn.now)
    report = sorted_words(state, report, today, sender.unit)
    named = units_named(state, report, turn.message.text)
    if any(u.name != sender.unit for u in named):
        return Refusal(Code.REFUSED_OTHER_UNIT)
    if report.agent is None:
        if report.distributor is None and not turn.policy.fill_agent:
            return Refusal(Code.REFUSED_MISSING_AGENT)
        return Reporter(sender.unit, sender.name, sender.phone, named=False)
    agent = _colleague(sender, list(state.people(today, sender.unit)), report.agent)
    if agent is not None:
        return Reporter(sender.unit, agent.name, agent.phone)
    if not named and any(fold(p.name) == fold(report.agent) for p in state.people(today)):
        return Refusal(Code.REFUSED_OTHER_UNIT)
    if turn.policy.unlisted == "refuse":
        return Refusal(Code.REFUSED_NOT_FOUND)
    return Reporter(sender.unit, report.agent, "", unlisted=True)


def _colleague(sender: Listed, people: list[Listed], named: str) -> Listed | None:
    """Return whom of the unit a name means: so called; the sender by a form of his own name; a colleague by his alias.

    Else it may be the only one of a surname (小李).
    """
    exact = [p for p in people if fold(p.name) == fold(named)]
    if exact:
        return sender if sender in exact else exact[0]
    if calls_himself(sender, named):
        return sender
    called = [p for p in people if fold(named) in map(fold, p.aliases)]
    if called:
        return called[0]
    if not name_form(named).bare:
        return None
    agreeing = [p for p in people if names_agree(p.name, named)]
    if sender in agreeing:
        return sender
    return agreeing[0] if len(agreeing) == 1 else None


def _for_a_named_agent(turn: Turn, report: Report) -> Reporter | Refusal:
    """A manager may report for an agent of the roster, whom he has to name (D11)."""
    state, today = turn.state, turn.state.day(turn.now)
    report = sorted_words(state, report, today, None)
    if report.agent is None:
        return Refusal(Code.REFUSED_MISSING_AGENT)
    units = {u.name for u in units_named(state, report, turn.message.text)}
    found = [p for p in state.people(today) if fold(p.name) == fold(report.agent) and (not units or p.unit in units)]
    if len({p.unit for p in found}) > 1:
        return Refusal(Code.REFUSED_AMBIGUOUS)
    return Reporter(found[0].unit, found[0].name, found[0].phone) if found else Refusal(Code.REFUSED_NOT_FOUND)


def _unlisted(turn: Turn, report: Report) -> Reporter | Refusal:
    """A sender who is not on the roster counts for the known unit that he names, with a warning (R26, L10)."""
    if turn.is_abroad:
        return STRANGER
    state, today = turn.state, turn.state.day(turn.now)
    report = sorted_words(state, report, today, None)
    units = units_named(state, report, turn.message.text)
    if len(units) > 1:
        return Refusal(Code.REFUSED_OTHER_UNIT)
    # Whose roster line has ended is no more of the unit of his claims (L17).
    known_by = None if turn.has_left else next((c.unit for c in reversed(turn.own_live_claims())), None)
    unit = units[0].name if units else known_by
    if unit is None or turn.policy.unlisted == "refuse":
        return STRANGER
    named = next((p for p in state.people(today, unit) if report.agent and fold(p.name) == fold(report.agent)), None)
    agent, phone = (named.name, named.phone) if named else (report.agent or NO_AGENT, "")
    return Reporter(unit, agent, phone, unlisted=True, named=report.agent is not None)
