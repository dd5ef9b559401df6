"""Gateways and their phones in words: what is well, what is not, and what there is to see of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webhook.codes import CodeWords
from webhook.language import _, _l
from webhook.ops_words import error_words
from webhook.phone_views import number_words
from webhook.show import Showing
from worker.gateways.base import SimCard
from worker.phones.approvals import Phone
from worker.readers.gateways import HELD_AFTER, CanaryStanding, GatewayStanding, PhoneStanding

TROUBLES = {
    "waiting": CodeWords(_l("waits for approval"), "warn"),
    "idle": CodeWords(_l("has no site's number"), "quiet"),
    "silent": CodeWords(_l("no sign of life"), "bad"),
    "sim_changed": CodeWords(_l("another card than approved"), "bad"),
    "holds": CodeWords(_l("replies wait in it"), "bad"),
    "elsewhere": CodeWords(_l("heard from two networks in turn"), "warn"),
    "app_too_old": CodeWords(_l("its app is too old"), "bad"),
}
"""By `PhoneStanding.troubles`."""
FAULTS = {
    "same_words_lost": _l("the same words of a sender never arrive a second time"),
    "no_look": _l("it cannot be asked for texts that came while it was dead"),
    "no_date": _l("the same words of a sender count as one text, whenever they were sent"),
    "two_times": _l("one text can come twice, with two times"),
    "twice": _l("texts are posted twice"),
    "no_start": _l("it does not say when it starts, nor which cards it has then"),
}
"""By the codes of `worker.gateways.phone_versions`."""


@dataclass(frozen=True, slots=True)
class SimView:
    """A SIM of a phone: what it is called, and whose number it is said to have."""

    sim: int
    words: str
    site: str
    changed: bool


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A phone: its states as chips, its SIMs, and what there is to say of its app."""

    phone: Phone
    chips: tuple[CodeWords, ...]
    sims: tuple[SimView, ...]
    faults: tuple[str, ...]
    waits: bool


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway: its state, why it is so, and its phones; `stops`: why it, or a number of it, does not send."""

    name: str
    kind: str
    state: CodeWords
    stops: tuple[str, ...]
    why: tuple[str, ...]
    sites: tuple[tuple[int, str, str], ...]
    last_in: datetime | None
    last_out: datetime | None
    waiting: int
    waiting_since: datetime | None
    phones: tuple[DeviceView, ...]
    canaries: tuple[str, ...]


def gateway_views(standings: Sequence[GatewayStanding], show: Showing) -> list[GatewayView]:
    """Return gateways as they are shown."""
    return [_gateway(each, show) for each in standings]


def phone_view(standing: PhoneStanding) -> DeviceView:
    """Return a phone as it is shown."""
    phone = standing.phone
    chips = tuple(TROUBLES[code].settled() for code in standing.troubles)
    return DeviceView(
        phone,
        chips or (CodeWords(_("well"), "good"),),
        tuple(_sim(phone, card) for card in phone.sims),
        tuple(str(FAULTS[code]) for code in standing.faults),
        standing.waits,
    )


def _gateway(standing: GatewayStanding, show: Showing) -> GatewayView:
    is_phone = standing.kind != standing.name
    stops = tuple(
        f"{stop.number} {error_words(stop.code, stop.words)} · {_('since %(time)s', time=show.moment(stop.since))}"
        for stop in standing.stopped
    )
    troubles = [(each, code) for each in standing.phones for code in each.troubles if code != "idle"]
    why = [*stops, *(_of_phone(each, code, show) for each, code in troubles)]
    why += [_("The trial text of %(time)s did not come back", time=show.moment(c.asked_at)) for c in _lost(standing)]
    since = standing.waiting_since
    grave = _lost(standing) or any(code != "waiting" for _each, code in troubles)
    late = since is not None and show.now - since >= HELD_AFTER
    if since is not None and late and not why:
        why.append(_("replies wait, the oldest for %(age)s", age=show.age(since)))
    if standing.stopped:
        state = CodeWords(_("stopped"), "bad")
    elif is_phone and not any(each.phone.sites for each in standing.phones):
        state = CodeWords(_("waits for approval"), "warn") if troubles else CodeWords(_("no phone yet"), "warn")
    elif why:
        state = CodeWords(_("needs a look"), "bad" if grave or late else "warn")
    else:
        state = CodeWords(_("well"), "good")
    return GatewayView(
        standing.name,
        _(standing.title),
        state,
        stops,
        tuple(why),
        tuple((site_id, name, number_words(number)) for site_id, name, number in standing.sites),
        standing.last_in,
        standing.last_out,
        standing.waiting,
        standing.waiting_since,
        tuple(phone_view(each) for each in standing.phones),
        tuple(_canary(each, show) for each in standing.canaries),
    )


def _of_phone(each: PhoneStanding, code: str, show: Showing) -> str:
    words = str(TROUBLES[code].words)
    if code == "silent":
        words = _("no sign of life for %(age)s", age=show.age(each.phone.seen_at))
    elif code == "holds" and each.held_since is not None:
        words = _("holds %(count)s unsent for %(age)s", count=each.held, age=show.age(each.held_since))
    elif code == "app_too_old":
        words = _("version %(version)s of its app is too old", version=each.phone.app)
    return f"{each.phone.name} {words}"


def _lost(standing: GatewayStanding) -> list[CanaryStanding]:
    return [each for each in standing.canaries if each.lost]


def _canary(each: CanaryStanding, show: Showing) -> str:
    if each.back_at is not None:
        seconds = show.seconds((each.back_at - each.asked_at).total_seconds())
        return _("%(time)s: back after %(span)s", time=show.moment(each.asked_at), span=seconds)
    if each.lost:
        return _("%(time)s: did not come back", time=show.moment(each.asked_at))
    return _("%(time)s: under way", time=show.moment(each.asked_at))


def _sim(phone: Phone, card: SimCard) -> SimView:
    # The app may have masked them already, its carrier too.
    number, iccid = (f"…{(said or '')[-4:]}" if (said or "").strip("*") else "" for said in (card.number, card.iccid))
    told = [(card.carrier or "").strip("*"), number, iccid and _("card %(number)s", number=iccid)]
    words = " · ".join(part for part in told if part) or _("does not say what it is")
    return SimView(card.sim_number, words, phone.sites.get(card.sim_number, ""), card.sim_number in phone.changed)
