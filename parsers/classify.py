"""What a bare word of a report is: unit, agent, person, or none of its parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from parsers.companies import CompanyIn, find_company
from parsers.message import Lexicon
from parsers.names import is_address_alone, looks_like_person
from parsers.noise import find_phrase, find_self, is_noise, is_project, noise_start, without_trailing

_GREETED: Final = re.compile(r"(?:[^我]{0,4}好啊?|hi|hello)(?=我|这边|这里|本人)")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a word from start to end: "unit", "agent", "person", or "long" (a name only if nothing else is)."""

    kind: str
    start: int
    end: int


# Agents' and clients' words come again and again; reading one costs more than remembering it.
@lru_cache(maxsize=8192)
def parts_of(text: str, lexicon: Lexicon) -> tuple[Part, ...]:
    """Return the parts of a word without a label."""
    phrase = find_phrase(text)
    if phrase is None or phrase.end() == phrase.start():
        return tuple(_piece(text, 0, len(text), lexicon))
    before = _piece(text, 0, phrase.start(), lexicon)
    return (*before, *_piece(text, phrase.end(), len(text), lexicon))


@lru_cache(maxsize=8192)
def agent_parts_of(text: str, lexicon: Lexicon) -> tuple[Part, ...]:
    """Return the parts of the value of an agent's label: a person, a company, or both."""
    if is_noise(text):
        return ()
    company = company_in(text, lexicon)
    if company is None:
        return (Part("agent", 0, noise_start(text) or len(text)),)
    rest = ((0, company.start), (company.end + text.startswith("的", company.end), len(text)))
    agents = (Part("agent", begin, end) for begin, end in rest if end > begin)
    return (Part("unit", company.start, company.end), *agents)


def company_in(text: str, lexicon: Lexicon) -> CompanyIn | None:
    """Return the company in a word that is not the name of somebody on the roster."""
    return None if text in lexicon.people else find_company(text, lexicon)


def _piece(word: str, start: int, end: int, lexicon: Lexicon) -> Iterator[Part]:
    text = word[start:end]
    opening = _GREETED.match(text)
    start += opening.end() if opening else 0
    himself = find_self(word[start:end])
    if himself is not None:
        start += himself.end()
        yield from (Part(p.kind, start + p.start, start + p.end) for p in agent_parts_of(word[start:end], lexicon))
        return
    text = word[start:end]
    if not text or is_noise(text) or is_address_alone(text):
        return
    company = company_in(text, lexicon)
    if company is not None:
        yield Part("unit", start + company.start, start + company.end)
        behind = company.end + text.startswith("的", company.end)
        for begin, stop in ((0, company.start), (behind, len(text))):
            if stop - begin > 1 and not is_noise(text[begin:stop]):
                yield Part("agent", start + begin, start + stop)
        return
    yield from _name(text, start)


def _name(text: str, start: int) -> Iterator[Part]:
    text = without_trailing(text[: noise_start(text)])
    if not 1 < len(text) < 24 or is_project(text) or is_noise(text) or text.isdigit():
        return
    if looks_like_person(text) or len(text) < 5 or "·" in text:
        yield Part("person", start, start + len(text))
    elif len(text) < 16:
        yield Part("long", start, start + len(text))
