"""Names of persons: surnames, forms of address, and whether a word looks like a person (H1, H3)."""

import re
from typing import Final

SURNAMES: Final = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊"
    "纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单"
    "杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾"
    "暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍"
    "却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚"
    "越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖代付闫涂佟覃仝佘岳苑么户鹿麦阳税"
    "植粟战敬原邸年锁漆宇初迟候撒楚亓危宛苟刀谌仉朴南母渠揭但亢伦闻归海晋墨哈谯笪佴帅缑琴商牟赫连代伍"
)
"""Single surnames, simplified."""

COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "巫马",
        "公西",
        "颛孙",
        "壤驷",
        "公良",
        "漆雕",
        "乐正",
        "宰父",
        "谷梁",
        "拓跋",
        "夹谷",
        "轩辕",
        "令狐",
        "段干",
        "百里",
        "呼延",
        "东郭",
        "南门",
        "羊舌",
        "微生",
        "公户",
        "公玉",
        "公仪",
        "梁丘",
        "公仲",
        "公上",
        "公门",
        "公山",
        "公坚",
        "左丘",
        "公伯",
        "西门",
        "公祖",
        "第五",
        "公乘",
        "贯丘",
        "公皙",
        "南荣",
        "东里",
        "东宫",
        "仲长",
        "子书",
        "子桑",
        "即墨",
        "达奚",
        "褚师",
        "吴铭",
        "纳兰",
        "叶赫",
        "完颜",
        "富察",
        "那拉",
        "爱新觉罗",
        "钮祜禄",
        "欧陽",
        "諸葛",
        "司馬",
        "東方",
        "獨孤",
        "南宮",
        "聞人",
        "赫連",
        "尉遲",
    ]
) - {"吴铭"}
"""Compound surnames, simplified, and the commonest in traditional script too."""

HONORIFICS: Final = (
    "先生", "女士", "小姐", "太太", "夫人", "总", "老板", "老师", "经理", "主任", "医生", "姐", "哥", "阿姨", "叔", "生",
    "Mr", "Mrs", "Ms",
)  # fmt: skip
"""Forms of address that make a name "surname + honorific" (H1)."""

_ADDRESS: Final = (
    "先生|女士|小姐|太太|夫人|总|老板|老师|经理|主任|医生|姐|哥|阿姨|叔叔|叔|生|老师|师傅|教授|院长|校长|律师|董事长|董|工|局|处|科长|"
    "总监|店长|大哥|大姐|同学|姑娘|老总|大夫|护士|警官|奶奶|爷爷|大爷|大妈|伯伯|嫂|婶|妹|弟|兄|某某|某|氏"
)
_COMPOUND: Final = "|".join(sorted((s for s in COMPOUND_SURNAMES), key=len, reverse=True))
_ADDRESSED: Final = re.compile(
    rf"(?:{_COMPOUND}|[{''.join(sorted(SURNAMES))}])(?:{_ADDRESS})(?:夫妇|夫妻|一家|他?太太|他?老婆)?"
)
_FULLY_ADDRESSED: Final = re.compile(
    r"\w{2,6}(?:先生|女士|小姐|太太|夫人|总|老板|老师|经理|主任|医生|阿姨|夫妇|夫妻|姐|哥|叔)"
)
_NICKNAME: Final = re.compile(rf"[小老阿大](?:{_COMPOUND}|[^\W\d_a-z])")
_ONLY_ADDRESS: Final = re.compile(rf"(?:{_ADDRESS}|mr|mrs|ms|miss)\.?")
_LATIN: Final = re.compile(r"[a-zà-ɏ][a-zà-ɏ'’. \-]*")
_LATIN_INSIDE: Final = re.compile(r"[a-zà-ɏ]")
_NOT_GIVEN: Final = re.compile(r"夫妇|夫妻")


def surname_length(word: str) -> int:
    """Return how many characters of a word (skeleton spelling) are its surname: 2 for 欧阳娜, 1 for 张三, 0 for none."""
    if word[:2] in COMPOUND_SURNAMES:
        return 2
    return 1 if word[:1] in SURNAMES else 0


def is_address_alone(word: str) -> bool:
    """Tell whether a word is a form of address without a name (先生)."""
    return bool(_ONLY_ADDRESS.fullmatch(word))


def looks_like_person(word: str) -> bool:
    """Tell whether a word (skeleton spelling) is surely a person's name, by surname, address, nickname, dot or Latin."""
    if "·" in word:
        return len(word) > 2
    length = surname_length(word)
    if length and length <= len(word) <= length + 2:
        return True
    if length and (_ADDRESSED.fullmatch(word) or (len(word) < 9 and _FULLY_ADDRESSED.fullmatch(word))):
        return True
    if _NICKNAME.fullmatch(word) or _LATIN.fullmatch(word):
        return True
    return bool(length) and bool(_LATIN_INSIDE.search(word)) and len(word) < 12
