"""A text's path as a timeline: steps in the order of their times, each with how long after the first it came."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from webhook.codes import code_words
from webhook.erasure import shown
from webhook.language import _
from webhook.ops_words import DELIVERIES, OUTCOMES, error_words, known
from webhook.phone_views import number_words
from webhook.show import Showing
from webhook.times import span_words
from worker.readers.path import ReplyPath, TextPath


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened; `after` is the time since the receipt, empty for what came before it.

    `day` is empty where it is the day of the step before.
    """

    at: datetime
    title: str
    tone: str
    lines: tuple[str, ...] = ()
    quote: str = ""
    day: str = ""
    clock: str = ""
    after: str = ""


def steps_of(path: TextPath, show: Showing) -> list[Happening]:
    """Return the steps of a path, the earliest first."""
    steps = [
        *_receipt(path),
        *_decision(path),
        *_forwards(path),
        *(step for reply in path.replies for step in _reply(reply)),
    ]
    timed: list[Happening] = []
    before = ""
    for step in sorted(steps, key=lambda step: step.at):
        since = step.at - path.received_at
        after = f"+{span_words(since)}" if since > timedelta(0) else ""
        day, _blank, clock = show.exact(step.at).partition(" ")
        timed.append(replace(step, day=day if day != before else "", clock=clock, after=after))
        before = day
    return timed


def _receipt(path: TextPath) -> Iterator[Happening]:
    if path.sent_at is not None and path.origin is None:
        yield Happening(path.sent_at, _("Sent, as gateway %(name)s says", name=path.gateway), "quiet")
    who = " · ".join(part for part in (path.name, path.unit, number_words(path.sender)) if part)
    title = _("In line at place %(seq)s, durably", seq=path.seq)
    yield Happening(path.received_at, title, "info", (_("through %(name)s", name=path.gateway), who), shown(path.text))


def _forwards(path: TextPath) -> Iterator[Happening]:
    """Where else the text stands (L25): in the line that it came from, or in those that it went to."""
    if path.origin is not None:
        place = _("place %(seq)s of its line", seq=path.origin.seq)
        title = _("Received for %(site)s first", site=path.origin.site)
        yield Happening(path.origin.at or path.received_at, title, "info", (place,))
    for other in path.forwards:
        if other.at is None:
            at = path.decided_at or path.received_at
            yield Happening(at, _("To be passed on to %(site)s", site=other.site), "warn")
        else:
            place = _("place %(seq)s of its line", seq=other.seq)
            yield Happening(other.at, _("Passed on to %(site)s", site=other.site), "good", (place,))


def _decision(path: TextPath) -> Iterator[Happening]:
    if path.code is None:
        return
    words = code_words(path.code)
    clients: list[str] = []
    for report in path.reports:
        number = f"R{report.number}" if report.number else ""
        parts = f"{shown(report.client)} {report.mask}", code_words(report.code).words, number
        clients.append(" · ".join(part for part in parts if part))
    rules = (_("rules %(names)s", names=" ".join(path.rules)),) if path.rules else ()
    # Decisions from before this was noted are shown right behind the receipt.
    at = path.decided_at or path.received_at + timedelta(microseconds=1)
    yield Happening(at, _("Decided: %(outcome)s", outcome=words.words), words.tone, (*rules, *clients))


def _reply(reply: ReplyPath) -> Iterator[Happening]:
    title = _("Reply written") if reply.role == "reply" else _("Notice written")
    to = number_words(reply.recipient)
    what = f"{code_words(reply.code).words} → {to}"
    yield Happening(reply.created_at, title, "quiet", (what,), shown(reply.words))
    for attempt in reply.attempts:
        title = _("Handed to the gateway, attempt %(number)s", number=attempt.number)
        yield Happening(attempt.started_at, title, "info", (to,))
        if attempt.outcome is not None and attempt.ended_at is not None:
            words = known(OUTCOMES, attempt.outcome)
            took = _("after %(span)s", span=span_words(attempt.ended_at - attempt.started_at))
            why = error_words(attempt.code, None) or attempt.code
            yield Happening(attempt.ended_at, _capital(words.words), words.tone, tuple(p for p in (to, took, why) if p))
    if reply.delivery is not None and reply.delivery != "sent":
        words = known(DELIVERIES, reply.delivery)
        why = error_words(reply.error_code, reply.error_words)
        yield Happening(
            reply.updated_at, _capital(words.words), words.tone, tuple(part for part in (what, why) if part)
        )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
