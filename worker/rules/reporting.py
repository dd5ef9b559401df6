"""A report becomes a registration, or an answer why not: R1–R3, R7–R9, R11 and the identity of clients."""

from dataclasses import replace
from typing import Any

from parsers.message import Intent, Report, ReportText
from worker.rules.aliasing import may_be_himself
from worker.rules.amendment import amend
from worker.rules.attribution import attribute
from worker.rules.client import Client
from worker.rules.codes import Code, refusal_of
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.disputes import final_for
from worker.rules.door_notes import ahead_noted
from worker.rules.families import family_of, is_himself
from worker.rules.first_report import says_that_the_first_stands
from worker.rules.first_text import said_of
from worker.rules.identity import fold, name_key, names_agree, same_name
from worker.rules.jumps import is_doubted
from worker.rules.manager_notices import notify_staff
from worker.rules.model import NO_AGENT, Claim, Decision, ReportRow
from worker.rules.numbers import Rule
from worker.rules.params import claim_params, client_params, rival_params
from worker.rules.part import REGISTERED, Beside, Part, code_of
from worker.rules.plans import keep_plan
from worker.rules.rank import MOST_RIVALS, has_tried_many, many_names_before, outranking
from worker.rules.refusals import answer_stranger, refuse
from worker.rules.renewal import renew, renewable
from worker.rules.reporter import STRANGER, Refusal, Reporter, reporter_of
from worker.rules.states import ClaimState, Flag
from worker.rules.strangers import answer_beyond_day, count_unlisted, day_is_full, is_beyond, why_left_out
from worker.rules.term import withdrawn_before
from worker.rules.turn import Turn


def decide_report(turn: Turn, parsed: ReportText) -> Decision:
    """Decide a report text: each client by himself, one reply for all (E2, C13)."""
    refusal = _refused_whole(turn, parsed)
    if refusal is not None:
        return refusal
    parts = [_decide_client(turn, parsed, index) for index in range(len(parsed.reports))]
    if parsed.intent == Intent.CORRECTION:
        parts = says_that_the_first_stands(turn, parts)
    if all(part.code == Code.REFUSED_UNKNOWN_SENDER for part in parts):
        if day_is_full(turn):
            answer_beyond_day(turn)
        else:
            answer_stranger(turn, Code.REFUSED_UNKNOWN_SENDER)
        return turn.decision("report", Code.REFUSED_UNKNOWN_SENDER, (Rule.R26,))
    count_unlisted(turn)
    keep_plan(turn, parsed.planned, [part.claim.number for part in parts if part.is_own and part.claim])
    faults = [Part(refusal_of(f.error), (Rule.R2,), {"text": f.text}) for f in parsed.faults]
    told = [*parts, *faults]
    # The one reply; its code is `accepted` if any client was, else the first client's (E2).
    first = next((part for code in REGISTERED for part in told if part.code == code), told[0])
    params = first.for_sender
    if len(told) > 1:
        params = {"parts": [part.for_sender | {"code": part.code} for part in told]}
    if first.code.refuses:
        refuse(turn, first.code, params)
    else:
        turn.answer(first.code, params, first.ref)
    notify_staff(turn, parts)
    return turn.decision("report", first.code, tuple(dict.fromkeys(rule for part in parts for rule in part.rules)))


def _refused_whole(turn: Turn, parsed: ReportText) -> Decision | None:
    """Refuse a text whose fault leaves nothing to register; full numbers and missing agents can be cured (R2)."""
    if parsed.error is None:
        curable, in_full = True, any(report.was_full for report in parsed.reports)
    else:
        in_full = parsed.error == "full_phone_given"
        curable = bool(parsed.reports) and (in_full or parsed.error == "missing_agent")
    if curable and not (in_full and turn.policy.full_number == "refuse"):
        return None
    known = not turn.is_stranger
    if not known and not turn.is_abroad:
        known = bool(turn.own_live_claims() or turn.state.unit_within(turn.message.text))
    if not known:
        answer_stranger(turn, Code.REFUSED_UNKNOWN_SENDER)
        return turn.decision("report", Code.REFUSED_UNKNOWN_SENDER, (Rule.R26,))
    at_the_desk = turn.role in ("consultant", "service")
    code = Code.REFUSED_ROLE if at_the_desk else refusal_of(parsed.error or "full_phone_given")
    refuse(turn, code)
    return turn.decision("report", code, (Rule.R2,))


def _decide_client(turn: Turn, parsed: ReportText, index: int) -> Part:
    report = parsed.reports[index]
    reporter = STRANGER if is_beyond(turn, index) else reporter_of(turn, report)
    if isinstance(reporter, Refusal):
        part = Part(reporter.code, (Rule.R2a, Rule.R26), client_params(report) | why_left_out(turn, index))
    elif not report.sure and turn.is_stranger:
        # A stranger is not asked back: his guess would be as good a claim as a member's report (R2b).
        client = client_params(report)
        part = Part(Code.REFUSED_NOT_A_REPORT, (Rule.R2b,), client | {"text": f"{client['client']}{client['mask']}"})
    else:
        said = said_of(turn.message.text, parsed.reports, index)
        beside = Beside(parsed.intent == Intent.ANOTHER, len(parsed.reports) == 1, said)
        return decide_for(turn, report, reporter, index, beside)
    _record(turn, report, index, part, None)
    return part


def decide_for(turn: Turn, report: Report, reporter: Reporter, index: int, beside: Beside) -> Part:
    """Decide one client for a reporter who is settled already, and put down his row of the register (R10)."""
    part = None if beside.another else amend(turn, report, reporter)
    part = part or _decide_claim(turn, report, reporter, index, beside)
    _record(turn, report, index, part, reporter)
    return part


def _decide_claim(turn: Turn, report: Report, reporter: Reporter, index: int, beside: Beside) -> Part:
    name, days, sent_at = report.client or "", turn.policy.report_days, turn.message.sent_at
    if sent_at is not None and turn.now - ahead_noted(turn.message) - sent_at >= days * DAY:
        return Part(Code.EXPIRED, (Rule.R8,), client_params(report) | {"ending": "sent", "days": days})
    final = final_for(turn.state, Client.of(report), turn.now)
    if final is not None and (final.sold or final.unit != reporter.unit):
        # Sold or decided for another, he stays taken for good (B42).
        return Part(Code.DUPLICATE_OTHER, final.rules, client_params(report))
    of_group = _of_held_group(turn, report, reporter, index, beside) if final is None else None
    if of_group is not None:
        return of_group
    live = [c for c in turn.state.claims_at(Client.of(report).phone7) if c.live(turn.now)]
    # A contested claim only waits, and meets its own unit alone.
    live = [c for c in live if c.state != ClaimState.CONTESTED or c.unit == reporter.unit]
    live = [c for c in live if final is None or c.unit == final.unit]
    agreeing = [c for c in live if names_agree(c.client, name)]
    agreeing = [c for c in agreeing if same_name(c.client, name)] or agreeing
    own = [c for c in agreeing if c.unit == reporter.unit]
    if own:
        return _repeat(turn, report, reporter, own[0])
    if has_tried_many(turn, reporter.unit, turn.state.claims_at(Client.of(report).phone7), name):
        return Part(Code.REFUSED_INVALID, (Rule.R11,), client_params(report) | {"reason": "many_names"})
    first = outranking(name, agreeing, live)
    if len({name_key(c.client) for c in first}) == 1:
        return _overlap(turn, report, reporter, first[0], index, beside)
    strangers = tuple(c.number for c in agreeing or live if c.unit != reporter.unit)
    strangers = (strangers or many_names_before(name, reporter.unit, live))[:MOST_RIVALS]
    rules, state = ((Rule.R11,), ClaimState.SUSPECTED) if strangers else ((), ClaimState.LIVE)
    return _register(turn, report, reporter, index, beside, rules, state=state, rivals=strangers)


def _of_held_group(turn: Turn, report: Report, reporter: Reporter, index: int, beside: Beside) -> Part | None:
    """R23, R25: of a client whose relatives, or further numbers, are proved, a claim may hold the whole group.

    The group is one client, and he is named as he was written.
    """
    client = Client.of(report)
    if len(family_of(turn.state, client, turn.now)) == 1:
        return None
    held = turn.state.claims.get(attribute(turn.state, client, turn.now).claim)
    if held is None or not held.holds(turn.now):
        return None
    if held.unit == reporter.unit:
        part = _repeat(turn, report, reporter, held)
    else:
        part = _overlap(turn, report, reporter, held, index, beside)
    if is_himself(turn.state, client, held):
        return replace(part, rules=(*part.rules, Rule.R25))
    return replace(part, rules=(*part.rules, Rule.R23), params=part.params | client_params(report))


def _repeat(turn: Turn, report: Report, reporter: Reporter, claim: Claim) -> Part:
    """R7: the unit holds the client already; by himself or by a colleague (E19).

    Whose he is, is told to staff, to the unit's phones on the roster and to the claim's own phones alone (L1).
    """
    if turn.is_stranger and turn.phone not in claim.own_phones:
        taken = client_params(report) | _end_shown(turn, claim)
        return Part(Code.DUPLICATE_OTHER, (Rule.R7,), taken, claim, recorded=Code.DUPLICATE_UNIT)
    if reporter.agent_phone and claim.agent_phone:
        same_agent = reporter.agent_phone == claim.agent_phone
    else:
        # By name, where either of them is not listed (F19).
        same_agent = reporter.agent != NO_AGENT and fold(reporter.agent) == fold(claim.agent)
    if turn.phone not in claim.own_phones and not same_agent:
        params = claim_params(claim) | {"colleague": claim.agent}
        return Part(Code.DUPLICATE_UNIT, (Rule.R7,), params, claim)
    if renewable(turn, claim) and not turn.has_left:
        renewed = renew(turn, claim)
        return Part(Code.RENEWED, (Rule.R9,), claim_params(renewed), renewed)
    return Part(Code.DUPLICATE_OWN, (Rule.R7,), claim_params(claim), claim)


def _overlap(turn: Turn, report: Report, reporter: Reporter, holder: Claim, index: int, beside: Beside) -> Part:
    """R11: the earlier place in the line wins; an earlier sending time is for the manager to weigh.

    So is whether a holder has lapsed, where the line's clock alone says so.
    """
    sent_at, since = turn.message.sent_at, holder.sent_at or holder.reported_at
    late = (sent_at is not None and sent_at < since) or is_doubted(turn, holder)
    flag = Flag.CONTESTED if late else Flag.RIVAL
    turn.state.put(replace(holder, flags=tuple(dict.fromkeys((*holder.flags, flag, Flag.RIVAL)))))
    if late:
        rivals = (holder.number,)
        return _register(turn, report, reporter, index, beside, (Rule.R11,), ClaimState.CONTESTED, rivals)
    return Part(Code.DUPLICATE_OTHER, (Rule.R11,), client_params(report) | _end_shown(turn, holder), holder)


def _end_shown(turn: Turn, claim: Claim) -> dict[str, Any]:
    """R11: who finds his client taken hears until when only where the policy says so."""
    return {"until": claim.ends_at.isoformat()} if turn.policy.show_end else {}


def _register(
    turn: Turn,
    report: Report,
    reporter: Reporter,
    index: int,
    beside: Beside,
    rules: tuple[Rule, ...],
    state: ClaimState = ClaimState.LIVE,
    rivals: tuple[int, ...] = (),
) -> Part:
    """R2, R7: a new registration, under the policy in force now; a contested one lasts as long as its holder (B21)."""
    before = withdrawn_before(turn, report.client or "", (report.first3 or "", report.last4 or ""), reporter.unit)
    holder = turn.state.claims[rivals[0]] if state == ClaimState.CONTESTED else None
    until = holder or before
    ends_at, ahead = (until.ends_at, until.ahead) if until else (turn.now + turn.policy.report_days * DAY, turn.ahead)
    jumped = (Flag.JUMPED,) if holder is not None and is_doubted(turn, holder) else ()
    claim = Claim(
        number=turn.next_registration(),
        seq=turn.message.seq,
        part=index,
        client=report.client or "",
        name_key=name_key(report.client or ""),
        first3=report.first3 or "",
        last4=report.last4 or "",
        unit=reporter.unit,
        agent=reporter.agent,
        agent_phone=reporter.agent_phone,
        sender=turn.phone,
        reported_at=turn.now,
        ends_at=ends_at,
        state=state,
        sent_at=turn.message.sent_at,
        flags=(*_flags(turn, report, reporter, before, beside), *jumped),
        rivals=rivals,
        policy_seq=turn.state.site.policy_seq,
        terms=turn.policy.terms,
        said=beside.said,
        ahead=ahead,
    )
    turn.state.put(claim)
    plan_protection(turn, claim)
    return _registered(turn, claim, reporter, rules, report)


def _registered(turn: Turn, claim: Claim, reporter: Reporter, rules: tuple[Rule, ...], report: Report) -> Part:
    code = code_of(claim)
    rules = (Rule.R2, Rule.R3, Rule.R7, *rules, *((Rule.R26,) if reporter.unlisted else ()))
    params = claim_params(claim) | ({"full": True} if report.was_full else {})
    params |= {"asks": True} if Flag.ASKED in claim.flags else {}
    params |= {"unsure": True, "minutes": turn.policy.amend_minutes} if Flag.UNSURE in claim.flags else {}
    if claim.state == ClaimState.CONTESTED:
        holder = turn.state.claims[claim.rivals[0]]
        params["other_at"] = (holder.sent_at or holder.reported_at).isoformat()
        params["sent"] = claim.sent_at.isoformat() if claim.sent_at else None
        params |= {"jumped": True} if Flag.JUMPED in claim.flags else {}
    params |= rival_params(claim)
    others = (c for c in turn.state.claims_at(claim.phone7) if c.number != claim.number)
    if any(names_agree(c.client, claim.client) and not c.live(turn.now) for c in others):
        rules = (*rules, Rule.R8)
    return Part(code, rules, params, claim)


def _flags(turn: Turn, report: Report, reporter: Reporter, before: Claim | None, beside: Beside) -> tuple[Flag, ...]:
    asked = False
    if beside.alone and report.sure and reporter.unlisted and turn.listed is not None:
        # The sender is asked if an agent on no roster is himself (L21).
        people = turn.state.people(turn.state.day(turn.now), reporter.unit)
        asked = may_be_himself(turn.listed, people, reporter.agent)
    given = {
        Flag.UNLISTED: reporter.unlisted,
        Flag.ASKED: asked,
        Flag.UNSURE: not report.sure,
        Flag.FULL_NUMBER: report.was_full,
        Flag.SHORTENED: before is not None,
    }
    return tuple(flag for flag, holds in given.items() if holds)


def _record(turn: Turn, report: Report, index: int, part: Part, reporter: Reporter | None) -> None:
    turn.rows.append(
        ReportRow(
            seq=turn.message.seq,
            part=index,
            received_at=turn.now,
            code=part.recorded or part.code,
            rules=part.rules,
            number=part.claim.number if part.is_own and part.claim else None,
            client=report.client or "",
            first3=report.first3 or "",
            last4=report.last4 or "",
            unit=reporter.unit if reporter else report.distributor or "",
            agent=reporter.agent if reporter else report.agent or "",
            sender=turn.phone,
        )
    )
