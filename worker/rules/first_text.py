"""What a claim's first text said: names that stand in it word for word are put right at the claim's own place (L23)."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from parsers.message import Report
from parsers.names import looks_like_person
from worker.rules.aliasing import calls_himself
from worker.rules.identity import fold, name_form, same_name
from worker.rules.model import Claim
from worker.rules.projects import names_of
from worker.rules.readings import confirmed, first_reading
from worker.rules.turn import Turn

MOST_NAMES = 1
"""So many names beside client and agent may stand in a text by the reader's fault; who writes more seeds them."""
_BETWEEN_PHRASES = re.compile(r"[^\w ·•‧・･∙⋅'’]+")
_KEYWORDS = ("report", "client", "agent", "报备", "客户")
_AGENT = "业务员|經紀人|经纪人|报备人|带看人|置业顾问|顾问|員工|员工|销售|agent"
_SIGNS = r"(?:姓名|名字|改成|改为|换成|换为|应该是|应为|是|为|[\s:：=])*"
_DIGITS = re.compile(r"\d+")
_A_LETTER_OF_LATIN = re.compile(r"[a-z]")


def said_of(text: str, reports: Sequence[Report], index: int) -> str:
    """Return the words of a text as far as they can be of one of its clients: without digits and the others' names."""
    own = fold(reports[index].client or "")
    others = (r.client for n, r in enumerate(reports) if n != index and r.client)
    for name in others:
        if fold(name) not in own:
            text = text.replace(name, "\n")
    return _DIGITS.sub("\n", text).strip()


def stands_in(name: str, said: str) -> bool:
    """Tell whether a name stands word for word in what a text said; a single character only as a word of its own."""
    letters = fold(name)
    if not letters:
        return False
    pattern = " ?".join(map(re.escape, letters))
    around = r"\w" if len(letters) == 1 else "[a-z]" if _A_LETTER_OF_LATIN.search(letters) else None
    if around is not None:
        pattern = f"(?<!{around}){pattern}(?!{around})"
    return any(re.search(pattern, " ".join(fold(word) for word in line.split())) for line in said.splitlines())


def is_labelled_agent(name: str, text: str) -> bool:
    """Tell whether a text says of a name that it is the agent's."""
    return bool(re.search(rf"(?:{_AGENT}){_SIGNS}{re.escape(name)}", text, re.IGNORECASE))


def may_be_misread(turn: Turn, claim: Claim, name: str) -> bool:
    """Tell whether a name of the first text may have been missed by the reader, and so has the claim's own place (L23).

    It stands there as a whole word, is more than a surname, and nobody has confirmed the reading. If that was sure, the
    name is what was taken for the agent, or the only one beside client and agent: a list of names is nobody's client.
    """
    first = first_reading(claim)
    words = list(_words(claim.said))
    if name_form(name).bare or confirmed(claim) or not any(same_name(word, name) for word in words):
        return False
    further = {name_form(w).key for w in words if looks_like_person(fold(w)) and not _is_known(turn, claim, w)}
    if first.unsure:
        return True
    return len(further) <= MOST_NAMES and (fold(first.agent) == fold(name) or name_form(name).key in further)


def _is_known(turn: Turn, claim: Claim, word: str) -> bool:
    """Tell whether a word is the client or agent as first read, the sender, a unit or a site: no further name."""
    state, first = turn.state, first_reading(claim)
    if same_name(word, first.client) or fold(word) == fold(first.agent):
        return True
    people = state.people(state.day(turn.now), claim.unit)
    himself = (p for p in people if p.phone in (claim.sender, claim.agent_phone))
    if any(fold(word) == p.name_key or calls_himself(p, word) for p in himself):
        return True
    return state.unit_named(word) is not None or fold(word) in map(fold, names_of(state.site))


def _words(said: str) -> Iterator[str]:
    """Yield the words that stand free in a text; a name that is written apart, 韩 梅 or Li Si, is one."""
    for phrase in _BETWEEN_PHRASES.split(said):
        words = [word for word in phrase.split(" ") if word and fold(word) not in _KEYWORDS]
        for apart, run in groupby(words, key=lambda word: len(word) == 1 or bool(_A_LETTER_OF_LATIN.match(fold(word)))):
            written = list(run)
            yield from [" ".join(written)] if apart else written
