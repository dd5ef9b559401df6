"""What became of a text, in words for pages; `tone` picks the colour (good, warn, bad, info, quiet)."""

from typing import NamedTuple


class CodeWords(NamedTuple):
    """A code for people."""

    words: str
    tone: str


WAITING = CodeWords("等待判定", "quiet")

CODES = {
    "accepted": CodeWords("报备成功", "good"),
    "renewed": CodeWords("续期成功", "good"),
    "unlisted": CodeWords("成功 · 未在名单", "warn"),
    "suspected": CodeWords("疑似重号", "warn"),
    "contested": CodeWords("先后有争议", "warn"),
    "duplicate_own": CodeWords("本人已报备", "info"),
    "duplicate_unit": CodeWords("同事已报备", "info"),
    "duplicate_other": CodeWords("已被先报备", "bad"),
    "expired": CodeWords("已过期", "quiet"),
    "confirm_code": CodeWords("待确认", "warn"),
    "followed_up": CodeWords("已跟进", "good"),
    "visit_opened": CodeWords("到访开单", "info"),
    "signed": CodeWords("已签字", "good"),
    "visit_confirmed": CodeWords("到访确认", "good"),
    "visit_void": CodeWords("到访作废", "bad"),
    "mismatch": CodeWords("信息不一致", "warn"),
    "walkin_asked": CodeWords("待客服核实", "warn"),
    "own_arrival": CodeWords("自行到访", "good"),
    "walkin": CodeWords("现场客", "info"),
    "withdrawn": CodeWords("已撤回", "quiet"),
    "status": CodeWords("查询", "info"),
    "deal_recorded": CodeWords("成交登记", "good"),
    "dispute_opened": CodeWords("异议立案", "warn"),
    "evidence_recorded": CodeWords("材料已收", "info"),
    "opinion_recorded": CodeWords("意见已收", "info"),
    "dispute_decided": CodeWords("争议裁定", "good"),
    "family_linked": CodeWords("亲属关联", "info"),
    "settled": CodeWords("已裁定", "good"),
    "group_reported": CodeWords("团报成功", "good"),
    "corrected": CodeWords("已更正", "info"),
    "sign_list": CodeWords("待签清单", "info"),
    "sign_reminder": CodeWords("催签", "info"),
    "help": CodeWords("帮助", "info"),
    "refused_not_a_report": CodeWords("不是报备", "bad"),
    "refused_full_phone_given": CodeWords("给了完整号码", "bad"),
    "refused_bad_phone": CodeWords("号码有误", "bad"),
    "refused_missing_phone": CodeWords("缺客户电话", "bad"),
    "refused_missing_name": CodeWords("缺客户姓名", "bad"),
    "refused_missing_agent": CodeWords("缺业务员", "bad"),
    "refused_unreadable": CodeWords("无法识别", "bad"),
    "refused_unknown_sender": CodeWords("不在名单", "bad"),
    "refused_other_unit": CodeWords("别家单位", "bad"),
    "refused_role": CodeWords("无权办理", "bad"),
    "refused_not_found": CodeWords("查无此客", "bad"),
    "refused_ambiguous": CodeWords("尾号不唯一", "bad"),
    "refused_late": CodeWords("已过时限", "bad"),
    "refused_invalid": CodeWords("内容有误", "bad"),
    "refused_not_yet": CodeWords("尚未开通", "bad"),
    "opted_out": CodeWords("停收通知", "quiet"),
    "opted_in": CodeWords("恢复通知", "quiet"),
    "echo": CodeWords("回声，不答", "quiet"),
    "not_a_report": CodeWords("不是报备，不答", "quiet"),
    "unreadable": CodeWords("无法识别，不答", "quiet"),
    "ignored": CodeWords("不答", "quiet"),
    "courtesy": CodeWords("客套，不答", "quiet"),
    "advert": CodeWords("广告，不答", "quiet"),
    "code": CodeWords("验证码，不答", "quiet"),
    "automatic": CodeWords("自动回复，不答", "quiet"),
}

KINDS = {
    "site": CodeWords("案场开通", "quiet"),
    "policy": CodeWords("规则设定", "quiet"),
    "staff": CodeWords("人员设定", "quiet"),
    "unit": CodeWords("单位设定", "quiet"),
    "roster": CodeWords("名单更新", "quiet"),
    "unlist": CodeWords("名单移除", "quiet"),
    "import": CodeWords("旧登记导入", "quiet"),
}


def words_of(kind: str, code: str | None) -> CodeWords:
    """Return the words for an outcome: of a set-up message its kind's, of a text its code's, None while undecided."""
    if kind in KINDS:
        return KINDS[kind]
    if code is None:
        return WAITING
    return CODES.get(code, CodeWords(code.replace("_", " "), "bad" if code.startswith("refused_") else "quiet"))
