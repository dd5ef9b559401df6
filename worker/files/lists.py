"""Lists from outside, as spreadsheets save them: the roster and a running 登记表 (K4; R26; “Going live”)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from parsers.mask import mask_numbers
from parsers.numbers import to_mobile
from parsers.phones import one_phone
from worker.errors import N_, SetUpError
from worker.files.cells import day_in, moment_in
from worker.files.tables import Column, TableRow, take_table
from worker.rules.identity import unit_key
from worker.rules.model import UNIT_KINDS

ROSTER_COLUMNS = {
    "name": Column(("name", "full name", "agent", "姓名", "业务员", "业务员姓名", "经纪人", "经纪人姓名")),
    "phone": Column(
        ("phone", "mobile", "电话", "手机", "手机号", "手机号码", "电话号码", "联系电话", "业务员电话", "经纪人电话")
    ),
    "unit": Column(("unit", "company", "单位", "单位名称", "分销单位", "分销公司", "公司", "公司名称", "所属公司")),
    "kind": Column(("kind", "kind of unit", "类别", "类型", "单位类别"), optional=True),
    "from": Column(("from", "first day", "起", "开始", "开始日期", "起始日期", "生效日期"), optional=True),
    "to": Column(("to", "last day on the list", "止", "结束", "结束日期", "截止日期", "终止日期"), optional=True),
    "aliases": Column(("aliases", "further names", "别名"), optional=True),
    "unit_aliases": Column(("unit_aliases", "further names of the unit", "单位别名"), optional=True),
}
REGISTER_COLUMNS = {
    "client": Column(("client", "客户", "客户姓名", "客户名称")),
    "phone": Column(
        (
            "phone",
            "client's phone",
            "电话",
            "客户电话",
            "客户手机",
            "客户手机号",
            "客户联系电话",
            "客户电话号码",
            "手机号",
        )
    ),
    "agent": Column(("agent", "业务员", "业务员姓名", "经纪人", "经纪人姓名", "报备人")),
    "unit": Column(("unit", "company", "单位", "单位名称", "分销单位", "分销公司", "公司", "所属公司")),
    "reported_at": Column(("reported_at", "报备时间", "报备日期", "登记时间")),
    "visited_at": Column(("visited_at", "到访时间", "到访日期", "来访时间", "带看时间"), optional=True),
}
KINDS_IN_CHINESE = {
    "公司业务部": "own",
    "自有": "own",
    "分销": "distributor",
    "分销商": "distributor",
    "老带新": "referral",
}
LISTED_OTHERWISE = N_("line %(line)s lists %(phone)s as %(name)s, %(unit)s, otherwise than here; keep one of the two")
LISTED_TWICE = N_(
    "line %(line)s lists %(phone)s as %(name)s, %(unit)s, and this one as %(here)s, %(here_unit)s; "
    "a phone is one person's of one unit: keep one"
)


@dataclass(frozen=True, slots=True)
class Checks:
    """What lines are checked against: the site's region and zone, its units (key → kind), staff, and the moment."""

    region: str
    zone: ZoneInfo
    units: Mapping[str, str]
    now: datetime
    staff: Mapping[str, str] = field(default_factory=dict)
    """phone → role: a phone has one role at a time (B32)"""
    number: str = ""
    """the site's own"""
    unit_names: Mapping[str, str] = field(default_factory=dict)
    """what each name and further name of a unit (as key) means: the unit's name"""


def read_roster(raw: bytes, checks: Checks) -> list[dict[str, Any]]:
    """Return the people of a roster file as a set-up message takes them; raises ListError naming each bad line."""
    kinds = dict(checks.units)
    known: dict[str, tuple[int, dict[str, Any]]] = {}
    named = dict(checks.unit_names)

    def take(row: TableRow) -> dict[str, Any]:
        person = roster_person(row.cells, checks, kinds)
        _check_unit_names(person, named)
        number, other = known.setdefault(person["phone"], (row.number, person))
        if other != person:
            said = {"line": number} | {key: other[key] for key in ("phone", "name", "unit")}
            if (person["name"], person["unit"]) == (other["name"], other["unit"]):
                raise SetUpError(LISTED_OTHERWISE, **said)
            raise SetUpError(LISTED_TWICE, **said, here=person["name"], here_unit=person["unit"])
        return person

    people = take_table(raw, ROSTER_COLUMNS, take)
    return list({person["phone"]: person for person in people}.values())


def read_register(raw: bytes, checks: Checks) -> list[dict[str, Any]]:
    """Return the rows of a running register, clients masked; raises ListError naming each bad line."""
    return take_table(raw, REGISTER_COLUMNS, lambda row: _row(row.cells, checks))


def _needed(cells: Mapping[str, str], *names: str) -> None:
    if missing := [name for name in names if not cells.get(name)]:
        raise SetUpError(N_("%(columns)s is empty"), columns=", ".join(missing))


def roster_person(cells: Mapping[str, str], checks: Checks, kinds: dict[str, str]) -> dict[str, Any]:
    """Return a person as a set-up message takes him, of the cells of ROSTER_COLUMNS; raises ValueError.

    `kinds` are those of the units (by key) that are known by now; a new unit's is added.
    """
    _needed(cells, "name", "phone", "unit")
    # A client's number may stand in any cell but that of the agent's own phone; none is kept whole (L14).
    cells = {name: cell if name == "phone" else mask_numbers(cell, checks.region) for name, cell in cells.items()}
    key = unit_key(cells["unit"])
    written = KINDS_IN_CHINESE.get(cells.get("kind", ""), cells.get("kind", ""))
    kind = written or kinds.get(key, "distributor")
    if kind not in UNIT_KINDS:
        said = N_("kind is one of %(kinds)s, not “%(written)s”")
        raise SetUpError(said, kinds=", ".join(UNIT_KINDS), written=written)
    if kinds.setdefault(key, kind) != kind:
        raise SetUpError(
            N_("%(unit)s is %(known)s already, not %(kind)s"), unit=cells["unit"], known=kinds[key], kind=kind
        )
    person: dict[str, Any] = {
        "name": cells["name"],
        "phone": _agents_phone(cells["phone"], checks),
        "unit": cells["unit"],
        "kind": kind,
    }
    person |= {name: day_in(cells[name]).isoformat() for name in ("from", "to") if cells.get(name)}
    if "to" in person and person.get("from", "") > person["to"]:
        raise SetUpError(N_("from lies behind to"))
    # In the line `aliases` are the unit's, as they were when only units had any.
    for key, column in (("called", "aliases"), ("aliases", "unit_aliases")):
        names = [a.strip() for a in re.split(r"[;；、|]", cells.get(column, "")) if a.strip()]
        person |= {key: names} if names else {}
    return person


def _check_unit_names(person: Mapping[str, Any], named: dict[str, str]) -> None:
    """Raise SetUpError for a further name of a unit that means another one; `named` learns those that are new."""
    unit = named.setdefault(unit_key(person["unit"]), person["unit"])
    for alias in person.get("aliases", ()):
        if named.setdefault(unit_key(alias), unit) != unit:
            said = N_("“%(alias)s” is a name of %(other)s already, so it cannot be one of %(unit)s")
            raise SetUpError(said, alias=alias, other=named[unit_key(alias)], unit=unit)


def _agents_phone(cell: str, checks: Checks) -> str:
    """Return an agent's phone in E.164; raises ValueError for one that is none, or nobody's but the site's (B32)."""
    phone = to_mobile(cell, checks.region)
    if phone == checks.number:
        raise SetUpError(N_("%(phone)s is the site's own number for texts"), phone=phone)
    if phone in checks.staff:
        said = N_("%(phone)s is staff of this site, and a phone has one role at a time; take that role away first")
        raise SetUpError(said, phone=phone)
    return phone


def _row(cells: Mapping[str, str], checks: Checks) -> dict[str, Any]:
    _needed(cells, "client", "phone", "unit", "reported_at")
    phone = one_phone(cells["phone"], checks.region)
    if phone is None:
        raise SetUpError(N_("phone must have the first 3 and last 4 digits of one mobile, as 138****5678"))
    if unit_key(cells["unit"]) not in checks.units:
        said = N_("%(unit)s is not among the site's units; import its roster first")
        raise SetUpError(said, unit=cells["unit"])
    reported = _past(cells["reported_at"], checks)
    # A number may stand in any cell; none is kept whole.
    words = {name: mask_numbers(cells[name], checks.region) for name in ("client", "agent", "unit")}
    row = words | {"first3": phone.first3, "last4": phone.last4, "reported_at": reported.isoformat()}
    if cells.get("visited_at"):
        visited = _past(cells["visited_at"], checks)
        if visited < reported:
            raise SetUpError(N_("visited_at lies before reported_at"))
        row["visited_at"] = visited.isoformat()
    return row


def _past(cell: str, checks: Checks) -> datetime:
    moment = moment_in(cell, checks.zone).astimezone(checks.now.tzinfo)
    if moment > checks.now:
        raise SetUpError(N_("%(cell)s lies in the future"), cell=cell)
    return moment
