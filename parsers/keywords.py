"""The commands of texts.md, section 2: a keyword first, Chinese or English, then what it is about (H15–H17)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from parsers.classify import agent_parts_of
from parsers.companies import find_company
from parsers.grammar import read_report
from parsers.message import Lexicon, Parsed, Report
from parsers.names import HONORIFICS, SURNAMES
from parsers.normalise import Reading
from parsers.phones import Phone, blank
from parsers.trie import words_pattern

KEYWORDS: Final = {
    "跟进": "follow_up", "follow": "follow_up",
    "到访": "visit", "visit": "visit",
    "签": "sign", "签字": "sign", "签名": "sign", "sign": "sign",
    "自访": "walkin", "walkin": "walkin",
    "核实": "verify", "verify": "verify",
    "团报": "group", "group": "group",
    "查": "query", "查询": "query", "查一下": "query", "查下": "query", "query": "query",
    "撤": "withdraw", "撤回": "withdraw", "撤销": "withdraw", "withdraw": "withdraw",
    "撤亲属": "unfamily", "unfamily": "unfamily",
    "定金": "deposit", "deposit": "deposit",
    "首付": "downpayment", "downpayment": "downpayment",
    "退定": "cancel_deposit", "退房": "cancel_deposit", "refund": "cancel_deposit",
    "异议": "object", "object": "object",
    "材料": "evidence", "evidence": "evidence",
    "意见": "opinion", "opinion": "opinion",
    "裁定": "rule", "rule": "rule",
    "亲属": "family", "family": "family",
    "判": "settle", "settle": "settle",
    "更正": "correct", "correct": "correct",
    "帮助": "help", "help": "help", "?": "help",
}  # fmt: skip
"""Keyword → kind; skeleton spelling (simplified, lower case, ASCII signs)."""

_HEAD: Final = re.compile(rf"(?:报备[\s:,]*)?({words_pattern(KEYWORDS)})(?=$|[\s:,;.。、!]|[rvd]?\d|[^\W\d_])")
_REF: Final = re.compile(
    r"(?<![a-z0-9*])([rvd])\s?#?(\d{1,9})(?![0-9*])|(?<![a-z0-9*.:\-/])#?(\d{1,9})(?![0-9*.:\-/年月日])"
)
_DATE: Final = re.compile(r"(?<!\d)(?:(20\d\d)[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?(?![\d*])")
_TIME: Final = re.compile(
    r"(上午|早上|中午|下午|傍晚|晚上)?(?<!\d)([01]?\d|2[0-3])(?::([0-5]\d)|点(?:([0-5]\d)分?|(半)|整|钟)?)(?!\d)"
)
_LATER_HALF: Final = ("下午", "傍晚", "晚上")
_TODAY: Final = re.compile(r"(?<!\w)(?:今天|今日|刚刚|刚才|现在)(?=$|\W|上午|早上|中午|下午|傍晚|晚上)")
"""What says that the client arrived on the day of the text, which goes without saying."""
_ALL: Final = re.compile(r"^[\s:]*(?:全部|all)\b")
_ANSWERS: Final = {
    "verify": {"是": "yes", "否": "no", "不是": "no", "yes": "yes", "no": "no", "属实": "yes", "不属实": "no"},
    "settle": {"有效": "valid", "重复": "duplicate", "valid": "valid", "duplicate": "duplicate"},
}
_WORD: Final = re.compile(r"[^\s,;，；。、]+")
_WRITTEN_APART: Final = (
    rf"(?<!\S)[{''.join(sorted(SURNAMES))}] {{1,4}}(?=(?:[\u4e00-\u9fff]|{'|'.join(HONORIFICS)})[\s,;，；、:]*$)"
)
_NAME: Final = re.compile(rf"(?:{_WRITTEN_APART})?" + r"[^\s,;，；。、:\ue000]+[\s,;，；、:]*$")
_NUMBERED: Final = re.compile(r"[rvd]?\s?#?\d+")
_TAKES_AGENT: Final = ("visit", "walkin")
_OF_ONE: Final = ("deposit", "downpayment", "object", "evidence", "opinion", "rule")
"""Commands about one thing: a number behind the first one is part of their words."""
_IN_OWN_WORDS: Final = ("object", "opinion", "rule")
"""Commands whose words are kept whole: a date in a reason is part of the reason."""
_AND: Final = ("和", "与", "及", "and", "&")
_BRACKETS: Final = "()（）[]【】"
_BARE: Final = ["报备", "report"]


def read_command(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> Parsed | None:
    """Return the command that a text begins with, None when it begins with none; a bare keyword asks for help."""
    skeleton = reading.skeleton
    lead = len(skeleton) - len(skeleton.lstrip())
    whole = skeleton.strip(" \n。.!")
    if whole in _BARE or whole in ("", "?", "??"):
        return Parsed("help") if whole else None
    if re.fullmatch(r"\d{4}", whole):
        return Parsed("confirm", refs=(whole,))
    head = _HEAD.match(skeleton, lead)
    if head is None:
        return None
    kind = KEYWORDS[head[1]]
    if not skeleton[head.end() :].strip(" \n。.!,:;") and kind not in ("sign", "help"):
        return Parsed("help")
    return _read(kind, reading, head.end(), phones, lexicon)


def _read(kind: str, reading: Reading, begin: int, phones: list[Phone], lexicon: Lexicon) -> Parsed | None:
    if kind == "group":
        return _group(reading, begin, phones, lexicon)
    rest = blank(reading.skeleton, phones)
    named = [p for p in phones if p.start >= begin and not p.faulty]
    named = _of_clients(named) if kind in _TAKES_AGENT else named
    reports, consumed = _clients(reading, rest, begin, named)
    plain = list(rest)
    for start, end in consumed:
        plain[start:end] = "\ue000" * (end - start)
    body = "".join(plain)
    date = time = None
    if kind not in _IN_OWN_WORDS:
        date, body = _found(_DATE, body, begin, _written_date)
        time, body = _found(_TIME, body, begin, _written_time)
    if kind in _TAKES_AGENT:
        _, body = _found(_TODAY, body, begin, lambda found: found[0])
    refs, body = _refs(kind, body, begin)
    answer, body = _answer(kind, body, begin)
    if not _is_meant(kind, reports, refs, answer, body[begin:]):
        return None
    words = _left(reading, body, begin)
    if reports and kind in _TAKES_AGENT and words:
        reports, words = _with_agent(reports, words, lexicon)
    return Parsed(kind, reports=tuple(reports), refs=tuple(refs), date=date, time=time, answer=answer, words=words)


def _group(reading: Reading, begin: int, phones: list[Phone], lexicon: Lexicon) -> Parsed:
    """Read what follows 团报 as a report text (D10): its fault, if it has one, stands with the command."""
    rest = Reading(" " * begin + reading.clean[begin:], " " * begin + reading.skeleton[begin:])
    inner = read_report(rest, phones, lexicon)
    agent, unit = _head_line(reading, begin, phones, lexicon)
    reports = tuple(
        replace(report, agent=report.agent or agent, distributor=report.distributor or unit) for report in inner.reports
    )
    whose = all(report.agent or report.distributor for report in reports)
    error = None if inner.error == "missing_agent" and whose else inner.error
    return Parsed("group", error, reports, inner.faults)


def _head_line(reading: Reading, begin: int, phones: list[Phone], lexicon: Lexicon) -> tuple[str | None, str | None]:
    """Return agent and unit of a line between the keyword and the clients (D10), None for what does not stand there."""
    end = reading.skeleton.find("\n", begin)
    if end < 0 or any(phone.start < end for phone in phones) or not any(phone.start > end for phone in phones):
        return None, None
    found: dict[str, str] = {}
    for word in _WORD.finditer(reading.skeleton, begin, end):
        for part in agent_parts_of(word[0].strip("()[]:"), lexicon):
            start = word.start() + len(word[0]) - len(word[0].lstrip("()[]:"))
            found.setdefault(part.kind, reading.clean[start + part.start : start + part.end].strip("()（）"))
    return found.get("agent"), found.get("unit")


def _of_clients(phones: list[Phone]) -> list[Phone]:
    """Return the phones without whole numbers behind a masked one: the agent's own is never a fault."""
    masked = next((index for index, phone in enumerate(phones) if not phone.was_full), len(phones))
    return [phone for index, phone in enumerate(phones) if index <= masked or not phone.was_full]


def _clients(reading: Reading, rest: str, begin: int, named: list[Phone]) -> tuple[list[Report], list[tuple[int, int]]]:
    reports, consumed, last = [], [], begin
    for phone in named:
        name = _NAME.search(rest, last, phone.start)
        if name and _NUMBERED.fullmatch(name[0].strip(" ,;:，；、：")):
            name = None
        start = name.start() if name else phone.start
        written = reading.clean[start : phone.start].strip(" \t\n,;:，；、：") or None
        reports.append(Report(written, phone.first3, phone.last4, was_full=phone.was_full))
        consumed.append((start, phone.end))
        last = phone.end
    return reports, consumed


def _found(
    pattern: re.Pattern[str], body: str, begin: int, read: Callable[[re.Match[str]], str]
) -> tuple[str | None, str]:
    match = pattern.search(body, begin)
    if match is None:
        return None, body
    return read(match), body[: match.start()] + "\ue000" * len(match[0]) + body[match.end() :]


def _written_date(found: re.Match[str]) -> str:
    return (f"{found[1]}-" if found[1] else "") + f"{int(found[2]):02d}-{int(found[3]):02d}"


def _written_time(found: re.Match[str]) -> str:
    hour = int(found[2])
    hour += 12 if found[1] in _LATER_HALF and hour < 12 else 0
    return f"{hour:02d}:{'30' if found[5] else found[3] or found[4] or '00'}"


def _refs(kind: str, body: str, begin: int) -> tuple[list[str], str]:
    everything = _ALL.match(body[begin:])
    if everything and kind == "sign":
        return ["all"], body[:begin] + "\ue000" * everything.end() + body[begin + everything.end() :]
    refs, at = [], begin
    while match := _REF.search(body, at):
        between = body[at : match.start()].replace("\ue000", "").strip(" \n,;、，:和")
        if between:
            break
        refs.append(f"{match[1].upper()}{match[2]}" if match[1] else match[3])
        body = body[: match.start()] + "\ue000" * len(match[0]) + body[match.end() :]
        at = match.end()
        if kind in _OF_ONE:
            break
    return refs, body


def _answer(kind: str, body: str, begin: int) -> tuple[str | None, str]:
    answers = _ANSWERS.get(kind)
    if answers is None:
        return None, body
    for match in _WORD.finditer(body, begin):
        word = match[0].strip("\ue000.!")
        if word in answers:
            return answers[word], body[: match.start()] + "\ue000" * len(match[0]) + body[match.end() :]
    return None, body


def _is_meant(kind: str, reports: list[Report], refs: list[str], answer: str | None, body: str) -> bool:
    """Tell whether a text that begins with a keyword is a command: 查一下案场地址 names nothing and is none."""
    if kind in ("sign", "help"):
        return kind != "help" or not reports
    return bool(reports or refs or answer)


def _left(reading: Reading, body: str, begin: int) -> str:
    kept = [reading.clean[i] if body[i] != "\ue000" else " " for i in range(begin, len(body))]
    return re.sub(r"[ \t]{2,}", " ", "".join(kept)).strip(" \t\n,;:，；：。、")


def _with_agent(reports: list[Report], words: str, lexicon: Lexicon) -> tuple[list[Report], str]:
    first, _, rest = words.partition(" ")
    if first in _AND:
        first, _, rest = rest.partition(" ")
    company = find_company(first.casefold(), lexicon)
    agent: str | None = first
    unit: str | None = None
    if company is not None:
        unit = first[company.start : company.end].strip(_BRACKETS)
        agent = (first[: company.start] + first[company.end :]).strip(_BRACKETS) or None
    if agent is not None and rest and find_company(rest.casefold(), lexicon):
        unit, rest = rest, ""
    return [Report(r.client, r.first3, r.last4, agent or None, unit, r.was_full) for r in reports], rest
