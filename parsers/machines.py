"""Texts that nobody typed: reactions of phones to a message, and what carriers tell of messages and calls.

They quote other texts, reports among them, so they are told before anything in them is read.
"""

import re
from typing import Final

from parsers.normalise import Reading
from parsers.trie import words_pattern

_QUOTED: Final = re.compile(r"([^“\"「『«„‘]{0,40})[“\"「『«„‘].*[”\"」』»“’]([^”\"」』»“’]{0,40})", re.DOTALL)
"""One quotation, from the first sign that opens one to the last that closes one, and what stands around it."""
_EMOJI: Final = r"[\u203c\u2049\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_REACTING: Final = (
    "liked loved disliked laughed emphasized emphasised questioned reacted "
    "like heart dislike laugh exclamation question reaction "
    "aimé adoré ri gustó encantó rió gefällt liebt lachte curtiu amou piace понравилось нравится "
    "赞 点赞 顶 踩 喜欢 喜爱 不喜欢 爱心 大笑 笑 逗笑 强调 质疑 疑问 问号 感叹号 回应 反应 表情"
)
_BESIDE: Final = (
    "to from at on in a an the mark removed added with n’a pas de se le me te no "
    "对 给 向 为 被 用 以 将 了 过 已 的 来 做出 作出 表示 标记 添加 移除 取消 删除 撤回 撤销 收回 发送"
)
_PART: Final = rf"(?:{words_pattern(f'{_REACTING} {_BESIDE}'.split())}|{_EMOJI}|[\s:：,，。.!])*+"
_ALL_PARTS: Final = re.compile(_PART)
_REACTS: Final = re.compile(rf"{words_pattern(_REACTING.split())}|{_EMOJI}")

_FORWARDED: Final = r"\s*(?:(?:转发?|fwd?|fw)\s*[::]?\s*)?(?:\[[^\]\n]{1,16}\]\s*)*"
_TEXT: Final = "(?:短信|信息|消息|彩信)"
_NOT_THERE: Final = "(?:(?:未能?|没有?|无法|不能)送达|(?:送达|投递|发送)失败|发送不成功|未发送成功|未能?发送|未成功|未能成功|被拒收|被拦截|被?退回)"
_WHOSE: Final = (
    r"(?:尊敬的\S{1,6}[,:!]?\s?)?(?:您好[,!]?\s?)?[您你](?:方)?(?:于[^\n]{1,20}?|刚才|刚刚|在[^\n]{1,20}?)?(?:已)?发"
)
_QUOTATION: Final = r"[“\"「'][\s\S]{0,600}?[”\"」']"
_BOUNCE: Final = re.compile(
    rf"{_FORWARDED}(?:{_WHOSE}[^\n,。;!?]{{0,30}}?{_TEXT}(?:\s?[:：]?\s?{_QUOTATION})?[^\n0-9]{{0,16}}?{_NOT_THERE}"
    rf"|{_TEXT}{_NOT_THERE}|短信?发送失败"
    r"|(?:your |the )?(?:text |sms )?message(?: to [^\n]{1,24}?)? ?"
    r"(?:(?:was|is|has|could|can)(?: ?not|n't)(?: been| be)? (?:delivered|sent)"
    r"|failed to (?:be )?(?:send|sent|deliver|delivered)|undelivered|not delivered|delivery failed)"
    r"|undelivered\b|delivery (?:failed|failure)|unable to (?:send|deliver)(?: your| the)? message)"
)
_CALL: Final = re.compile(
    rf"{_FORWARDED}[您你](?:刚才|刚刚|之前)?(?:呼叫|拨打|联系)的[^\n]{{0,40}}?(?:开机|接通|关机|停机|空号|无法)"
    r"|\s*\[(?:来电提醒|漏话提醒|来电名片|来电管家|来电助手|短信呼|电话秘书)[^\]\n]{0,8}\]"
)
_OWN_LINE: Final = re.compile(r"[^\n:“\"「]*\n\s*(?=\S)")


def is_reaction(reading: Reading) -> bool:
    """Tell whether a text is a word and one quotation, nothing else: how a phone tells that somebody liked a message."""
    quoted = _QUOTED.fullmatch(reading.clean.casefold().strip())
    if quoted is None:
        return False
    around = f"{quoted[1]} {quoted[2]}"
    return bool(_ALL_PARTS.fullmatch(around) and _REACTS.search(around))


def behind_notice(reading: Reading) -> Reading | None:
    """Return what stands in lines of its own behind a carrier's notice, blank where nothing does; None without a notice.

    Whoever forwards one may have written below it.
    """
    notice = _BOUNCE.match(reading.skeleton) or _CALL.match(reading.skeleton)
    if notice is None:
        return None
    own = _OWN_LINE.match(reading.skeleton, notice.end())
    cut = own.end() if own else len(reading.skeleton)
    return Reading(reading.clean[cut:], reading.skeleton[cut:])
