"""Texts that the sandbox's phones offer to send, by the role of who holds the phone. All names and numbers are made up.

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

_AGENT = (
    Chip("报备", _NEW),
    _QUERY,
    Chip(_l("Two clients"), ("报备 客户信息：何先生186****9812 李女士187****2904",)),
    Chip(_l("No number"), ("报备 王五",)),
    Chip(_l("Full number"), ("报备 赵敏 13800138000",)),
    Chip("撤", ("撤 R1",)),
    _HELP,
)
_MANAGER = (_QUERY, Chip("判", ("判 R2 有效", "判 R2 重复")), Chip("撤", ("撤 R1",)), _HELP)
_STAFF = (_QUERY, _HELP)
_STRANGER = (
    Chip("报备", ("张三 138****5678 王五 贝壳", "报备 张三 138****5678")),
    Chip(_l("Chat"), ("你好，请问这个楼盘还有房吗？",)),
    _HELP,
)

CHIPS = {"agent": _AGENT, "manager": _MANAGER, "consultant": _STAFF, "service": _STAFF, "other": _STRANGER}
