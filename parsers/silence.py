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
    r"(?:(?:好的?|收到|谢谢|感谢|多谢|辛苦|了|您|你|哈|呀|啊|哦|嗯|是的|明白|知道|了解|没问题|可以|行|ok|okay|thanks?|thank|you|thx|1|\+1|哈哈|客气|不客气|早|早上好|晚上好|"
    r"下午好|上午好|中午好|你好|您好|在吗|再见|拜拜|👌|👍|🙏|[\s,.!~，。！?]))+"
)
_AFFIRMS: Final = frozenset(["是", "是的", "对", "对的"])
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
    r"[rv]\d{1,9} (?:visit|signed|walk-in|group|to sign|valid|not valid)\b|\d+ to sign\b)|有效期?至[^\n]{3,24}\d[:点]\d\d|已转公共资源|重复报备不顺延|已被先报备"
)
_NOT_REPORT: Final = re.compile(
    r"报备格式|格式(?:报备|是什么|如下|如何|怎么)|按(?:此|照|以下|这个)[^\n]{0,6}格式|例如|举例|示例|模板|怎么报备|如何报备|取消报备|不来了|取消(?:到访|带看|预约)|作废|"
    r"[\s,;。▒0-9](?:申请)?(?:撤|撤回|撤销|撤单|取消)(?:报备|了|吧|一下)*[\s。.!]*$|"
    r"争议|归属(?!地)[^\n:=]{0,6}(?:哪|谁|链|链家|我|应|问题)|应归属|申诉|异议|是谁报|谁报的|谁的客户|帮(?:我|忙)?查|查一下|查询|能否查|有没有报备|是否(?:已)?报备|报备了吗|报备成功了?吗|"
    r"还在有效期|多久到期|什么时候到期|已(?:经)?(?:认购|成交|签约|交定金|付定金|交首付|下定|认筹|到访)|昨天已?认购|恭喜|战报|开单|业绩|排名|通报|今日(?:报备|到访)\d|"
    r"名单(?:如下|更新|已|新增|调整)|新增(?:分销|业务员|人员)|加入名单|离职|入职|人员变动|培训|开会|会议|通知[:：]|各(?:分销|位|单位)|请各|大家注意|提醒[:：]|"
    r"跟进(?:情况|记录|反馈|了)|回访|再次到访|客户(?:已|已经)到|已到(?:访|场|案场|售楼)|正在(?:看房|来)|在路上|改期|改到|改约|推迟|延期到"
)


def silent_kind(reading: Reading, phones: list[Phone]) -> str | None:
    """Return courtesy, advert, code, automatic, echo, stop, start or affirm; None for what may want an answer."""
    skeleton = reading.skeleton
    whole = skeleton.strip(" \n。.!,")
    if whole in _STOP:
        return "stop"
    if whole in _START:
        return "start"
    if whole in _AFFIRMS:
        return "affirm"
    if len(whole) < 40 and _COURTESY.fullmatch(reading.clean.casefold().strip()):
        return "courtesy"
    if _AUTOMATIC.search(skeleton):
        return "automatic"
    if _CODE.search(skeleton):
        return "code"
    if _OURS.search(skeleton):
        return "echo"
    return "advert" if not phones and _ADVERT.search(skeleton) else None


def is_other_business(reading: Reading) -> bool:
    """Tell whether a text speaks of reports rather than being one: questions, cancellations, disputes, notices."""
    return bool(_NOT_REPORT.search(reading.skeleton))
