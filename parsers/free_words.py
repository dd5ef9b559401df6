"""What people say in their own words of a report they sent (L15, L22): is it valid, give it up, it was wrong, he is here.

Each needs its shape: the words at the beginning or end of a text, a client or number beside them, and nothing else that
matters; or nothing at all beside them, right after one's own last report.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from parsers.arguments import TAKEN, read_arguments
from parsers.client_names import is_name
from parsers.courtesy import ASKING_FOR, GREETING, without_thanks
from parsers.message import Arrival, Command, Intent, Lexicon, Meaning, ReportText, Unknown
from parsers.normalise import Reading
from parsers.phones import Phone, blank
from parsers.reader import read_clients, read_report

_END: Final = r"[\s,.;!?~。]*$"
_IT: Final = (
    r"(?:刚才|刚刚|上面|前面|之前|[这那]?[个组条位]|上一?条|的?报备|的?客户|的?单子?|我的?|报的|的|呢|把|[\s,:]){0,8}"
)
_GIVE_UP: Final = (
    r"(?:(?:取消|作废)(?:报备|登记|一下|掉)?|不报备?了|不想报了|不用报备?了)(?:了|吧|掉)?(?:的?(?:报备|单子?|客户))?"
)
_GIVE_UP_BEHIND: Final = rf"(?:{_GIVE_UP}|(?:申请)?撤[回销单]?(?:报备)?(?:了|吧|一下)*)"
_VISIT_OFF: Final = re.compile(
    r"\A\s*(?:取消|作废)了?[\s,]*(?:到访|带看|带访|预约|看房|来访|参观)"
    r"|(?:到访|带看|带访|预约|看房|来访|参观)[\s,:]{0,3}已?(?:取消|作废)了?[\s.!。,]{0,8}\Z"
)
CALLS_OFF_VISIT: Final = re.compile(
    r"(?:取消|作废)了?[^\n,.;!?。]{0,8}?(?:到访|带看|带访|预约|看房|来访|参观)"
    r"|(?:到访|带看|带访|预约|看房|来访|参观)[\s,:]{0,3}(?:已经?|先|就|也)?(?:取消|作废)"
)
"""Anywhere in a text that is no report."""
_NOT_OF_A_CLAIM: Final = re.compile(r"到访|带看|带访|预约|看房|来访|到场|参观|约看|会议|订阅")
"""Beside these words a visit is called off, not a claim (L22)."""
_ASK: Final = (
    r"(?:现在|目前|请问|还|是否|都|\s|,){0,5}(?:"
    r"(?:有效期?内?|在(?:有效|保护)期内?|到期|过期|失效)了?(?:吗|么|没有?|不)"
    r"|(?:什么时候|啥时候|几号|哪天|多久)(?:到期|过期|失效)|有效期?(?:到|至)?(?:什么时候|啥时候|几号|哪天|多久)"
    r"|(?:报备?|登记|录)(?:(?:上|成功|成|好|进去)了?|了)(?:吗|么|没有?)"
    r"|(?:被|让)?(?:有|别)人(?:报备?|登记)(?:过|了)*(?:吗|么|没有?)|有没有人(?:报备?|登记)(?:过|了)?|谁(?:报备?|登记)的?"
    r"|被(?:报备?|登记)(?:过|了)*(?:吗|么|没有?)|是否(?:已经?)?被?(?:报备|有效|到期)"
    r"|(?:还)?(?:可以|能|能不能|可不可以)报备?(?:吗|么|不)?|(?:是|归|算)谁(?:家|的)?(?:的?客户)?|重复了?(?:吗|么|没有?)"
    r")(?:了|呢|啊|的)?"
)
_ANOTHER: Final = re.compile(
    r"\s*(?:另外?再?报备?(?:[一两]?[个组位])?|再报备?[一两]?[个组位]|再加报?[一两][个组位])(?:客户)?[\s:,]*(?=\S)"
)
_ANNOUNCED: Final = re.compile(r"\s*(?:报备[\s:,]*)?(?:到访|visit)[\s:,]+(?=\S)")
"""到访 before a client who is still to come announces him (L15)."""
_WRONG: Final = (
    r"(?:不好意思|抱歉|对不起|sorry|刚才|刚刚|上一?条|上面|前面|之前|那个|这个|的|名字|姓名|号码|电话|客户|业务员|信息|内容|有误|[\s,!]){0,8}"
    r"(?:更正|更改|修改|改一下|改下|纠正|勘误|[打写发报输填搞]错)(?:了|一下|下|字|名字|姓名|号码|电话|重新?发|重报|应该?为|应该是|以这[个条]为准|是|为){0,6}"
)
_WRONG_FIRST: Final = re.compile(rf"\s*(?:报备[\s:,]*)?{_WRONG}[\s:,.!。]{{1,6}}(?=\S)|\s*更正(?=\S)")
_WRONG_LAST: Final = re.compile(rf"[\s,.;。(]{_WRONG}[\s,.;!。)]*$")
_HERE: Final = re.compile(
    r"(?<![预再未没不])(?:(?:客户)?(?:已经?|刚刚?|现在|今天)?(?:到访|到场|来访|到案场|到售楼[部处]|到现场)"
    r"|(?:已经?|刚刚?|正在|现在)带[看访]|(?<=[\s,.;。、)])带[看访])(?:了|中|登记)?"
    r"(?!时间|日期|人数|人|方式|[:=])(?=$|[\s,.;!。、\d]|今天|现在|刚)"
)
_HERE_FIRST: Final = re.compile(r"\s*(?:报备[\s:,]*)?[\[#]?(?:客户)?(?:带看|带访|到场|来访)(?:登记|报备|了)?[\s:,\]]*")
_TO_COME: Final = re.compile(
    r"明[天日早晚]|后天|周[一二三四五六日天末]|星期|礼拜|下周|预计|预约|计划|准备|打算|稍后|待会|等下|等会|一会|马上|晚点|即将|将|想|拟|未到|没到|取消|改期|改到|[吗?]|统计|记录"
    r"|今晚|今[天日](?!\s*(?:(?:上午|早上|中午|下午|傍晚|晚上)?\s*\d|已|刚|现在))|(?:上午|早上|中午|下午|傍晚|晚上)(?!\s*\d)"
)
_LONGEST_REST: Final = 24
_LONGEST_END: Final = 48
"""Words at the end of a text are looked for in so many characters, so that reading stays linear."""
_HINT: Final = re.compile(
    r"取消|作废|不(?:想|用)?报|撤|[吗么没谁否错另]|几号|哪天|多久|什么时候|到[访场案售现]|带[看访]|来访|更[正改]|修改|改一?下|纠正|勘误"
    r"|再(?:报|加)|能不能|可不可以|能报|可以报"
)
"""Without one of these a text says nothing of the kind."""
_MOMENT_BEFORE: Final = 16


def read_free(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> Meaning | None:
    """Return what a text says in free words of a report, None if it says nothing of the kind."""
    skeleton = reading.skeleton
    if not _HINT.search(skeleton):
        return None
    if _VISIT_OFF.search(skeleton) and not skeleton.lstrip().startswith("报备"):
        return Unknown(begins_like_command=True, calls_off_visit=True)
    return (
        _read("give_up", reading, phones, lexicon)
        or _read("query", reading, phones, lexicon)
        or _other_report(reading, phones, lexicon)
        or _arrival(reading, phones, lexicon)
    )


def _patterns(words: str, behind: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    lead = rf"\s*{GREETING}{ASKING_FOR}"
    return (
        re.compile(rf"{lead}{_IT}{words}{_END}"),
        re.compile(rf"{lead}(?:把)?{words}(?=[\s:,;.?!。、]|[rvd]?#?\d|[\u3400-\u9fff])"),
        re.compile(rf"(?:(?<=[\s,.;:。\d{TAKEN}])|(?<=的))(?:的?(?:客户|单子?|报备)?)?{behind}{_END}"),
    )


_PATTERNS: Final = {"give_up": _patterns(_GIVE_UP, _GIVE_UP_BEHIND), "query": _patterns(_ASK, _ASK)}


def _read(kind: str, reading: Reading, phones: list[Phone], lexicon: Lexicon) -> Command | None:
    skeleton = reading.skeleton[: without_thanks(reading.skeleton)]
    if kind == "give_up" and _NOT_OF_A_CLAIM.search(skeleton):
        return None
    alone, first, last = _PATTERNS[kind]
    if len(skeleton) <= _LONGEST_END and alone.fullmatch(skeleton):
        return Command(kind)
    for begin, end in _places(kind, skeleton, phones, first, last):
        found = read_arguments(kind, reading, begin, phones, lexicon, end)
        if not found.direct:
            continue
        # Nothing but an agent may stand beside the clients, and no number of another thing.
        left = found.plain.strip("?!. 的")
        left = re.sub(r"^(?:这个|这组|那个)?(?:的?(?:报备|客户|单子?|登记))?", "", left).strip()
        of_claims = all(not ref.startswith(("V", "D")) for ref in found.refs)
        named = all(is_name(word, lexicon) for word in re.split(r"[\s,;()]+", left) if word)
        if of_claims and len(left) <= _LONGEST_REST and named:
            return Command(kind, reports=tuple(found.reports), refs=tuple(found.refs))
    return None


def _places(
    kind: str, skeleton: str, phones: list[Phone], first: re.Pattern[str], last: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    """Yield where the client would have to stand: behind the words, or before them."""
    if head := first.match(skeleton):
        yield head.end(), len(skeleton)
    lead = re.match(rf"\s*(?:报备[\s:,]*)?{GREETING}{ASKING_FOR}", skeleton)
    begin = lead.end() if lead else 0
    if kind == "query" and "报备" in skeleton[:begin]:
        # A report with a question behind it is for the reader of reports to weigh.
        return
    blanked = blank(skeleton, [p for p in phones if p.end <= len(skeleton)], TAKEN)
    if tail := last.search(blanked, max(begin, len(blanked) - _LONGEST_END)):
        yield begin, tail.start()


def _without(reading: Reading, start: int, end: int) -> Reading:
    def cut(text: str) -> str:
        return text[:start] + " " * (end - start) + text[end:]

    return Reading(cut(reading.clean), cut(reading.skeleton))


def _other_report(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> ReportText | None:
    """另报 张三 … is a report of another client, 到访 … 明天 announces one, 更正 or 打错了 one that mends an earlier report (L22, L23)."""
    if phones and _TO_COME.search(reading.skeleton) and (head := _ANNOUNCED.match(reading.skeleton)):
        return _report_of(_without(reading, *head.span()), phones, lexicon, Intent.NONE)
    for intent, pattern in ((Intent.ANOTHER, _ANOTHER), (Intent.CORRECTION, _WRONG_FIRST)):
        if phones and (head := pattern.match(reading.skeleton, 0, phones[0].start)):
            return _report_of(_without(reading, *head.span()), phones, lexicon, intent)
    end = len(reading.skeleton) - _LONGEST_END
    if phones and (tail := _WRONG_LAST.search(reading.skeleton, max(end, phones[-1].end))):
        return _report_of(_without(reading, *tail.span()), phones, lexicon, Intent.CORRECTION)
    return None


def _report_of(reading: Reading, phones: list[Phone], lexicon: Lexicon, intent: Intent) -> ReportText | None:
    parsed = read_clients(reading, phones, lexicon)
    return replace(parsed, intent=intent) if parsed.reports else None


def _arrival(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> ReportText | None:
    """带看 张三 …, or 张三 … 到访: he is there, and the rules know whether that is a visit or a report (L15).

    It is called a report where somebody is named who brings him, a visit where nobody is.
    """
    good = [phone for phone in phones if not phone.faulty and not phone.loose]
    if not good or _TO_COME.search(reading.skeleton):
        return None
    head = _HERE_FIRST.match(reading.skeleton)
    place = head if head else _HERE.search(reading.skeleton, good[-1].end)
    if place is None:
        return None
    if head and not read_arguments("visit", reading, place.end(), phones, lexicon).direct:
        return None
    read = read_clients if head else read_report
    parsed = read(_without(reading, *place.span()), phones, lexicon)
    if not isinstance(parsed, ReportText) or not parsed.reports or parsed.faults:
        return None
    before = max(0 if head else good[-1].end, place.start() - _MOMENT_BEFORE)
    beside = ((place.end(), None), (before, place.start()))
    moments = [read_arguments("visit", reading, begin, phones, lexicon, end) for begin, end in beside]
    moment = next((m for m in moments if m.date or m.time), moments[0])
    return replace(parsed, arrival=Arrival(moment.date, moment.time))
