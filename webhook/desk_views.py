"""Arrivals and claims as the front desk shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webhook.actor import Actor
from webhook.codes import CodeWords
from webhook.language import _, _l
from webhook.plan_words import clock_words
from webhook.register_views import FLAG_WORDS
from webhook.show import Showing
from webhook.times import span_words
from worker.readers.arrivals import ExpectedClient
from worker.readers.desk import Arrival
from worker.readers.search import Search
from worker.rules.forms import SIGNERS
from worker.rules.model import NO_AGENT, WALK_IN, Claim, Visit
from worker.rules.states import Flag, FormKind, FormState, Signer

FORM_WORDS = {
    "open": CodeWords(_l("Waits for signatures"), "info"),
    "asked": CodeWords(_l("Client service checks"), "warn"),
    "mismatch": CodeWords(_l("Data do not match"), "warn"),
    "confirmed": CodeWords(_l("Confirmed"), "good"),
    "walkin": CodeWords(_l("Walk-in"), "quiet"),
    "denied": CodeWords(_l("Not acknowledged"), "quiet"),
    "void": CodeWords(_l("Void: not signed on its day"), "bad"),
    "moot": CodeWords(_l("Report given up"), "quiet"),
}
PARTY_WORDS = {
    Signer.AGENT: _l("Agent"),
    Signer.CONSULTANT: _l("Consultant"),
    Signer.MANAGER: _l("Manager"),
    "service": _l("Client service"),
}
KIND_WORDS = {
    FormKind.LED: _l("with an agent"),
    FormKind.OWN: _l("alone"),
    FormKind.WALK_IN: _l("walk-in"),
}
FIELD_WORDS = {"number": _l("number"), "name": _l("name"), "unit": _l("agent or unit")}


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One place for a signature: `at` is "" while nobody has signed there."""

    party: Signer
    words: str
    who: str = ""
    at: str = ""
    mine: bool = False
    texted: bool = False
    """it came by text, from a number that may be forged (L7)"""

    @property
    def signed(self) -> str:
        """Return the party, and that its signature came by text where it did."""
        return f"{self.words} ({_('by text')})" if self.texted else self.words


@dataclass(frozen=True, slots=True)
class Unlikeness:
    """Something that does not agree with the report: what the arrival said, and what the report says."""

    field: str
    words: str
    typed: str
    reported: str


@dataclass(frozen=True, slots=True)
class Brought:
    """Who brought a client, as his form names him; the telephone is the reporter's, and stands only with his name."""

    agent: str
    phone: str
    unit: str


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """A visit form as the desk shows it; `mine`: it waits for the one who looks, `revocable`: he may unsign it (L7)."""

    form: Visit
    status: CodeWords
    waits: bool
    asked: bool
    arrived: str
    how: str
    whose: str
    signatures: tuple[SignatureView, ...]
    mine: bool
    revocable: bool
    differs: str
    flags: tuple[str, ...]
    brought: Brought
    differences: tuple[Unlikeness, ...]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim as the desk finds it; `left`: how long it runs yet, `over`: since when it is over, "" while it runs."""

    claim: Claim
    whose: str
    left: str
    over: str
    unsure: bool
    unlisted: bool
    """no roster says that its agent is one of the unit (R2a)"""


@dataclass(frozen=True, slots=True)
class ExpectedView:
    """Somebody who is expected; `came`: when he came, and on which form, "" while he has not."""

    claim: Claim
    clock: str
    whose: str
    came: str
    late: bool


@dataclass(frozen=True, slots=True)
class Guest:
    """What the form of an arrival is filled in with; `ref`: the report that it was taken from."""

    client: str = ""
    phone: str = ""
    agent: str = ""
    ref: str = ""
    unsure: bool = False
    """nobody has confirmed how the report was read (L24)"""
    over: str = ""
    """since when the report is over, "" while it holds"""


def arrival_views(
    arrivals: Iterable[Arrival], actor: Actor, names: Mapping[str, str], show: Showing
) -> list[ArrivalView]:
    """Return arrivals as they are shown to `actor`; `names` are those of the phones that signed."""
    return [arrival_view(each, actor, names, show) for each in arrivals]


def arrival_view(each: Arrival, actor: Actor, names: Mapping[str, str], show: Showing) -> ArrivalView:
    """Return one arrival as it is shown."""
    form = each.form
    brought = brought_by(form)
    return ArrivalView(
        form,
        FORM_WORDS[each.status].settled(),
        each.waits,
        each.status == "asked",
        show.clock(form.arrived_at),
        str(KIND_WORDS[form.kind]),
        whose_words(brought.unit, brought.agent),
        signature_views(each, actor, names, show),
        each.waits and actor.party in each.missing,
        _may_unsign(each, actor, show),
        ", ".join(str(FIELD_WORDS.get(field, field)) for field in form.mismatch),
        tuple(str(FLAG_WORDS[flag]) for flag in each.flags if flag in FLAG_WORDS),
        brought,
        differences(each),
    )


def _may_unsign(each: Arrival, actor: Actor, show: Showing) -> bool:
    """Tell whether one's own signature may be taken back: until 24:00 of the form's day, before a deal (L7)."""
    form, own = each.form, (signature.phone == actor.phone for signature in each.form.signatures.values())
    open_yet = form.state != FormState.DENIED and form.day == show.now.astimezone(show.zone).date()
    sold = each.claim is not None and each.claim.deal_at is not None
    return actor.party is not None and form.kind != FormKind.WALK_IN and open_yet and not sold and any(own)


def brought_by(form: Visit) -> Brought:
    """Return who brought a client: whom the arrival named, where that is not whom the report names."""
    if "unit" in form.mismatch and (form.named_agent or form.named_unit):
        return Brought(form.named_agent, "", form.named_unit)
    return Brought(form.agent if form.agent != NO_AGENT else "", form.agent_phone, form.unit)


def differences(each: Arrival) -> tuple[Unlikeness, ...]:
    """Return what of a form does not agree with its report, with both sides of it (R5)."""
    form, claim = each.form, each.claim
    named = whose_words(form.named_unit, form.named_agent)
    sides = {
        "number": (form.mask, claim.mask if claim is not None else ""),
        "name": (form.client, claim.client if claim is not None else ""),
        "unit": (named, whose_words(form.unit, claim.agent if claim is not None else form.agent)),
    }
    return tuple(Unlikeness(field, str(FIELD_WORDS[field]), *sides[field]) for field in form.mismatch if field in sides)


def signature_views(each: Arrival, actor: Actor, names: Mapping[str, str], show: Showing) -> tuple[SignatureView, ...]:
    """Return the places for signatures on a form, as they are shown to `actor`."""
    return tuple(_signature(each, party, actor, names, show) for party in SIGNERS.get(each.form.kind, ()))


def _signature(each: Arrival, party: Signer, actor: Actor, names: Mapping[str, str], show: Showing) -> SignatureView:
    words, signed = str(PARTY_WORDS[party]), each.form.signatures.get(party)
    if signed is None:
        return SignatureView(party, words, mine=each.waits and party in each.missing and party == actor.party)
    who = signed.name or names.get(signed.phone, "")
    return SignatureView(party, words, who, show.moment(signed.at), texted=party in each.texted)


def whose_words(unit: str, agent: str) -> str:
    """Return a unit and its agent in a line."""
    if unit == WALK_IN:
        return _("The site's own")
    return " · ".join(part for part in (agent, unit) if part and part != NO_AGENT)


def claim_views(claims: Iterable[Claim], show: Showing) -> list[ClaimView]:
    """Return claims as they are found."""
    return [
        ClaimView(
            claim,
            whose_words(claim.unit, claim.agent),
            span_words(claim.ends_at - show.now) if claim.ends_at > show.now else "",
            over_words(claim, show),
            Flag.UNSURE in claim.flags,
            Flag.UNLISTED in claim.flags,
        )
        for claim in claims
    ]


def over_words(claim: Claim, show: Showing) -> str:
    """Return since when a claim is over by its time, "" while it runs."""
    return show.end(claim.ends_at) if claim.ends_at <= show.now else ""


def expected_views(expected: Iterable[ExpectedClient], show: Showing) -> list[ExpectedView]:
    """Return who is expected as the desk shows it."""
    now = show.now.astimezone(show.zone)
    views: list[ExpectedView] = []
    for each in expected:
        claim, form = each.claim, each.form
        came = f"{show.moment(form.arrived_at).rpartition(':')[0]} {form.ref}" if form is not None else ""
        late = form is None and each.plan.over(now)
        views.append(ExpectedView(claim, clock_words(each.plan), whose_words(claim.unit, claim.agent), came, late))
    return views


def guest_of(claim: Claim, show: Showing) -> Guest:
    """Return the form of an arrival under a claim."""
    if claim.unit == WALK_IN:
        return Guest(claim.client, claim.mask, ref=claim.ref)
    agent = claim.agent if claim.agent != NO_AGENT else claim.unit
    return Guest(claim.client, claim.mask, agent, claim.ref, Flag.UNSURE in claim.flags, over_words(claim, show))


def typed_guest(search: Search, by_agent: bool = False) -> Guest:
    """Return the form of an arrival with what was looked for and not found: a client, or the agent who brings him."""
    phone = f"{search.first3}****{search.last4}" if search.first3 else search.last4 or ""
    words = " ".join(search.words)
    return Guest(phone=phone, agent=words) if by_agent else Guest(words, phone)
