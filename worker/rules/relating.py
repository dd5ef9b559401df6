"""亲属 and 撤亲属: the manager makes relatives one client group, or undoes it (R23; D4, D5, B16, B17, E1, E7, E14)."""

from collections.abc import Mapping
from dataclasses import replace

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.attribution import Answer, attribute_claim
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.displacement import tell_loser
from worker.rules.families import claims_of_family, ends_of, same_client, stands
from worker.rules.model import Claim, Decision, Kin
from worker.rules.numbers import Rule
from worker.rules.references import Missing, claim_on, claims_meant
from worker.rules.turn import Turn

RELATIONS = ("夫妻", "父母", "子女", "父子", "父女", "母子", "母女")
"""Who is one client group (R23); anybody else is a client of his own."""
PROOFS = ("户口本", "结婚证", "其他")
"""What proves it; 其他 stands before any other paper."""
Answers = dict[int, Answer]


def decide_family(turn: Turn, parsed: Command) -> Decision:
    """Link two clients: with proof they are one from here on, without it the link is only noted (B17)."""
    if turn.role != "manager":
        return refused(turn, "family", Code.REFUSED_ROLE)
    words = parsed.words
    relation = next((r for word in words.split() for r in RELATIONS if word.startswith(r)), "")
    if not relation:
        return refused(turn, "family", Code.REFUSED_INVALID, {"reason": "relation"})
    people = _people(turn, parsed)
    if isinstance(people, Missing):
        return answered(turn, "family", [people.outcome])
    if len(people) != 2 or same_client(*people):
        return refused(turn, "family", Code.REFUSED_INVALID, {"reason": "two"})
    one, other = people
    before = _answers(turn, one, other)
    proofs = [words.index(proof) for proof in PROOFS if proof in words]
    proof = words[min(proofs) :].strip() if proofs else ""
    turn.state.put(Kin(turn.message.seq, turn.now, *one, *other, relation, proof, proved=bool(proof)))
    _tell_concerned(turn, before)
    params = _both(one, other) | {"state": "proved" if proof else "claimed", "relation": relation}
    return answered(turn, "family", [Outcome(Code.FAMILY_LINKED, params, rules=(Rule.R23,))])


def decide_unfamily(turn: Turn, parsed: Command) -> Decision:
    """Undo the links of a client, or those between two; each is then a client of his own again."""
    if turn.role != "manager":
        return refused(turn, "unfamily", Code.REFUSED_ROLE)
    people = _people(turn, parsed)
    if isinstance(people, Missing):
        return answered(turn, "unfamily", [people.outcome])
    if len(people) > 2:
        return refused(turn, "unfamily", Code.REFUSED_INVALID, {"reason": "two"})
    standing = [
        link
        for link in turn.state.kin_at(people[0].phone7)
        if stands(link, turn.now) and all(any(same_client(person, end) for end in ends_of(link)) for person in people)
    ]
    if not standing:
        return refused(turn, "unfamily", Code.REFUSED_NOT_FOUND)
    before = _answers(turn, *ends_of(standing[0]), *people)
    for link in standing:
        turn.state.put(replace(link, undone_at=turn.now))
    _tell_concerned(turn, before, {"state": "restored"})
    params = _both(*ends_of(standing[0])) | {"state": "undone"}
    return answered(turn, "unfamily", [Outcome(Code.FAMILY_LINKED, params, rules=(Rule.R23,))])


def _people(turn: Turn, parsed: Command) -> list[Client] | Missing:
    """Return whom a text names: by a claim's number or last four digits, or by name and mask, reported or not (D4)."""
    by_number = claims_meant(turn, replace(parsed, reports=())) if parsed.refs else []
    missing = next((found for found in by_number if isinstance(found, Missing)), None)
    if missing is not None:
        return missing
    if any(report.client is None for report in parsed.reports):
        return Missing(Code.REFUSED_INVALID)
    people = [claim.who for claim in by_number if isinstance(claim, Claim)]
    for report in parsed.reports:
        person = Client.of(report)
        claim = claim_on(turn, report, lambda c: c.holds(turn.now))
        himself = isinstance(claim, Claim) and same_client(claim.who, person)
        people.append(claim.who if himself and isinstance(claim, Claim) else person)
    return people


def _both(one: Client, other: Client) -> dict[str, str]:
    return {"client": one.name, "mask": one.mask, "other_client": other.name, "other_mask": other.mask}


def _answers(turn: Turn, *clients: Client) -> Answers:
    """Return whose the client of each live claim of these families is, by the claim's number."""
    claims = (claim for client in clients for claim in claims_of_family(turn.state, client, turn.now))
    return {c.number: attribute_claim(turn.state, c, turn.now) for c in claims if c.holds(turn.now)}


def _tell_concerned(turn: Turn, before: Answers, case: Mapping[str, str] | None = None) -> None:
    """E1, E14: who held a client and does no more, or does again, is told so; a rival's name is never given."""
    after = {number: attribute_claim(turn.state, turn.state.claims[number], turn.now) for number in before}
    changed = [
        turn.state.claims[number]
        for number, answer in before.items()
        if (answer.unit, answer.agent) != (after[number].unit, after[number].agent)
    ]
    for phone in dict.fromkeys(claim.to_tell for claim in changed):
        concerned = next(claim for claim in changed if claim.to_tell == phone)
        params = {"client": concerned.client, "mask": concerned.mask} | dict(case or {})
        turn.notify([phone], Code.FAMILY_LINKED, params)
    for claim in changed:
        if before[claim.number].unit == claim.unit != after[claim.number].unit:
            tell_loser(turn, claim)
