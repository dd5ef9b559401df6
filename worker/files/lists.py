"""Lists from outside, as spreadsheets save them: the roster and a running 登记表 (K4; R26; “Going live”)."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from parsers.mask import mask_numbers
from parsers.numbers import to_e164
from worker.rules.identity import unit_key
from worker.rules.model import UNIT_KINDS

ROSTER_COLUMNS = {
    "name": ("name", "姓名", "业务员"),
    "phone": ("phone", "电话", "手机", "手机号"),
    "unit": ("unit", "单位", "分销单位", "公司"),
    "kind": ("kind", "类别", "类型"),
    "from": ("from", "起", "开始"),
    "to": ("to", "止", "结束"),
    "aliases": ("aliases", "别名"),
    "unit_aliases": ("unit_aliases", "单位别名"),
}
REGISTER_COLUMNS = {
    "client": ("client", "客户", "客户姓名"),
    "phone": ("phone", "电话", "客户电话"),
    "agent": ("agent", "业务员"),
    "unit": ("unit", "单位", "分销单位"),
    "reported_at": ("reported_at", "报备时间"),
    "visited_at": ("visited_at", "到访时间"),
}
OPTIONAL = ("kind", "from", "to", "aliases", "unit_aliases", "visited_at")
KINDS_IN_CHINESE = {
    "公司业务部": "own",
    "自有": "own",
    "分销": "distributor",
    "分销商": "distributor",
    "老带新": "referral",
}


class ListError(ValueError):
    """Lines that cannot be taken: nothing of the file is; `lines` has (number, sentence) for each."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        """Keep the bad lines."""
        super().__init__("; ".join(f"line {number}: {sentence}" for number, sentence in lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Checks:
    """What lines are checked against: the site's region and zone, its units (key → kind), and the present moment."""

    region: str
    zone: ZoneInfo
    units: Mapping[str, str]
    now: datetime


def read_roster(path: Path, checks: Checks) -> list[dict[str, Any]]:
    """Return the people of a roster file as a set-up message takes them; raises ListError naming each bad line."""
    kinds = dict(checks.units)
    return _read(path, ROSTER_COLUMNS, lambda cells: _person(cells, checks, kinds))


def read_register(path: Path, checks: Checks) -> list[dict[str, Any]]:
    """Return the rows of a running register, clients masked; raises ListError naming each bad line."""
    return _read(path, REGISTER_COLUMNS, lambda cells: _row(cells, checks))


def _read(
    path: Path, columns: Mapping[str, tuple[str, ...]], take: Callable[[Mapping[str, str]], dict[str, Any]]
) -> list[dict[str, Any]]:
    lines = _lines(path)
    _, header = next(lines, (1, []))
    names = _header(header, columns)
    taken, bad = [], []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            given = {name: cells[i].strip() if i < len(cells) else "" for name, i in names.items()}
            taken.append(take(given))
        except ValueError as error:
            bad.append((number, str(error)))
    if bad:
        raise ListError(bad)
    if not taken:
        raise ListError([(1, "the file has no lines below its header")])
    return taken


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of the line that it ends on."""
    rows = csv.reader(io.StringIO(_decoded(path), newline=""))
    try:
        for cells in rows:
            yield rows.line_num, cells
    except csv.Error as error:
        raise ListError([(rows.line_num, f"this is no CSV ({error})")]) from error


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListError([(1, "the file is neither UTF-8 nor GB18030; save it as CSV UTF-8")])


def _header(cells: Iterable[str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    found = [cell.strip().lower() for cell in cells]
    names = {name: found.index(word) for name, words in columns.items() for word in words if word in found}
    missing = [name for name in columns if name not in names and name not in OPTIONAL]
    if missing:
        raise ListError([(1, f"the header lacks {', '.join(missing)}; it is: {','.join(columns)}")])
    return names


def _needed(cells: Mapping[str, str], *names: str) -> None:
    if missing := [name for name in names if not cells.get(name)]:
        raise ValueError(f"{', '.join(missing)} is empty")


def _person(cells: Mapping[str, str], checks: Checks, kinds: dict[str, str]) -> dict[str, Any]:
    _needed(cells, "name", "phone", "unit")
    key = unit_key(cells["unit"])
    written = KINDS_IN_CHINESE.get(cells.get("kind", ""), cells.get("kind", ""))
    kind = written or kinds.get(key, "distributor")
    if kind not in UNIT_KINDS:
        raise ValueError(f"kind is one of {', '.join(UNIT_KINDS)}, not “{written}”")
    if kinds.setdefault(key, kind) != kind:
        raise ValueError(f"{cells['unit']} is {kinds[key]} already, not {kind}")
    person: dict[str, Any] = {
        "name": cells["name"],
        "phone": to_e164(cells["phone"], checks.region),
        "unit": cells["unit"],
        "kind": kind,
    }
    person |= {name: _day(cells[name]) for name in ("from", "to") if cells.get(name)}
    if "to" in person and person.get("from", "") > person["to"]:
        raise ValueError("from lies behind to")
    # In the line `aliases` are the unit's, as they were when only units had any.
    for key, column in (("called", "aliases"), ("aliases", "unit_aliases")):
        names = [a.strip() for a in re.split(r"[;；、|]", cells.get(column, "")) if a.strip()]
        person |= {key: names} if names else {}
    return person


def _day(written: str) -> str:
    try:
        year, month, day = (int(part) for part in re.split(r"[-/.年月]", written.rstrip("日")))
        return date(year, month, day).isoformat()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"“{written}” is no day; write 2026-11-01") from error


def _row(cells: Mapping[str, str], checks: Checks) -> dict[str, Any]:
    _needed(cells, "client", "phone", "unit", "reported_at")
    digits = re.sub(r"\D", "", mask_numbers(cells["phone"], checks.region).removeprefix("+86"))
    if len(digits) != 7:
        raise ValueError("phone must have the first 3 and last 4 digits, as 138****5678")
    if unit_key(cells["unit"]) not in checks.units:
        raise ValueError(f"{cells['unit']} is not among the site's units; import its roster first")
    reported = _moment(cells["reported_at"], checks)
    # A number may stand in any cell; none is kept whole.
    words = {name: mask_numbers(cells[name], checks.region) for name in ("client", "agent", "unit")}
    row = words | {"first3": digits[:3], "last4": digits[3:], "reported_at": reported.isoformat()}
    if cells.get("visited_at"):
        visited = _moment(cells["visited_at"], checks)
        if visited < reported:
            raise ValueError("visited_at lies before reported_at")
        row["visited_at"] = visited.isoformat()
    return row


def _moment(written: str, checks: Checks) -> datetime:
    try:
        plain = re.sub(r"[/.年月]", "-", written.replace("日", "")).replace("T", " ")
        day, _, clock = plain.partition(" ")
        year, month, of_month = (int(part) for part in day.split("-"))
        hour, minute, second = [*(int(part) for part in (clock or "0:0").split(":")), 0][:3]
        local = datetime(year, month, of_month, hour, minute, second, tzinfo=checks.zone)
        moment = local.astimezone(checks.now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"“{written}” is no time; write 2026-11-02 10:00") from error
    if moment > checks.now:
        raise ValueError(f"{written} lies in the future")
    return moment
