"""Cases as they are shown: who stands against whom, what counts down, which papers each side has brought."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from webhook.actor import Actor
from webhook.desk_views import FIELD_WORDS, PARTY_WORDS, Unlikeness, differences, signature_views, whose_words
from webhook.language import _, _l
from webhook.register_views import FLAG_WORDS, AnswerView, answer_view
from webhook.show import Showing
from webhook.times import span_words
from worker.readers.desk import Arrival
from worker.readers.open_cases import ClaimCase, DisputeCase, SoldCase
from worker.rules.model import WALK_IN, Claim, Deal, Dispute, Visit
from worker.rules.states import Flag, Side
from worker.rules.values import Party

SOON = timedelta(days=1)
SIDE_WORDS = {Side.HOLDER: _l("Holder"), Side.OBJECTOR: _l("Objector")}
ITSELF = "现场"
PENDING = (Flag.SUSPECTED, Flag.CONTESTED)
"""What a case is about is no evidence in it."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """A deadline: what ends, when, how long it is until then."""

    words: str
    ends: str
    left: str
    tone: str


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper that was received."""

    kind: str
    words: str
    when: str
    counted: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class SideView:
    """One party of a dispute with its papers; `unit` is what a text calls it, `text` what was texted for it."""

    side: str
    unit: str
    whose: str
    words: str
    since: str
    text: str
    papers: tuple[PaperView, ...]


@dataclass(frozen=True, slots=True)
class SaidView:
    """An opinion or a ruling."""

    words: str
    when: str
    late: bool = False
    whose: str = ""


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute as it is shown."""

    dispute: Dispute
    claim: Claim | None
    answer: AnswerView
    countdowns: tuple[Countdown, ...]
    paid: tuple[str, ...]
    sides: tuple[SideView, ...]
    opinions: tuple[SaidView, ...]
    rulings: tuple[SaidView, ...]
    rules: tuple[str, ...]

    @property
    def paper_sides(self) -> list[tuple[str, str]]:
        """Return the sides that a paper can be of, as they are posted and shown."""
        return [(side.unit, side.unit) for side in self.sides]

    @property
    def ruling_sides(self) -> list[tuple[str, str]]:
        """Return for whom a ruling can be, as they are posted and shown."""
        units = [(side.unit, side.unit) for side in self.sides if side.unit != ITSELF]
        return [("", _("choose …")), *units, (ITSELF, _("The site's own"))]


@dataclass(frozen=True, slots=True)
class RivalView:
    """A claim in a case: since when, in which words, and what else speaks for it."""

    claim: Claim
    whose: str
    received: str
    sent: str
    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimCaseView:
    """A suspected or contested claim, with those that it is so with."""

    own: RivalView
    rivals: tuple[RivalView, ...]
    countdown: Countdown
    more: int
    """how many others on the same digits wait and are not shown"""
    by_clock: bool = False
    """whether the holder's end is in doubt, because a clock had jumped"""


@dataclass(frozen=True, slots=True)
class FormSide:
    """A client as one of both sides has him, and whom it says that he comes by."""

    client: str
    mask: str
    whose: str
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class FormCaseView:
    """A visit form whose data differ from the report's: both of them, each with its text."""

    form: Visit
    reported: FormSide
    arrived_as: FormSide
    whose: str
    arrived: str
    differs: str
    missing: str
    signed: str
    """who has signed, and by what"""
    countdown: Countdown | None
    differences: tuple[Unlikeness, ...]


@dataclass(frozen=True, slots=True)
class SoldView:
    """A deal that may still be objected to."""

    deal: Deal
    claim: Claim
    whose: str
    countdown: Countdown


Texts = Mapping[int, str]
"""What was texted, by place."""


def dispute_views(cases: Iterable[DisputeCase], texts: Texts, show: Showing) -> list[DisputeView]:
    """Return disputes as they are shown."""
    return [_dispute(case, texts, show) for case in cases]


def _dispute(case: DisputeCase, texts: Texts, show: Showing) -> DisputeView:
    dispute = case.dispute
    return DisputeView(
        dispute,
        case.claim,
        answer_view(case.answer, show, past=False),
        tuple(_countdowns(case, show)),
        tuple(_paid(case.deal)),
        tuple(_side(case, party, texts, show) for party in dispute.parties),
        tuple(SaidView(o.words, show.moment(o.at), o.late) for o in dispute.opinions),
        tuple(SaidView(r.words, show.moment(r.at), whose=whose_words(r.unit, r.agent)) for r in dispute.rulings),
        case.decided.rules if case.decided is not None else (),
    )


def _countdowns(case: DisputeCase, show: Showing) -> Iterator[Countdown]:
    if case.decided is not None:
        return
    if case.deal is not None and case.deal.objection_until is not None:
        yield countdown(_("Objections"), case.deal.objection_until, show)
    if case.dispute.evidence_until is not None:
        yield countdown(_("Papers"), case.dispute.evidence_until, show)
    if case.dispute.opinion_until is not None:
        yield countdown(_("Opinion of client service"), case.dispute.opinion_until, show)


def countdown(words: str, until: datetime, show: Showing) -> Countdown:
    """Return a deadline as it counts down."""
    left = until - show.now
    if left <= timedelta(0):
        return Countdown(words, show.end(until), "", "quiet")
    return Countdown(words, show.end(until), span_words(left), "warn" if left <= SOON else "info")


def _paid(deal: Deal | None) -> Iterator[str]:
    if deal is not None and deal.deposit_on is not None:
        yield _("deposit %(day)s", day=deal.deposit_on)
    if deal is not None and deal.down_on is not None:
        yield _("down payment %(day)s", day=deal.down_on)
    if deal is not None:
        yield _("closed by %(whose)s", whose=whose_words(deal.unit, deal.agent))


def _side(case: DisputeCase, party: Party, texts: Texts, show: Showing) -> SideView:
    papers: list[PaperView] = []
    for paper in case.dispute.papers:
        if paper.unit != party.unit:
            continue
        why_not = _("too late") if paper.late else "" if paper.counted else _("caller not on the roster that day")
        words = paper.words.removeprefix(paper.kind).strip()
        papers.append(PaperView(paper.kind, words, show.moment(paper.at), paper.accepted, why_not))
    unit = ITSELF if party.unit == WALK_IN else party.unit
    whose = whose_words(party.unit, party.agent)
    since, place = party.at, party.seq
    if party.side == Side.HOLDER and case.claim is not None:
        since, place = case.claim.reported_at, case.claim.seq
    side, text = str(SIDE_WORDS[party.side]), texts.get(place, "")
    return SideView(side, unit, whose, party.words, show.moment(since), text, tuple(papers))


def claim_case_views(cases: Iterable[ClaimCase], texts: Texts, show: Showing) -> list[ClaimCaseView]:
    """Return suspected or contested claims as they are shown."""
    return [
        ClaimCaseView(
            _rival(case.claim, texts, show),
            tuple(_rival(claim, texts, show) for claim in case.rivals),
            countdown(_("Report"), case.claim.ends_at, show),
            case.more,
            any(Flag.CLOCK in claim.flags for claim in case.rivals),
        )
        for case in cases
    ]


def _rival(claim: Claim, texts: Texts, show: Showing) -> RivalView:
    sent = show.moment(claim.sent_at) if claim.sent_at is not None else ""
    whose, evidence = whose_words(claim.unit, claim.agent), tuple(_evidence(claim, show))
    return RivalView(claim, whose, show.moment(claim.reported_at), sent, texts.get(claim.seq, ""), evidence)


def _evidence(claim: Claim, show: Showing) -> Iterator[str]:
    yield _("place %(seq)s in the line", seq=claim.seq)
    if claim.visited_at is not None:
        yield _("visit %(ref)s confirmed %(time)s", ref=f"V{claim.visit}", time=show.moment(claim.visited_at))
    last = max(filter(None, (claim.followed_at, claim.contact_at)), default=None)
    if last is not None:
        yield _("last contact %(time)s", time=show.moment(last))
    if claim.ends_at <= show.now:
        yield _("expired %(time)s", time=show.end(claim.ends_at))
    yield from (str(FLAG_WORDS[flag]) for flag in claim.flags if flag in FLAG_WORDS and flag not in PENDING)


def _form_sides(each: Arrival, texts: Texts, show: Showing) -> tuple[FormSide, FormSide]:
    form, claim = each.form, each.claim
    named = whose_words(form.named_unit, form.named_agent) or whose_words(form.unit, form.agent)
    came = FormSide(form.client, form.mask, named, show.moment(form.arrived_at), texts.get(form.seq, ""))
    if claim is None:
        return FormSide("", "", "", "", ""), came
    whose, when = whose_words(claim.unit, claim.agent), show.moment(claim.reported_at)
    return FormSide(claim.client, claim.mask, whose, when, texts.get(claim.seq, "")), came


def form_views(forms: Iterable[Arrival], texts: Texts, show: Showing) -> list[FormCaseView]:
    """Return forms that do not match as they are shown."""
    return [
        FormCaseView(
            each.form,
            *_form_sides(each, texts, show),
            whose_words(each.form.unit, each.form.agent),
            show.moment(each.form.arrived_at),
            ", ".join(str(FIELD_WORDS.get(field, field)) for field in each.form.mismatch),
            ", ".join(str(PARTY_WORDS[party]) for party in each.missing),
            ", ".join(place.signed for place in signature_views(each, Actor(), {}, show) if place.at),
            countdown(_("Form"), show.day_end(each.form.day), show) if each.waits else None,
            differences(each),
        )
        for each in forms
    ]


def sold_views(cases: Iterable[SoldCase], show: Showing) -> list[SoldView]:
    """Return deals that may still be objected to as they are shown."""
    return [
        SoldView(
            case.deal,
            case.claim,
            whose_words(case.deal.unit, case.deal.agent),
            countdown(_("Objections"), case.deal.objection_until or show.now, show),
        )
        for case in cases
    ]
