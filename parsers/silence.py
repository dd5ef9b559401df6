"""Texts that are recorded and not answered: courtesies, adverts, codes, automatic answers, our own words come back."""

import re
from typing import Final

from parsers.normalise import Reading
from parsers.phones import Phone

_STOP: Final = frozenset(
    ["td", "t", "退订", "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "取消订阅", "n"]
)
_START: Final = frozenset(["start", "unstop", "yes", "订阅", "恢复订阅"])
_COURTESY: Final = re.compile(
    r"(?:(?:好的?|收到|谢谢|感谢|多谢|辛苦|了|您|你|哈|呀|啊|哦|嗯|是的|明白|知道|了解|没问题|可以|行|ok|okay|thanks?|you|thx|1|\+1|客气|不客气|早|早上好|晚上好|"
    r"下午好|上午好|中午好|在吗|再见|拜拜|👌|👍|🙏|[\s,.!~，。！?]))+"
)
_AFFIRMS: Final = frozenset(["是", "是的", "对", "对的"])
_WITHOUT_CODE: Final = re.compile(r"我?(?:再次)?(?:确认|确定)(?:了|的|撤回?|撤销|办理|无误)?|confirm(?:ed)?")
"""Said instead of an act's code (L5); what a report's answer asks about takes 是 or 对 only (L21, L24)."""
DECLINES: Final = re.compile(
    r"(?:(?:那|还是|就|先)[\s,]*)*(?:否|不是|不|no|算了(?:吧|不[撤改转判定退办]了?)?|作罢|never ?mind"
    r"|(?:不|别|不用|不要|先不|暂不|暂时不)(?:撤|改|转|延|判|定|退|办)(?:回|销|单|了|吧)*|不(?:用|要|弄|做)了)"
)
"""The whole of a text that drops the act which waits for its code (L5); 不报了 gives a report up and is none."""
_AUTOMATIC: Final = re.compile(
    r"\[?自动回复|自动应答|我现在有事不在|我正在开会|正在驾驶|auto(?:matic)?[ -]?reply|out of office|稍后(?:再)?(?:与|跟|和)您联系"
)
_CODE: Final = re.compile(r"验证码|校验码|动态密码|verification code|动态码|登录码|一次性密码")
_ADVERT: Final = re.compile(
    r"退订|回复?td|回t|拒收请|点击链接|https?://|www\.|优惠券|贷款.{0,8}(?:额度|利率|秒)|中奖|免费领|加微信.{0,6}领|限时|办证|开发票|代开|理财|促销|红包"
)
_OURS: Final = re.compile(
    r"^\s*(?:\[[^\]\n]{1,12}\])?\s*(?:报备成功:|报备无效|续报成功|您已报备|已报备|疑似重号|未登记[::]|请核对[::]|已更正|更正后重号|更正[::]r\d|新报备[::]|名单外报备|迟到报备|已撤回|registered:|not registered|"
    r"同事\S{1,12}已报备|already yours|"
    r"[rv]\d{1,9}(?:到访|已签字|信息不一致|自访|请核实|现场客|团报成功|待您签字|判定)|待您签字\d|"
    r"[rv]\d{1,9} (?:visit|signed|walk-in|group|to sign|valid|not valid)\b|\d+ to sign\b)"
)
_OURS_INSIDE: Final = re.compile(r"有效期?至[^\n]{3,24}\d[:点]\d\d|已转公共资源|重复报备不顺延|已被先报备")


def begins_like_ours(skeleton: str) -> bool:
    """Tell whether a text begins as a reply of ours does."""
    return _OURS.search(skeleton) is not None


def silent_kind(reading: Reading, phones: list[Phone]) -> str | None:
    """Return courtesy, advert, code, automatic, echo, stop, start, affirm, assent or decline; None for what may want an answer."""
    skeleton = reading.skeleton
    whole = skeleton.strip(" \n。.!,")
    if whole in _STOP:
        return "stop"
    if whole in _START:
        return "start"
    if whole in _AFFIRMS:
        return "affirm"
    if _WITHOUT_CODE.fullmatch(whole):
        return "assent"
    if DECLINES.fullmatch(whole):
        return "decline"
    if len(whole) < 40 and _COURTESY.fullmatch(reading.clean.casefold().strip()):
        return "courtesy"
    if begins_like_ours(skeleton):
        return "echo"
    if any(not phone.was_full for phone in phones):
        # A report may stand beside such words: whoever weighs the whole text decides.
        return None
    kinds = (("automatic", _AUTOMATIC), ("code", _CODE), ("echo", _OURS_INSIDE))
    found = next((kind for kind, pattern in kinds if pattern.search(skeleton)), None)
    return found or ("advert" if not phones and _ADVERT.search(skeleton) else None)
