"""A text as it is read: what nobody sees taken away, and a skeleton of equal length in which grammar is looked for.

Values are cut from `clean`, so they come out as written; the skeleton only tells where they are.
"""

import re
from dataclasses import dataclass
from typing import Final

from parsers.digits import DIGIT, TRANSPARENT, digit_of
from parsers.mask import MASK_SIGN

_TRADITIONAL: Final = (
    "報備樓盤客戶電話業務員經紀號碼聯繫係時間訪預計類來稱職門單位屬銷華團隊顧機構項產權車驗證後確認簽實爭議復覆謝請點發總"
    "鏈貝殼愛陳張劉楊趙黃吳孫馬鄭謝韓馮鄧蔣蘇葉閻鐘鍾盧許羅賈呂範鄒陸嚴萬錢湯龍賀龔顏賴譚廖韋莊關歐陽諸葛東聞軍衛雲魯鳳紀項藍"
    "傅溫聶滿顯齊龐樂餘畢龍費薊單褚喬貢勞逄鳧厲遲師媽爺醫總師帶見對統內數備齡歲個兩組間現場於買賣傳專區網廣幫給過從務處撤銷"
    "開頭號隱藏轉讓書籤筆問誰們這裡裏麼嗎樣題辦嘗試臨時駐務環國際聯盟處輝創恆麗寶興興潤綠鏡灣苑園莊墅軒"
)
_SIMPLIFIED: Final = (
    "报备楼盘客户电话业务员经纪号码联系系时间访预计类来称职门单位属销华团队顾机构项产权车验证后确认签实争议复复谢请点发总"
    "链贝壳爱陈张刘杨赵黄吴孙马郑谢韩冯邓蒋苏叶阎钟钟卢许罗贾吕范邹陆严万钱汤龙贺龚颜赖谭廖韦庄关欧阳诸葛东闻军卫云鲁凤纪项蓝"
    "傅温聂满显齐庞乐余毕龙费蓟单褚乔贡劳逄凫厉迟师妈爷医总师带见对统内数备龄岁个两组间现场于买卖传专区网广帮给过从务处撤销"
    "开头号隐藏转让书签笔问谁们这里里么吗样题办尝试临时驻务环国际联盟处辉创恒丽宝兴兴润绿镜湾苑园庄墅轩"
)
_STARS: Final = "×✕✖✗✘＊∗⁎✱✲✳❋●○◯■□◆◇★☆▲△◎⊙█▇▓▪▫◼◻⚫⚪⭐※◦"
_HYPHENS: Final = "‐‑‒–—―−－─━﹣"
_DOTS: Final = "•‧・･∙⋅●"
_OPENING: Final = "【〔「『《〖〈［"
_CLOSING: Final = "】〕」』》〗〉］"
_ORDINALS: Final = "①②③④⑤⑥⑦⑧⑨⑩❶❷❸❹❺❻❼❽❾❿➀➁➂➃➄➅➆➇➈⑴⑵⑶⑷⑸⑹⑺⑻⑼⒈⒉⒊⒋⒌⒍⒎⒏⒐"


def _table() -> dict[int, str]:
    table = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
    table |= {code: chr(0x20) for code in (0xA0, 0x3000, *range(0x2000, 0x200B), 0x202F, 0x205F)}
    table |= {ord(old): new for old, new in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)}
    for chars, canonical in (
        (_HYPHENS, "-"),
        (_DOTS, "·"),
        (_STARS, "*"),
        (_OPENING, "["),
        (_CLOSING, "]"),
        ("〜∼", "~"),
    ):
        table |= {ord(char): canonical for char in chars}
    table |= {code: chr(code + 0x20) for code in range(ord("A"), ord("Z") + 1)}
    table |= {0xFF21 + i: chr(ord("a") + i) for i in range(26)}
    return table | {ord("⋯"): "…", ord("︰"): ":", ord("∶"): ":", ord("┃"): "|", ord("│"): "|"}


_TABLE: Final = _table()
_FOLD_ORDINALS: Final = {ord(char): " " for char in _ORDINALS}
_UNSEEN: Final = re.compile(f"[{TRANSPARENT}]+")
_KEYCAP: Final = re.compile("[0-9*#]\ufe0f?\u20e3")
_BREAK: Final = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_UNFIT: Final = re.compile("[\x00-\x09\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff]")
_ODD: Final = re.compile("[^\n -~\u4e00-\u9fff，。：；、（）]")
_ORNAMENT: Final = re.compile("[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_OTHER_DIGIT: Final = re.compile(rf"(?![0-9])[{DIGIT}]")


@dataclass(frozen=True, slots=True)
class Reading:
    """`clean`: the text without invisible signs. `skeleton`: equally long; width, case, script and signs folded."""

    clean: str
    skeleton: str


def fold_for_reading(text: str) -> Reading:
    """Return the reading of a text; total: lone surrogates become U+FFFD, control characters blanks."""
    if not _ODD.search(text):
        return Reading(text, text.translate(_TABLE))
    if "\u20e3" in text and MASK_SIGN not in text:
        text = _KEYCAP.sub(" ", text)
    text = _BREAK.sub("\n", _UNSEEN.sub("", text))
    clean = _UNFIT.sub(lambda m: "\ufffd" if "\ud800" <= m[0] <= "\udfff" else " ", text)
    return Reading(clean, _skeleton(clean))


def _skeleton(clean: str) -> str:
    folded = clean if MASK_SIGN in clean else clean.translate(_FOLD_ORDINALS)
    folded = _ORNAMENT.sub(" ", folded.translate(_TABLE))
    return _OTHER_DIGIT.sub(lambda m: digit_of(m[0]), folded)
