"""What stands on the phones' page, in words: times in the site's zone, roles and outcomes by name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import phonenumbers

from webhook.codes import words_of
from webhook.erasure import shown
from webhook.examples import CHIPS, Chip
from webhook.language import _, _l
from worker.readers.phones import Bubble, LinePlace, Person, PhoneSite

ROLES = {
    "agent": _l("Agent"),
    "manager": _l("Site manager"),
    "consultant": _l("Consultant"),
    "service": _l("Client service"),
    "other": _l("Unknown number"),
}
BADGES = {
    "agent": _l("no unit"),
    "manager": _l("Site"),
    "consultant": _l("Site"),
    "service": _l("Site"),
    "other": _l("not on the roster"),
}


@dataclass(frozen=True, slots=True)
class BubbleView:
    """A text on a phone; `time` and `day` are the site's."""

    key: str
    phone: str
    mine: bool
    words: str
    at: str
    time: str
    day: str
    note: str
    done: bool
    day_starts: bool = False


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place of the line: when, who, and what became of it."""

    key: str
    seq: int
    at: str
    time: str
    who: str
    words: str
    tone: str
    ref: str


@dataclass(frozen=True, slots=True)
class PhoneView:
    """One phone; `id` is its element's, `short` its name in the switcher, `shown` its number as people read it."""

    id: str
    number: str
    shown: str
    role: str
    role_words: str
    name: str
    short: str
    initial: str
    chips: Sequence[Chip]
    bubbles: Sequence[BubbleView]


def bubble_views(bubbles: Iterable[Bubble], zone: ZoneInfo) -> list[BubbleView]:
    """Return the texts as they are shown."""
    return [_bubble(bubble, zone) for bubble in bubbles]


def entry_views(entries: Iterable[LinePlace], site: PhoneSite) -> list[PlaceView]:
    """Return the places of the line as they are shown; senders by name, strangers by masked number."""
    called = ((p.phone, p.name or str(ROLES[p.role]), p.unit) for p in site.people if p.role != "other")
    names = {phone: f"{name} · {unit}" if unit else name for phone, name, unit in called}
    views: list[PlaceView] = []
    for entry in entries:
        words, tone = words_of(entry.kind, entry.code)
        place = PlaceView(
            key=f"s{entry.seq}",
            seq=entry.seq,
            at=_sortable(entry.received_at),
            time=f"{entry.received_at.astimezone(site.zone):%H:%M:%S}",
            who=names.get(entry.sender) or masked(entry.sender) or _("the system"),
            words=words,
            tone=tone,
            ref=f"R{entry.number}" if entry.number is not None else "",
        )
        views.append(place)
    return views


def phone_views(people: Iterable[Person], bubbles: Sequence[BubbleView]) -> list[PhoneView]:
    """Return the phones in the order of `people`, each with its own texts."""
    return [_phone(person, [b for b in bubbles if b.phone == person.phone]) for person in people]


def number_words(number: str) -> str:
    """Return an E.164 number with blanks, as people read it; anything else as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def masked(number: str) -> str:
    """Return a number with its middle hidden; what is too short to be somebody's stays."""
    return number if len(number) < 9 else f"{number[:-8]}****{number[-4:]}"


def _bubble(bubble: Bubble, zone: ZoneInfo) -> BubbleView:
    local = bubble.at.astimezone(zone)
    return BubbleView(
        key=bubble.key,
        phone=bubble.phone,
        mine=bubble.mine,
        words=shown(bubble.words),
        at=_sortable(bubble.at),
        time=f"{local:%H:%M}",
        day=_("%(month)s-%(day)s", month=local.month, day=local.day),
        note=_("place %(seq)s", seq=bubble.seq) if bubble.seq is not None else "",
        done=bubble.done,
    )


def _phone(person: Person, bubbles: Sequence[BubbleView]) -> PhoneView:
    name = person.name or str(ROLES[person.role])
    days = (list(group) for _, group in groupby(bubbles, key=lambda b: b.day))
    return PhoneView(
        id=f"phone-{re.sub('[^0-9A-Za-z]', '', person.phone)}",
        number=person.phone,
        shown=number_words(person.phone),
        role=person.role,
        role_words=person.unit or str(BADGES[person.role]),
        name=name,
        short=name if person.role != "other" else person.phone[-4:],
        initial="?" if person.role == "other" else name[:1],
        chips=CHIPS[person.role],
        bubbles=[replace(b, day_starts=i == 0) for day in days for i, b in enumerate(day)],
    )


def _sortable(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
