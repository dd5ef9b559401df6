"""What stands in a report and is none of its parts: dates, times, counts, greetings, requests, projects."""

import re
from typing import Final

from parsers.trie import words_pattern

_CLOCK: Final = r"\d{1,2}\s?[:点时]\s?(?:\d{1,2}|半|一刻)?(?:[:分]\d{0,2}秒?)?分?(?:左右|前后|之前|前|后)?"
_DAY: Final = r"(?:20)?\d{2}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?|\d{1,2}\s?月\s?\d{1,2}\s?[日号]?|20\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:[日号])?|\d{1,2}[日号](?![楼栋])"
_COUNT: Final = (
    r"[0-9一二两三四五六七八九十]+(?:\.\d+)?\s?(?:[-~至到]\s?\d+(?:\.\d+)?)?\s?"
    r"(?:m²|㎡|m2|平方米|平米|平方|平|万元|万|元|岁|位客户|组客户|个客户|批客户|人|号楼|栋|幢|单元|室|房|厅|卫|层|楼|期|套|组|批|位|个人|个|%|折|千)(?:左右|以内|以上|/㎡|/平)?"
)
MOMENTS: Final = re.compile(rf"(?:{_DAY})|(?:{_CLOCK})|(?:[0-9]{_COUNT[len('[0-9一二两三四五六七八九十]') :]})")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·\s]?(?=[a-z]{0,5}\d)[a-z0-9]{5,6}(?![a-z0-9])"
)
"""A car's number plate (车牌), skeleton spelling."""
_DIGITS: Final = re.compile(r"(?<![0-9])(?!(?:21世纪|58同城|58爱房|58安居客|365淘房|5i5j))[0-9][0-9.,]*(?![0-9]*i5j)")

EXACT: Final = frozenset(
    [
        "男",
        "女",
        "男性",
        "女性",
        "男士",
        "本人",
        "客户",
        "业主",
        "新客",
        "新客户",
        "老客户",
        "客人",
        "顾客",
        "意向客户",
        "首访",
        "复访",
        "初访",
        "二访",
        "自驾",
        "打车",
        "地铁",
        "公交",
        "开车",
        "步行",
        "夫妻",
        "夫妇",
        "情侣",
        "朋友",
        "一家",
        "一家三口",
        "一家人",
        "家人",
        "父子",
        "父女",
        "母子",
        "母女",
        "兄弟",
        "姐妹",
        "同事",
        "谢谢",
        "感谢",
        "多谢",
        "辛苦",
        "辛苦了",
        "收到",
        "你好",
        "您好",
        "大家好",
        "嗨",
        "在吗",
        "好的",
        "好",
        "请",
        "麻烦",
        "麻烦您",
        "麻烦了",
        "急",
        "加急",
        "今天",
        "明天",
        "后天",
        "今日",
        "明日",
        "昨天",
        "上午",
        "下午",
        "中午",
        "晚上",
        "早上",
        "傍晚",
        "现在",
        "马上",
        "稍后",
        "待会",
        "一会",
        "一会儿",
        "周末",
        "本周",
        "下周",
        "周一",
        "周二",
        "周三",
        "周四",
        "周五",
        "周六",
        "周日",
        "周天",
        "星期一",
        "星期二",
        "星期三",
        "星期四",
        "星期五",
        "星期六",
        "星期日",
        "星期天",
        "预计",
        "大概",
        "大约",
        "左右",
        "到访",
        "来访",
        "带看",
        "看房",
        "到场",
        "过来",
        "过去",
        "到",
        "来",
        "看",
        "前三",
        "前三位",
        "约",
        "预约",
        "未定",
        "待定",
        "不详",
        "暂无",
        "无",
        "没有",
        "未知",
        "空",
        "香港号码",
        "澳门号码",
        "台湾号码",
        "香港",
        "澳门",
        "台湾",
        "大陆",
        "内地",
        "号码",
        "手机号",
        "电话",
        "报备",
        "报备客户",
        "客户报备",
        "新增报备",
        "报备信息",
        "备案",
        "登记",
        "转发",
        "fw",
        "fwd",
        "re",
        "hi",
        "hello",
        "dear",
        "ok",
        "pls",
        "please",
        "thanks",
        "thx",
        "tks",
        "thank",
        "you",
        "null",
        "none",
        "n/a",
        "na",
        "nil",
        "和",
        "与",
        "及",
        "的",
        "是",
        "共",
        "人",
        "位",
        "组",
        "等",
        "或",
        "vip",
        "刚需",
        "改善",
        "投资",
        "住宅",
        "公寓",
        "商铺",
        "别墅",
        "洋房",
        "毛坯",
        "精装",
        "首套",
        "二套",
        "全款",
        "按揭",
        "老带新",
        "全民",
        "全民营销",
        "自拓",
        "地推",
        "电开",
        "call客",
        "线上",
        "线下",
        "抖音",
        "自来访",
        "am",
        "pm",
    ]
)
"""Words that are never a name by themselves."""

_NOISE_WORDS: Final = (
    "今天", "明天", "后天", "今日", "明日", "今晚", "明早", "上午", "下午", "中午", "晚上", "傍晚", "周末", "下周", "本周", "这周", "星期", "礼拜", "预计", "大概",
    "大约", "马上到", "马上来", "马上过", "现在", "稍后", "待会", "一会", "已经", "过来", "到访", "来访", "看房", "到场", "到达", "到店", "带看", "带访", "首访", "复访",
    "自驾", "打车", "坐车", "意向", "想看", "要看", "看看", "考虑", "预算", "需求", "前三", "麻烦", "谢谢", "感谢", "辛苦", "收到", "请查", "请登", "请确", "请审", "请知", "请安",
    "请回", "请帮", "请注", "请收", "登记", "确认", "备案", "一共", "总共", "老带新", "推荐业主", "业主推荐", "车牌", "身份证", "楼盘", "项目", "案场", "售楼", "样板", "新房", "二手",
    "三房", "四房", "两房", "三室", "两室", "四室", "一室", "客户", "客人", "顾客", "大家", "你好", "您好", "在吗", "是否", "什么", "怎么", "可以", "需要", "希望", "安排", "接待",
    "置业顾问", "付款", "首付", "贷款", "全款", "面积", "户型", "楼层", "朝向", "学区", "电话", "微信", "手机", "号码", "备注", "注意", "有效", "排卡", "验资", "认筹", "团购", "活动", "开盘", "如下", "信息",
)  # fmt: skip
_NOISE_INSIDE: Final = re.compile(
    rf"(?:{words_pattern(_NOISE_WORDS)})|周[一二三四五六日末](?=上午|下午|早|晚|到|来|看|过|去|$)|[一二两三四五六七八九十]个?人$|[一二两三四五六七八九十][点组位]"
)
_REPORT_PHRASE: Final = re.compile(
    r"(?:麻烦|请|帮忙|帮我|帮|给您|给你|向您|我们|我司|我要|我想|我|现|今|要|想|再|新增|新|来|做|做个|做一个)*"
    r"(?:报备|报一下|报个|备案|登记)(?:一下|下|登记)?(?:一个|[一二两三四五六七八九十0-9]?[个组位批名])?(?:新|意向|购房|到访|来访|看房)?(?:客户|客人|顾客|的客户)?(?:信息|资料|名单|姓名)?(?:如下)?"
    r"|(?:我这边|这边|我们|我)?(?:还有|有)(?:一|两)?[个组位批](?:新|意向|老)?(?:客户|客人|顾客|朋友)?(?:叫|是|姓名|名叫)?"
    r"|(?:新|意向|购房|来访|到访)?(?:客户|客人|顾客|业主)(?:姓名|名字|名称|信息)?(?:叫|是|为|：)?"
)
_SELF: Final = re.compile(r"(?:我这边是|这边是|这里是|我这是|我们是|我是|本人是|本人|我)(?!爱我家)(?=\w{2})")
_GREETING: Final = re.compile(
    r"(?:hi|hello|dear)?\w{0,6}(?:好|您好|你好|早|早上好|上午好|下午好|中午好|晚上好)[啊呀哈呢]?"
)
_DEVELOPERS: Final = re.compile(
    r"(?:保利|万科|华润|龙湖|碧桂园|恒大|绿地|绿城|融创|中海|招商|金地|世茂|旭辉|越秀|金茂|远洋|首开|阳光城|雅居乐|富力|中梁|金科|新城|建发|滨江|华发|珠江|华侨城|中铁|中建|万达|星河|合生|佳兆业|奥园|时代|电建|大华|仁恒|新希望|美的|龙光|金辉|卓越|中骏|荣盛|正荣|祥生|弘阳|首创|金域)\w{2,}"
)
_PROJECT: Final = re.compile(
    r"\w{2,}(?:华府|花园|公馆|名邸|半岛|广场|小区|家园|新城|新区|国际|天地|山水|云禧|和颂|天悦|风华|壹号|一号|[^\W\d]\w(?:府|苑|湾|城|园|庭|墅|邸|郡|阁|轩|里|居|座|院|台|岸))"
)
_TRAILING: Final = re.compile(
    r"(?:的?客户|报备|上报|提报|带看|带访|推荐|敬上|呈上|带客|来报|为您服务|您好|你好|的|同事|报)$"
)


def blank_moments(skeleton: str) -> str:
    """Return the skeleton with dates, times, counts, plates and stray numbers blanked; 21世纪 and its like stay."""
    skeleton = MOMENTS.sub(_blank, _PLATE.sub(_blank, skeleton))
    return _DIGITS.sub(_blank, skeleton)


def _blank(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def is_noise(word: str) -> bool:
    """Tell whether a whole word is none of a report's parts."""
    return word in EXACT or bool(_GREETING.fullmatch(word))


def find_phrase(word: str) -> re.Match[str] | None:
    """Return the request or mention of a client in a word (报备一组客户, 我有个客户)."""
    return _REPORT_PHRASE.search(word)


def find_self(word: str) -> re.Match[str] | None:
    """Return 我是 and its like, behind which the sender names himself."""
    return _SELF.match(word)


def noise_start(word: str) -> int:
    """Return where noise begins in a word, its length when there is none."""
    match = _NOISE_INSIDE.search(word)
    return match.start() if match else len(word)


def is_project(word: str) -> bool:
    """Tell whether a word names a development rather than a person."""
    return len(word) > 2 and bool(_DEVELOPERS.fullmatch(word) or (len(word) > 3 and _PROJECT.fullmatch(word)))


def without_trailing(word: str) -> str:
    """Return the word without 报备, 上报 … glued behind a name."""
    return _TRAILING.sub("", word) if len(word) > 2 else word
