"""Labelled texts to learn reading from: `samples(seed, count)`.

About three quarters are reports, one in twenty a report with a fault, the rest no report.
The tags of `Sample.spans`:

- C client's name, A agent's name, U unit, P the client's number as it stands (with words such as 前三位 or 尾号 that belong
  to the mask, on two lines as well), Q any other number.
- L:client L:agent L:unit L:client_phone L:agent_phone L:phone L:other: label words. A bare 电话 is L:phone: what stands
  before it says whose. L:other is any field that is none of the five values; its value has the tag T, J, S or Q if it is
  a moment (count, plate, budget), a project, a person or a number, else V.
- K a request that introduces a report, J a project, S a person who is neither client nor agent, T moments and counts,
  O other words.

Of several units in a row (brand, area, shop) only the one that is expected has U; the others have O.
In a text that is no report, names and numbers have the tags that they would have in a report, by sense: the person
spoken of as a client is C, his number P, the agent A; couriers, clerks and their numbers are S and Q.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from . import mix, numbers, people, units
from .scene import Scene

Span = tuple[int, int, str]

_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Sample:
    """A text, its gold spans, and what the corpus would expect of it."""

    text: str
    spans: tuple[Span, ...]
    expected: dict[str, Any]
    family: str
    sender: str = ""
    people: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def values(self, tag: str) -> list[str]:
        """Return the words of all spans with that tag, in the order of the text."""
        return [self.text[start:end] for start, end, name in self.spans if name == tag]


def samples(seed: int, count: int) -> Iterator[Sample]:
    """Yield so many samples; the same for the same seed."""
    rng = Random(seed)
    for _ in range(count):
        yield sample(Random(rng.getrandbits(64)))


def sample(rng: Random) -> Sample:
    """Return one sample."""
    family, scene, expected = mix.draw(rng)
    text, spans = _spans(scene.parts)
    sender, persons, companies = _roster(rng, scene)
    return Sample(text, spans, expected, family, sender, persons, companies)


def _spans(parts: list[tuple[str, str]]) -> tuple[str, tuple[Span, ...]]:
    """Join the parts; words without a tag become O, signs between them have no role."""
    text = "".join(words for words, _ in parts)
    spans: list[Span] = []
    at = 0
    for words, tag in _merged(parts):
        if tag:
            start = at + len(words) - len(words.lstrip())
            end = at + len(words.rstrip())
            if start < end:
                spans.append((start, end, tag))
        else:
            spans += [(at + match.start(), at + match.end(), "O") for match in _WORD.finditer(words)]
        at += len(words)
    return text, tuple(spans)


def _merged(parts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours without a tag."""
    pending = ""
    for words, tag in parts:
        if not tag:
            pending += words
            continue
        if pending:
            yield pending, ""
            pending = ""
        yield words, tag
    if pending:
        yield pending, ""


def _roster(rng: Random, scene: Scene) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return a sender and the site's lists as they might be: with the text's agent and unit in most cases."""
    if rng.random() < 0.4:
        return "", (), ()
    agents = [client.agent for client in scene.clients if client.agent]
    companies = [client.unit for client in scene.clients if client.unit]
    known = {name for name in agents if rng.random() < 0.85}
    known |= {people.draw(rng, people.AGENT) for _ in range(rng.randint(3, 25))}
    firms = {name for name in companies if rng.random() < 0.8}
    firms |= {units.draw(rng, units.LABELLED) for _ in range(rng.randint(2, 10))}
    sender = agents[0] if agents and rng.random() < 0.6 else rng.choice(sorted(known))
    return sender, tuple(sorted(known)), tuple(sorted(firms))


def faults_of(given: Sample) -> list[str]:
    """Return what is inconsistent in a sample, one sentence each; nothing if it is sound."""
    found = []
    end = 0
    for start, stop, tag in given.spans:
        if not end <= start < stop <= len(given.text):
            found.append(f"Span {start}:{stop} {tag} overlaps or lies outside of the text.")
        end = stop
    for report in given.expected.get("reports", ()):
        found += _missing(given, report)
    return found


def _missing(given: Sample, report: dict[str, str | None]) -> Iterator[str]:
    for key, tag in (("client", "C"), ("agent", "A"), ("distributor", "U")):
        if report[key] and report[key] not in given.values(tag):
            yield f"No span {tag} holds {report[key]}."
    if report["first3"] and not _has_number(given, report["first3"], report["last4"] or ""):
        yield f"No span P holds {report['first3']} and {report['last4']}."


def _has_number(given: Sample, first3: str, last4: str) -> bool:
    found = [numbers.folded(words) for words in given.values("P")]
    return any(first3 in words and last4 in words for words in found)
