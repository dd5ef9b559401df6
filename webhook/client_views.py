"""What a client's page shows besides the story: his visits with their signatures, deals, disputes and relatives."""

from dataclasses import dataclass

from webhook.actor import Actor
from webhook.case_views import countdown
from webhook.desk_views import ArrivalView, arrival_views, whose_words
from webhook.language import _
from webhook.runtime import runtime
from webhook.show import Showing
from worker.readers.clients import ClientPage
from worker.readers.desk import names_of_phones
from worker.rules.attribution import Answer
from worker.rules.model import Deal, Dispute, Kin
from worker.rules.states import Flag


@dataclass(frozen=True, slots=True)
class Fact:
    """A deal, a dispute or a relative: its name, how it stands, and what else there is to say."""

    name: str
    words: str
    tone: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """Everything that stands beside a client's reports."""

    visits: list[ArrivalView]
    deals: list[Fact]
    disputes: list[Fact]
    kin: list[Fact]


def client_facts(page: ClientPage, site_id: int, show: Showing) -> ClientFacts:
    """Return what stands beside a client's reports at a site."""
    phones = {signed.phone for each in page.visits for signed in each.form.signatures.values()}
    names = names_of_phones(runtime().engine, phones, site_id)
    return ClientFacts(
        arrival_views(page.visits, Actor(), names, show),
        [_deal(deal, show) for deal in page.deals],
        [_dispute(dispute, show) for dispute in page.disputes],
        [_kin(link) for link in page.kin],
    )


def claim_ref(answer: Answer) -> str | None:
    """Return the number of the registration that decides whose a client is, None when none does."""
    return f"R{answer.claim}" if answer.claim > 0 else None


def given_to(page: ClientPage) -> list[tuple[str, str]]:
    """Return to whom a client may be given, as the form says it: with his last digits where several are so called."""
    names = [person.name for person in page.colleagues]
    told = [p.name if names.count(p.name) == 1 else f"{p.name} {p.phone[-4:]}" for p in page.colleagues]
    return [(said, said) for said in told]


def most_days(page: ClientPage) -> int:
    """Return how many more days the client's registration may be given, 0 where it may be given none (L16)."""
    claim = next((claim for claim in page.claims if claim.number == page.answer.claim), None)
    given = claim is None or claim.days_given or page.answer.until is None
    return 0 if given else page.case.state.policy.extend_days


def unsure_ref(page: ClientPage) -> str | None:
    """Return the number of a registration of his whose reading nobody has confirmed, None when there is none (L24)."""
    return next((claim.ref for claim in page.claims if Flag.UNSURE in claim.flags and claim.ended_at is None), None)


def _deal(deal: Deal, show: Showing) -> Fact:
    off = deal.cancelled_at is not None
    more: list[str] = []
    if deal.deposit_on is not None:
        more.append(_("deposit %(day)s", day=deal.deposit_on))
    if deal.down_on is not None:
        more.append(_("down payment %(day)s", day=deal.down_on))
    if deal.objection_until is not None and not off:
        more.append(_("objections until %(time)s", time=countdown("", deal.objection_until, show).ends))
    owner = whose_words(deal.owner_unit, deal.owner_agent)
    if owner:
        more.append(_("the client was then %(whose)s's", whose=owner))
    return Fact(
        f"R{deal.number} {whose_words(deal.unit, deal.agent)}",
        _("Sale cancelled") if off else _("Sold"),
        "quiet" if off else "info",
        tuple(more),
    )


def _dispute(dispute: Dispute, show: Showing) -> Fact:
    words, tone = {
        "open": (_("Open"), "warn"),
        "decided": (_("Decided"), "good"),
        "cancelled": (_("Withdrawn"), "quiet"),
    }.get("cancelled" if dispute.cancelled_at is not None else dispute.state, (_("Open"), "warn"))
    sides = " / ".join(whose_words(party.unit, party.agent) for party in dispute.parties)
    more = [_("opened %(time)s", time=show.moment(dispute.opened_at))]
    if dispute.papers:
        more.append(_("%(count)s papers", count=len(dispute.papers)))
    more += [_("Client service: %(words)s", words=opinion.words) for opinion in dispute.opinions]
    for ruling in dispute.rulings:
        whose = whose_words(ruling.unit, ruling.agent)
        more.append(_("Ruling for %(whose)s, %(time)s", whose=whose, time=show.moment(ruling.at)))
    return Fact(f"{dispute.ref} {sides}", words, tone, tuple(more))


def _kin(link: Kin) -> Fact:
    words, tone = (_("Claimed, not proved"), "warn") if not link.proved else (_("Proved"), "good")
    if link.undone_at is not None:
        words, tone = _("Undone"), "quiet"
    other = f"{link.client} {link.first3}****{link.last4} — {link.other_client} {link.other_first3}****"
    return Fact(f"{other}{link.other_last4}", words, tone, (f"{link.relation} {link.proof}".strip(),))
