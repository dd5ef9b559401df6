"""A report for another site is decided here as `forwarded`, and put into that site's line (decisions.md, L25).

The forward is a fact of the decision; `worker.line.forwards` puts it into the other line, which decides by its roster.
A text that came so is for the site that it came to, whatever else it names: nothing is forwarded twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from parsers.message import ReportText
from worker.rules.codes import Code
from worker.rules.model import Decision, Forward, ReportRow
from worker.rules.numbers import Rule
from worker.rules.params import client_params
from worker.rules.projects import Elsewhere, Meant, sites_meant
from worker.rules.refusals import answer_stranger
from worker.rules.reporting import decide_report
from worker.rules.states import Flag
from worker.rules.turn import Turn

ORIGIN = "forwarded_from"
"""Where the payload of a text that was forwarded tells from which line: the site's name, and its place there."""
NAME_LONGEST = 8
NAMED = 2


def decide_report_by_project(turn: Turn, parsed: ReportText) -> Decision:
    """Decide a report here, forward it to where it belongs, or both."""
    meant = Meant() if ORIGIN in turn.message.payload else sites_meant(turn.state.site, parsed.projects)
    # What has no client in it is refused here, as it would be there.
    elsewhere = meant.elsewhere if parsed.reports else ()
    for part, other in enumerate(elsewhere):
        turn.state.put(Forward(turn.message.seq, part, other.number, other.name))
    if elsewhere and not meant.here:
        return _forwarded(turn, parsed, elsewhere)
    decision = decide_report(turn, parsed)
    if elsewhere:
        _say_beside(turn, {"also": _names(elsewhere)})
    elif meant.unknown:
        # It is registered although the project that it is for is nobody's; he hears what this number is for.
        won = [turn.state.claims[row.number] for row in decision.rows if row.number in turn.state.claims]
        for claim in won:
            if claim.seq == turn.message.seq:
                turn.state.put(replace(claim, flags=(*claim.flags, Flag.PROJECT)))
        if any(row.number is not None for row in decision.rows):
            _say_beside(turn, {"only": _clipped(turn.state.site.name)})
    return decision


def origin_of(payload: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return from which line and place a text was forwarded, None where it was sent to this site itself."""
    return (payload or {}).get(ORIGIN)


def _forwarded(turn: Turn, parsed: ReportText, elsewhere: Sequence[Elsewhere]) -> Decision:
    listed = turn.listed
    turn.rows += [
        ReportRow(
            seq=turn.message.seq,
            part=part,
            received_at=turn.now,
            code=Code.FORWARDED,
            rules=(Rule.R3,),
            number=None,
            client=report.client or "",
            first3=report.first3 or "",
            last4=report.last4 or "",
            unit=listed.unit if listed else report.distributor or "",
            agent=report.agent or (listed.name if listed else ""),
            sender=turn.phone,
        )
        for part, report in enumerate(parsed.reports)
    ]
    params = client_params(parsed.reports[0]) | {"to": _names(elsewhere)}
    if len(parsed.reports) > 1:
        params |= {"reason": "several", "count": len(parsed.reports)}
    if turn.role or turn.listed or turn.own_live_claims():
        turn.answer(Code.FORWARDED, params)
    else:
        # He may be on the roster there; what is said to numbers that nobody knows here is capped all the same (E15).
        answer_stranger(turn, Code.FORWARDED, params)
    return turn.decision("report", Code.FORWARDED, (Rule.R3,))


def _say_beside(turn: Turn, params: Mapping[str, Any]) -> None:
    """Let the one reply to the sender say this as well."""
    for index, reply in enumerate(turn.replies):
        if reply.role == "reply" and reply.recipient == turn.phone:
            turn.replies[index] = replace(reply, params={**reply.params, **params})


def _names(elsewhere: Sequence[Elsewhere]) -> str:
    """Return the sites' names as far as one segment has room for them."""
    return "、".join(_clipped(other.name) for other in elsewhere[:NAMED]) + "…" * (len(elsewhere) > NAMED)


def _clipped(name: str) -> str:
    return name if len(name) <= NAME_LONGEST else name[: NAME_LONGEST - 1] + "…"
