"""Which message of a gateway's own list is the one that we tried to send; pure.

Words alone do not tell: gateways put something of their own before them (a trial account's notice), exchange characters
or normalise blanks. So a message is ours that contains our words, or the number that ours are about.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from worker.gateways.base import Handover, Outgoing, Unknown

ALIKE: Final = 0.6
"""From this share of equal characters on, a message may be ours in other words."""
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[RVD][0-9]+(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """A message of the list between our number and the reply's phone, from the time of the attempt."""

    words: str
    outcome: Handover


def ours_among(outgoing: Outgoing, listed: Iterable[GatewayMessage], others: Collection[str] = ()) -> Handover | None:
    """Return what became of an attempt at a reply, by messages that belong to no other attempt.

    `others`: the words of what else may be under way to this phone. None: it is not there. Unknown: a message may be
    this one, or another; then a second one must not be sent (decisions of issue 11, A5).
    """
    wanted, about = _squeezed(outgoing.words), _numbers(outgoing.ref)
    longer = [_squeezed(words) for words in others if len(words) > len(outgoing.words)]
    numbered, doubtful = list[Handover](), False
    for message in listed:
        said = _squeezed(message.words)
        if any(words in said for words in longer):
            continue
        # Words that end in R1 stand in those that go on to R12.
        if wanted in said and _numbers(outgoing.words) <= _numbers(message.words):
            return message.outcome
        if any(_squeezed(words) in said for words in others):
            continue
        if about and about <= _numbers(message.words):
            numbered.append(message.outcome)
        elif not (about and _numbers(message.words)):
            doubtful = doubtful or SequenceMatcher(None, wanted, said, autojunk=False).ratio() >= ALIKE
    if len(numbered) == 1 and not any(about <= _numbers(words) for words in others):
        return numbered[0]
    return Unknown("alike", "the gateway has a message that may be this one") if numbered or doubtful else None


def _squeezed(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def _numbers(words: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(words))
