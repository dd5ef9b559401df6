"""Texts that the page's phones offer to send, by the role of who holds the phone. All names and numbers are made up.

13800138000 is a telephone company's service number: nobody's own.
"""

from typing import NamedTuple

from webhook.language import _l


class Chip(NamedTuple):
    """A button that fills the input: each press takes the next of its texts."""

    label: str
    texts: tuple[str, ...]


_NEW = (
    "报备 张三 138****5678",
    "报备 欧阳明 186****9012",
    "刘先生 139****2468",
    "报备 陈晓梅 150****7731",
    "客户姓名：黄志强\n客户电话：177****0426",
    "报备 买买提·艾力 131****6620",
    "周太太 158xxxx3907",
    "报备 林海 199****8815",
)
_QUERY = Chip("查", ("查 张三 138****5678", "查 R1"))
_HELP = Chip("？", ("?",))

_VISIT = Chip("到访", ("到访 张三 138****5678", "到访 欧阳明 186****9012 14:30"))
_SIGN = Chip("签", ("签", "签 全部", "签 V1"))
_ALONE = Chip("自访", ("自访 张三 138****5678 李四", "自访 刘先生 139****2468"))

_AGENT = (
    Chip("报备", _NEW),
    _QUERY,
    Chip("跟进", ("跟进 张三 138****5678 电话沟通", "跟进 R1 微信约看房")),
    _VISIT,
    _SIGN,
    Chip("异议", ("异议 张三 138****5678 上月由我带看",)),
    Chip("材料", ("材料 D1 短信 约看房", "材料 D1 客户签字书面证明")),
    Chip(_l("Two clients"), ("报备 客户信息：何先生186****9812 李女士187****2904",)),
    Chip(_l("No number"), ("报备 王五",)),
    Chip(_l("Full number"), ("报备 赵敏 13800138000",)),
    Chip("撤", ("撤 R1",)),
    _HELP,
)
_MANAGER = (
    _QUERY,
    _VISIT,
    _SIGN,
    _ALONE,
    Chip("团报", ("团报 郑丽\n张太太 138****2211\n吴先生 139****4477",)),
    Chip("判", ("判 R2 有效", "判 R2 重复", "判 V1 有效")),
    Chip("定金", ("定金 R1", "首付 R1", "退定 R1")),
    Chip("裁定", ("裁定 D1 链家", "裁定 D1 现场")),
    Chip("亲属", ("亲属 R1 李梅 139****5678 夫妻 结婚证",)),
    Chip("更正", ("更正 R1 139****5678 客户签字书面证明",)),
    Chip("撤", ("撤 R1",)),
    _HELP,
)
_CONSULTANT = (_QUERY, _VISIT, _SIGN, _ALONE, Chip("跟进", ("跟进 R1 电话沟通",)), _HELP)
_SERVICE = (
    _QUERY,
    Chip("核实", ("核实 V1 是", "核实 V1 否")),
    Chip("材料", ("材料 D1 链家 通话记录 李四",)),
    Chip("意见", ("意见 D1 材料齐全，支持链家",)),
    _HELP,
)
_STRANGER = (
    Chip("报备", ("张三 138****5678 王五 贝壳", "报备 张三 138****5678")),
    Chip(_l("Chat"), ("你好，请问这个楼盘还有房吗？",)),
    _HELP,
)

CHIPS = {"agent": _AGENT, "manager": _MANAGER, "consultant": _CONSULTANT, "service": _SERVICE, "other": _STRANGER}
