"""The commands of texts.md, section 2: a keyword first, then at once what it is about (H15–H17, L15, L21, L22).

A keyword that its arguments do not follow in the shape of its command begins a sentence, and is no act: 撤 R2 withdraws,
撤下来的广告牌 R2 does not.
"""

import re
from dataclasses import replace
from typing import Final

from parsers.arguments import ASKS, OF_ARRIVAL, Arguments, read_arguments, take_refs
from parsers.claim_moves import behind_what_comes_first, in_order, passes_a_report_on, read_refs_first
from parsers.client_names import is_name
from parsers.courtesy import ASKING_FOR, GREETING, without_thanks
from parsers.message import PASSING, Command, Lexicon, Report
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone
from parsers.reader import read_clients, read_whose
from parsers.short_commands import FIGURES, read_short_command
from parsers.trie import words_pattern
from parsers.vocabulary import SURNAMES

KEYWORDS: Final = {
    "跟进": "follow_up", "follow": "follow_up", "follow up": "follow_up", "followup": "follow_up",
    "到访": "visit", "到访登记": "visit", "到访确认": "visit", "visit": "visit",
    "签": "sign", "签字": "sign", "签名": "sign", "sign": "sign",
    "自访": "walkin", "walkin": "walkin",
    "核实": "verify", "verify": "verify",
    "团报": "group", "group": "group",
    "查": "query", "查询": "query", "查一下": "query", "查下": "query", "查重": "query", "query": "query",
    "撤": "withdraw", "撤回": "withdraw", "撤销": "withdraw", "撤单": "withdraw", "撤一下": "withdraw", "撤回报备": "withdraw",
    "撤销报备": "withdraw", "撤报备": "withdraw", "withdraw": "withdraw",
    "撤亲属": "unfamily", "unfamily": "unfamily",
    "定金": "deposit", "deposit": "deposit",
    "首付": "downpayment", "downpayment": "downpayment",
    "退定": "cancel_deposit", "退房": "cancel_deposit", "refund": "cancel_deposit",
    "异议": "object", "object": "object",
    "材料": "evidence", "evidence": "evidence",
    "意见": "opinion", "opinion": "opinion",
    "裁定": "rule", "rule": "rule",
    "亲属": "family", "family": "family",
    "判": "settle", "判定": "settle", "settle": "settle",
    "更正": "correct", "correct": "correct",
    "别名": "alias", "alias": "alias",
    "转": "hand", "转给": "hand", "转交": "hand", "移交": "hand", "hand": "hand", "hand over": "hand",
    "延": "extend", "延期": "extend", "延长": "extend", "extend": "extend",
    "帮助": "help", "?": "help",
}  # fmt: skip
"""Keyword → kind; skeleton spelling (simplified, lower case, ASCII signs)."""

_ASKED_FOR: Final = {word for word, kind in KEYWORDS.items() if kind in ("query", "withdraw", *PASSING)}
_BEHIND: Final = r"(?=$|[\s:,;.。、!\-=+#\]]|[rvd]\s?#?\d|\d|(?<=[^a-z])[^\W\d_])"
_HEAD: Final = re.compile(
    rf"\s*(?:\[[^\[\]\n]{{1,12}}\]\s*(?=\S))?{GREETING}(报备[\s:,]*)?[\[#]?"
    rf"(?:({words_pattern(KEYWORDS)})|{ASKING_FOR}({words_pattern(_ASKED_FOR)}))\]?{_BEHIND}"
)
_ANSWERS: Final = {
    "verify": {"是": "yes", "否": "no", "不是": "no", "yes": "yes", "no": "no", "属实": "yes", "不属实": "no"},
    "settle": {"有效": "valid", "重复": "duplicate", "valid": "valid", "duplicate": "duplicate"},
}
_ALL: Final = re.compile(r"[\s:,]*(?:全部|全签|所有|all\b)")
_WORD: Final = re.compile(r"[^\s,;，；。、\ue000]+")
_BRACKETS: Final = "()（）[]【】"
_BARE: Final = ("报备", "report")
_NOTHING: Final = " \n。.!,:;]"

_BETWEEN: Final = " \n:,"

_ASKS_AT_END: Final = re.compile(r"(?:[?吗么呢]|了没(?:有)?)[\s!.]*$")
_ASKS_HOW: Final = re.compile(r"了?(?:吗|没|没有|么)\W*|(?:的)?(?:情况|进展|结果)?(?:怎么样|如何)了?\W*")
_OF_HIM: Final = re.compile(r"的(?:报备|客户|单子?|登记)?(?=$|[\s,;，；。])")
"""What may be glued to a client or number and is still he: R3的报备."""
_WITH_FREE_WORDS: Final = ("object", "evidence", "opinion", "rule")
_PAID: Final = re.compile(
    r"^(?:[\s,;，；、]*(?:已经?)?(?:交|付|收|缴|到账)(?:了|清|齐|讫)?(?=$|[\s,;，；、])|[\s,;，；、]*\d+(?:\.\d+)?\s?[万千元wk]元?)+[\s,;，；、]*"
)
_GIVEN_TO: Final = re.compile(r"^(?:判给|判归|归属于?|归|属于|给)\s?")
_BEFORE_REPORT: Final = re.compile(rf"\s*(?:{words_pattern(FIGURES)})(?=[\s:,])")
_SIGNED: Final = re.compile(r"(?:已?确认|已签|了|\s|[,.!。，！])*")
_EXPLAINS: Final = re.compile(r"(?:报备|格式|指令|命令|说明|一下|怎么用|怎么报备?|使用|\W)*")
CONFIRMS: Final = re.compile(r"(?:回复?|是|好的?|确认码?)?[\s:,，“”\"]*(\d{6})[\s:,，“”\"]*(?:确认)?")
"""The code of an act, alone or as the answer that asks for it says it: 回482915确认."""
_LATER: Final = re.compile(
    r"(?:^|[\s,，;；、(（])(?:客户)?(?:预计|计划|准备|打算|预约|约)?(?:明[天日早晚]|后天|大后天|下?(?:周|星期|礼拜)[一二三四五六日天末])"
    r"(?=$|[\s,，;；、)）\d]|上午|早上|中午|下午|晚上|左右|到|来|过来|看)"
)
"""A day to come, said of the arrival: 到访 … 明天下午 announces a visit, and reports no arrival."""
_IS_HERE: Final = re.compile(r"(?:客户)?(?:刚刚?|已经?|现在|都)?到(?:了|场|访|案场|现场|售楼[处部])?了?")
_LABELLED_AGENT: Final = re.compile(r"(?:业务员|经纪人|带看人|报备人)(?:姓名)?[\s:：]*([^\s,，；;:：]{2,20})")
_UNIT_LABEL: Final = re.compile(r"^(?:所属)?(?:分销商|公司|门店|单位|渠道)(?:名称)?[\s:：]+")
_LATIN_NAME: Final = re.compile(r"(?:[a-zà-ɏ][a-zà-ɏ'’.-]*(?:\s|$)){1,3}")
_BLOCK: Final = re.compile(r"^客户[^\n:]{0,4}:[\s\S]*\n[^\n:]{2,14}:")
"""到访客户：… and more labelled lines: a report copied from an app."""
_PAIR: Final = re.compile(r"\s*[:,]?\s*([^\s=:,，]{1,20})\s*(?:[=:,，]|\s是\s|\s就是\s|\s)\s*([^\s=:,，]{1,20})[\s,]*")


def read_command(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> Command | None:
    """Return the command that a text begins with, None when it begins with none; a bare keyword asks for help."""
    short = read_short_command(reading, lexicon) or read_refs_first(reading)
    if short is not None:
        return short
    skeleton = reading.skeleton
    whole = skeleton.strip(" \n。.!")
    if whole in _BARE or whole in ("", "?", "??"):
        return Command("help") if whole else None
    code = CONFIRMS.fullmatch(whole)
    if code or re.fullmatch(r"\d{4}", whole):
        return Command("confirm", refs=(code[1] if code else whole,))
    head = _HEAD.match(skeleton)
    if head is None:
        return None
    keyword = head[2] or head[3]
    kind, begin = KEYWORDS[keyword], head.end()
    behind = skeleton[begin:]
    bare = not behind[: without_thanks(behind)].strip(_NOTHING)
    if kind == "help":
        return Command("help") if bare or _EXPLAINS.fullmatch(behind[: without_thanks(behind)]) else None
    if bare:
        return Command("sign" if kind == "sign" else "help")
    if kind == "visit" and _BLOCK.match(behind):
        return None
    if kind == "alias":
        # 别名 阿强 张强: a further name, then the one of the roster (L21).
        pair = _PAIR.fullmatch(skeleton, begin, begin + without_thanks(behind))
        return Command("alias", words=" ".join(reading.clean[slice(*pair.span(n))] for n in (1, 2))) if pair else None
    if kind == "group":
        return _group(reading, begin, phones, lexicon)
    begin, said_early = behind_what_comes_first(kind, reading, begin)
    about = _about(kind, read_arguments(kind, reading, begin, phones, lexicon), head, lexicon)
    return in_order(about, said_early) if about is not None else None


def behind_keyword(reading: Reading, glued: bool) -> Reading | None:
    """Return a text as it is without 转, 延 or 统计 at its beginning; None where it begins with none of them.

    Before a report they say nothing of it. `glued`: also where it goes on at once, as a client's name may.
    """
    skeleton = reading.skeleton
    head = _HEAD.match(skeleton)
    if head is not None and KEYWORDS[head[2] or head[3]] in PASSING:
        if not glued and skeleton[head.end() : head.end() + 1].isalnum():
            return None
        begin, end = head.end(1) if head[1] else 0, head.end()
    elif (figures := _BEFORE_REPORT.match(skeleton)) is not None:
        begin, end = figures.span()
    else:
        return None
    end = next((at for at in range(end, len(skeleton)) if skeleton[at] not in _BETWEEN), end)
    return Reading(*(text[:begin] + text[end:] for text in (reading.clean, skeleton)))


def begins_like_command(skeleton: str) -> bool:
    """Tell whether a text that is none begins like a command (C9): a keyword alone, or before a number or a name."""
    head = _HEAD.match(skeleton)
    if head is None:
        return False
    behind = skeleton[head.end() : head.end() + 1]
    return not behind.isalpha() or behind in SURNAMES or behind in "rvd"


def _about(kind: str, found: Arguments, head: re.Match[str], lexicon: Lexicon) -> Command | None:
    everything = kind == "sign" and _ALL.match(found.body, found.begin)
    if everything:
        found.take(*everything.span())
        found.refs = ["all"]
    answer = _answer(kind, found)
    if answer and not found.direct:
        take_refs(kind, found)
    meant = found.direct or everything or (answer and found.refs)
    if kind == "correct" and not found.refs and len(found.reports) == 1:
        # Without a number to put right it is a report that mends the one before (L22).
        return None
    if not meant or _is_sentence(kind, found, answer):
        return None
    glued = found.reading.skeleton[head.end() : head.end() + 1].isalpha()
    if kind in PASSING and found.reports and not found.refs and head[1]:
        # 报备 转 张三 138****5678 says itself that it reports.
        return None
    if kind == "hand" and found.reports and passes_a_report_on(found, lexicon):
        return None
    if glued and (head[2] or head[3]) in SURNAMES and not found.refs and found.reports:
        # 查文斌 138****5678 李四 is a report of 查文斌.
        first, _, rest = found.plain.partition(" ")
        if head[1] or (not rest and first and is_name(first, lexicon)):
            return None
    words = _without_fillers(kind, found)
    reports = found.reports
    if reports and kind in OF_ARRIVAL and words:
        reports, words = _with_agent(reports, words, lexicon)
    refs = tuple(found.refs)
    return Command(kind, None, tuple(reports), (), refs, found.date, found.time, answer, words)


def _is_sentence(kind: str, found: Arguments, answer: str | None) -> bool:
    """Tell whether the words behind client or number make a sentence of it: a question, or something of his."""
    plain = found.plain
    if kind in ("query", "follow_up"):
        return kind == "follow_up" and bool(_ASKS_HOW.fullmatch(plain) or _speaks_of_his(plain))
    if _speaks_of_his(plain) or _ASKS_AT_END.search(plain):
        return True
    if kind == "sign":
        return not _SIGNED.fullmatch(plain)
    if kind == "verify" and answer is None and plain:
        return True
    if kind == "visit" and _LATER.search(plain):
        return True
    return kind not in _WITH_FREE_WORDS and bool(ASKS.search(plain))


def _speaks_of_his(plain: str) -> bool:
    return plain.startswith("的") and not _OF_HIM.match(plain)


def _answer(kind: str, found: Arguments) -> str | None:
    answers = _ANSWERS.get(kind)
    if answers is None:
        return None
    for match in _WORD.finditer(found.body, found.begin):
        word = match[0].strip(".!:")
        if word in answers:
            found.take(*match.span())
            return answers[word]
    return None


def _without_fillers(kind: str, found: Arguments) -> str:
    words = found.words
    if kind in ("deposit", "downpayment"):
        words = _PAID.sub("", words)
    elif kind == "rule":
        words = _GIVEN_TO.sub("", words)
    elif kind == "sign":
        words = ""
    elif kind in ("withdraw", "query"):
        words = _OF_HIM.sub("", words, count=1) if words.startswith("的") else words
    return words.strip(" ,，")


def _group(reading: Reading, begin: int, phones: list[Phone], lexicon: Lexicon) -> Command | None:
    """Read what follows 团报 as a report text (D10): its fault, if it has one, stands with the command."""
    if not phones:
        return None
    agent = unit = None
    end = reading.skeleton.find("\n", begin)
    if end >= 0 and all(phone.start >= end for phone in phones) and any(phone.start > end for phone in phones):
        # A line between the keyword and the clients may name agent and unit of all.
        agent, unit = read_whose(Reading(reading.clean[begin:end], reading.skeleton[begin:end]), lexicon)
    if agent or unit:
        begin = end
    rest = Reading(" " * begin + reading.clean[begin:], " " * begin + reading.skeleton[begin:])
    inner = read_clients(rest, phones, lexicon)
    reports = tuple(
        replace(report, agent=report.agent or agent, distributor=report.distributor or unit) for report in inner.reports
    )
    whose = all(report.agent or report.distributor for report in reports)
    error = None if inner.error == "missing_agent" and whose else inner.error
    return Command("group", error, reports, inner.faults)


def _with_agent(reports: list[Report], words: str, lexicon: Lexicon) -> tuple[list[Report], str]:
    """Return the clients with the agent who stands behind them, and the words that are left; 请安排接待 is no agent."""
    folded = words.casefold()
    labelled = _LABELLED_AGENT.search(words)
    latin = _LATIN_NAME.match(folded)
    if labelled:
        first, rest = labelled[1], (words[: labelled.start()] + words[labelled.end() :]).strip(" \n,，；;")
    elif latin:
        first, rest = words[: latin.end()].strip(), words[latin.end() :].strip()
    else:
        first, _, rest = words.partition(" ")
    agent, unit = read_whose(fold_for_reading(first), lexicon)
    if unit is None:
        if _IS_HERE.fullmatch(first) or not is_name(first.casefold(), lexicon):
            return reports, words
        agent = first
    behind = _UNIT_LABEL.sub("", rest)
    if agent is not None and behind and read_whose(fold_for_reading(behind), lexicon) == (None, behind.strip()):
        unit, rest = behind, ""
    return [replace(r, agent=agent, distributor=unit) for r in reports], rest
