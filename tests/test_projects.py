"""Which developments a text names, and which known one a name as written means (L25)."""

import pytest

from parsers.message import Lexicon
from parsers.parse import parse
from parsers.projects import known_project

SITES = frozenset({"翡翠湾", "云栖府", "Jade Bay", "江湾城", "山和院"})
LEXICON = Lexicon(units=frozenset({"链家", "江湾城"}), sites=SITES)


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        ("报备 张三 138****5678 李四", ()),
        ("报备 云栖府 王芳 139****2223 李四", ("云栖府",)),
        ("报备云栖府 王芳 139****2223 李四", ("云栖府",)),
        ("云栖府报备 王芳 139****2223 李四", ("云栖府",)),
        ("云栖府案场 王芳 139****2223 李四", ("云栖府案场",)),
        ("【云栖府】报备 王芳 139****2223 李四", ("云栖府",)),
        ("报备 云栖府、翡翠湾 王芳 139****2223 李四", ("云栖府", "翡翠湾")),
        ("王芳 139****2223 李四\n云栖府", ("云栖府",)),
        ("report JADE BAY Wang Fang 139****2223 Li Si", ("JADE BAY",)),
        ("报备项目：云栖府\n客户：王芳\n电话：139****2223\n业务员：李四", ("云栖府",)),
        ("【报备项目】云栖府\n客户：王芳\n电话：139****2223\n业务员：李四", ("云栖府",)),
        ("项目：jade bay 客户：王芳 电话：139****2223 业务员：李四", ("jade bay",)),
        ("楼盘：龙湖春江，客户：王芳，139****2223，李四", ("龙湖春江",)),
        ("项目：云栖府/翡翠湾\n客户：王芳\n电话：139****2223\n业务员：李四", ("云栖府", "翡翠湾")),
        ("项目：云栖府和翡翠湾\n客户：王芳\n电话：139****2223\n业务员：李四", ("云栖府", "翡翠湾")),
        ("项目：山和院\n客户：王芳\n电话：139****2223\n业务员：李四", ("山和院",)),
        ("项目：龙湖和苑\n客户：王芳\n电话：139****2223\n业务员：李四", ("龙湖和苑",)),
        ("项目：\n客户：王芳\n电话：139****2223\n业务员：李四", ()),
        ("项目：无\n客户：王芳\n电话：139****2223\n业务员：李四", ()),
        # A branch, an address, a unit that is called like a site: none of them says what the report is for.
        ("报备 王芳 139****2223 李四 链家云栖府店", ()),
        ("报备 王芳 139****2223 李四 客户看过云栖府", ()),
        ("江湾城 报备 王芳 139****2223 李四", ()),
    ],
)
def test_what_a_report_names(text: str, projects: tuple[str, ...]) -> None:
    parsed = parse(text, lexicon=LEXICON)
    assert (parsed.kind, parsed.projects) == ("report", projects)
    assert parsed.error is None


@pytest.mark.parametrize(
    "text",
    [
        "报备 云栖府 王芳 139****2223 李四",
        "云栖府报备 王芳 139****2223 李四",
        "【云栖府】报备 王芳 139****2223 李四",
        "报备项目：云栖府\n客户：王芳\n电话：139****2223\n业务员：李四",
        "项目：云栖府、翡翠湾\n客户：王芳\n电话：139****2223\n业务员：李四",
    ],
)
def test_a_project_is_nobody_s_name(text: str) -> None:
    (report,) = parse(text, lexicon=LEXICON).reports
    assert (report.client, report.agent, report.distributor) == ("王芳", "李四", None)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("云栖府", "云栖府"),
        ("云栖府案场", "云栖府"),
        ("云栖府项目部", "云栖府"),
        ("云栖府二期", "云栖府"),
        ("云栖府·第3期洋房", "云栖府"),
        ("云栖府（一期）", "云栖府"),
        ("万科云栖府", "云栖府"),
        ("绿城·云栖府案场", "云栖府"),
        ("ｊａｄｅ　ｂａｙ", "Jade Bay"),
        ("JadeBay售楼处", "Jade Bay"),
        ("新云栖府", None),
        ("云栖府邸", None),
        ("云栖", None),
        ("我想看看要不要去云栖府", None),
        ("龙湖春江", None),
        ("", None),
    ],
)
def test_which_known_one_is_meant(written: str, known: str | None) -> None:
    assert known_project(written, SITES) == known


def test_who_is_exactly_so_called_goes_before_all_others() -> None:
    sites = frozenset({"翡翠湾", "翡翠湾二期", "中海翡翠湾"})
    assert [known_project(name, sites) for name in ("翡翠湾二期", "翡翠湾三期", "中海翡翠湾", "万科翡翠湾")] == [
        "翡翠湾二期",
        "翡翠湾",
        "中海翡翠湾",
        "翡翠湾",
    ]
