"""Ways to write a whole number in a text: of each, the middle four digits are hidden before anything is kept (L14)."""

import re
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from parsers.digits import ANY_DIGIT, digit_of
from parsers.mask import mask_numbers
from worker.decide.set_up import open_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.line.spool import Spool
from worker.store.schema import inbox

MIDDLE = "6049"
LOOK_ALIKE = dict(zip("OolIB洞○拐勾两", "0011800792", strict=True))
SPELLINGS = [
    "13860495572",
    "138 6049 5572",
    "138-6049-5572",
    "138.6049.5572",
    "138/6049/5572",
    "138,6049,5572",
    "138，6049，5572",
    "138、6049、5572",
    "138;6049;5572",
    "138；6049；5572",
    "138:6049:5572",
    "138：6049：5572",
    "138|6049|5572",
    "138_6049_5572",
    "138=6049=5572",
    "138~6049~5572",
    "138·6049·5572",
    "138…6049…5572",
    "138——6049——5572",
    "138 - 6049 - 5572",
    "138  6049  5572",
    "138—6049—5572",
    "138*6049*5572",
    "138x6049x5572",
    "138#6049#5572",
    "138+6049+5572",
    "138>6049>5572",
    "138→6049→5572",
    "138'6049'5572",
    '138"6049"5572',
    "(138)60495572",
    "(138) 6049 (5572)",
    "（138）6049-5572",
    "[138][6049][5572]",
    "【138】【6049】【5572】",
    "“138”“6049”“5572”",
    "「138」「6049」「5572」",
    "<138><6049><5572>",
    "{138}{6049}{5572}",
    "1386 0495 572",
    "1386049 5572",
    "138 60495572",
    "13 860 495 572",
    "13860 495572",
    "138604 95572",
    "1-3-8-6-0-4-9-5-5-7-2",
    "1 3 8 6 0 4 9 5 5 7 2",
    "1.3.8.6.0.4.9.5.5.7.2",
    "1,3,8,6,0,4,9,5,5,7,2",
    "1、3、8、6、0、4、9、5、5、7、2",
    "1/3/8/6/0/4/9/5/5/7/2",
    "1*3*8*6*0*4*9*5*5*7*2",
    "1;3;8;6;0;4;9;5;5;7;2",
    "1x3x8x6x0x4x9x5x5x7x2",
    "1…3…8…6…0…4…9…5…5…7…2",
    "13-86-04-95-57-2",
    "138 60 49 55 72",
    "138-60-49-55-72",
    "+8613860495572",
    "+86 138 6049 5572",
    "+86-138-6049-5572",
    "008613860495572",
    "0086 138 6049 5572",
    "8613860495572",
    "86 13860495572",
    "(86)13860495572",
    "（+86）138 6049 5572",
    "013860495572",
    "0 138 6049 5572",
    "１３８６０４９５５７２",
    "１３８ ６０４９ ５５７２",
    "13８6049５572",
    "١٣٨٦٠٤٩٥٥٧٢",
    "१३८६०४९५५७२",
    "¹³⁸⁶⁰⁴⁹⁵⁵⁷²",
    "₁₃₈₆₀₄₉₅₅₇₂",
    "①③⑧⑥⓪④⑨⑤⑤⑦②",
    "❶❸❽❻⓿❹❾❺❺❼❷",
    "⑴⑶⑻⑹0⑷⑼⑸⑸⑺⑵",
    "1️⃣3️⃣8️⃣6️⃣0️⃣4️⃣9️⃣5️⃣5️⃣7️⃣2️⃣",
    "𝟏𝟑𝟖𝟔𝟎𝟒𝟗𝟓𝟓𝟕𝟐",
    "𝟣𝟥𝟪𝟨𝟢𝟦𝟫𝟧𝟧𝟩𝟤",
    "一三八六零四九五五七二",
    "幺三八六零四九五五七二",
    "壹叁捌陆零肆玖伍伍柒贰",
    "一三八〇六〇四九五五七二",
    "一三八 六〇四九 五五七二",
    "幺三八，六零四九，五五七二",
    "一三八六○四九五五七二",
    "一三八六洞四九五五七二",
    "幺三八六洞四勾五五拐两",
    "一3八6零4九5五7二",
    "138六零四九5572",
    "一三八6049五五七二",
    "138陆零肆玖5572",
    "㊀㊂㊇㊅〇㊃㊈㊄㊄㊆㊁",
    "1\u200b3\u200b8\u200b6\u200b0\u200b4\u200b9\u200b5\u200b5\u200b7\u200b2",
    "138\u20606049\u20605572",
    "138\xad6049\xad5572",
    "\u202e13860495572\u202c",
    "1̶3̶8̶6̶0̶4̶9̶5̶5̶7̶2̶",
    "138\n6049\n5572",
    "1\n3\n8\n6\n0\n4\n9\n5\n5\n7\n2",
    "138\t6049\t5572",
    "138\r\n6049\r\n5572",
    "138 然后 6049 然后 5572",
    "138再6049再5572",
    "138空6049空5572",
    "138杠6049杠5572",
    "138减6049减5572",
    "138接着6049接着5572",
    "138加6049加5572",
    "138中间6049尾号5572",
    "前三138中间6049后四5572",
    "前三位：138 中间四位：6049 后四位：5572",
    "开头138，中间是6049，结尾5572",
    "尾号5572，中间6049，开头138",
    "138，中间四位6049，后四位5572",
    "138(中间6049)5572",
    "前七位1386049 后四位5572",
    "1386049尾号5572",
    "1386049后四位是5572",
    "前七1386049后四5572",
    "后八位60495572 前三位138",
    "138后面60495572",
    "138开头后八位60495572",
    "138 then 6049 then 5572",
    "138 dash 6049 dash 5572",
    "one three eight six zero four nine five five seven two",
    "1三8六0四9五5七2",
    "138****5572（6049）",
    "138****5572(中间6049)",
    "138****5572 6049",
    "138****5572 中间四位6049",
    "138****5572，中间6049",
    "138****5572，中间四位是6049",
    "138****5572 （中间四位：6049）",
    "138****5572\n\u4e2d\u95f46049",
    "138****5572[6049]",
    "中间6049 138****5572",
    "（6049）138****5572",
    "6049是中间 138****5572",
    "1385572 中间6049",
    "138 5572 中间 6049",
    "138xxxx5572 中间6049",
    "138尾号5572中间6049",
    "13860****72",
    "138604****2",
    "1386049****",
    "13860**5572",
    "13860*95572",
    "138604955**",
    "138*0495572",
    "138?6049?5572",
    "13860495xx2",
    "wx13860495572",
    "QQ：13860495572",
    "v13860495572x",
    "a13860495572b",
    "_13860495572_",
    "13860495572@139.com",
    "https://wa.me/8613860495572",
    "tel:+86-138-6049-5572",
    "sms:13860495572",
    "电话13860495572微信同号",
    "张三13860495572李四",
    "13860495572转801",
    "客户编号0013860495572",
    "113860495572",
    "138604955721",
    "l3860495572",
    "I38 6049 5572",
    "13B60495572",
    "l38-6o49-5572",
    "1386O495572",
    "138６O4９5572",
    "MTM4NjA0OTU1NzI=",
    "报备 MTM4NjA0OTU1NzI= 李四",
    "&#49;&#51;&#56;&#54;&#48;&#52;&#57;&#53;&#53;&#55;&#50;",
    "%31%33%38%36%30%34%39%35%35%37%32",
    "倒着27559406831",
    "13860495572,13912340000",
]
FRAMES = ("报备 张三 {} 李四", "{}", "客户张三，电话：{}，业务员李四")


def digits_of(text: str) -> str:
    """Return every digit of a text, however it is written."""
    folded = unicodedata.normalize("NFKD", text)
    return "".join(LOOK_ALIKE.get(c) or (digit_of(c) if re.match(f"[{ANY_DIGIT}]", c) else "") for c in folded)


def test_the_table_is_long_enough() -> None:
    assert len(set(SPELLINGS)) >= 121


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_middle_of_a_number_is_hidden_however_it_is_written(spelling: str) -> None:
    for text in (frame.format(spelling) for frame in FRAMES):
        masked = mask_numbers(text)
        assert masked != text
        assert len(masked) == len(text)
        assert MIDDLE not in digits_of(masked)
        assert mask_numbers(masked) == masked


def test_neither_line_nor_spool_holds_one(engine: Engine, tmp_path: Path) -> None:
    site = open_site(engine, "翡翠湾", "+8613800000000", {"manager": ["+8613800000001"]}, "sandbox")
    spool = Spool(tmp_path / "spool")
    for i, spelling in enumerate(SPELLINGS):
        inbound = Inbound("sandbox", f"m{i}", "+8613900000011", site.number, FRAMES[0].format(spelling))
        accept(engine, inbound)
        assert MIDDLE not in digits_of(spool.read(spool.keep(inbound)).inbound.text)
    with engine.connect() as connection:
        rows = connection.execute(select(inbox.c.text, inbox.c.body).where(inbox.c.kind == "text")).all()
    assert len(rows) == len(SPELLINGS)
    for row in rows:
        assert MIDDLE not in digits_of(row.text)
        assert MIDDLE not in digits_of(row.body.decode())


@pytest.mark.parametrize(
    "text",
    [
        "138****5678 R1024",
        "2026-11-05 14:30 报备 张三 138****5678",
        "预算150万到200万，总价1380000",
        "138万6049万5572",
        "1350x1200",
        "1302室，6049号",
    ],
)
def test_references_dates_budgets_and_sizes_stay(text: str) -> None:
    assert mask_numbers(text) == text
