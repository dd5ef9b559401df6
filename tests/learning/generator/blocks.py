"""Reports as blocks of labelled fields, several lines or one, in the many ways in which agencies lay them out."""

from dataclasses import dataclass
from random import Random
from typing import Final

from . import people, units
from .scene import Scene
from .templates import words

_VALUE_SIGNS: Final = (
    ("：", 46), (":", 20), (": ", 8), ("： ", 4), (" ", 5), ("=", 2), ("-", 2), ("｜", 1), ("|", 1), ("➡️", 1), ("→", 1),
    ("～", 1), ("\t", 1), ("；", 1), ("，", 1), ("\n", 1), ("：\n", 2), ("——", 1), (" : ", 1), ("", 2), (".", 1), (" - ", 1),
    ("︰", 1), ("。", 1), ("=>", 1), ("、", 1), ("..", 1), ("·", 1), ("　", 1), ("》", 1), ("::", 1), ("；", 1),
)  # fmt: skip
_FIELD_SIGNS: Final = (
    ("\n", 60), ("，", 6), ("；", 5), (" ", 8), (",", 2), (";", 2), ("  ", 3), ("\t", 2), (" | ", 2), ("/", 1), ("、", 1),
    ("\n\n", 3), ("。", 1), ("　", 1), ("", 2), (" ; ", 1), ("｜", 1), ("+", 1), ("\r\n", 1), (" / ", 1),
)  # fmt: skip
_BULLETS: Final = (
    "▪️", "• ", "·", "- ", "*", "* ", "▶", "◆", "★", "●", "➤", "✅", "👉", "#", "○ ", "> ", "—", "☆", "🔸", "□",
)  # fmt: skip
_NUMBERS: Final = ("{}.", "{}、", "{}. ", "({})", "（{}）", "{})", "{} ", "{}：", "【{}】", "No{} ")
_CIRCLED: Final = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮"
_CHINESE: Final = "一二三四五六七八九十"
_BRACKETS: Final = (
    ("【", "】"),
    ("[", "]"),
    ("「", "」"),
    ("（", "）"),
    ("{", "}"),
    ("<", ">"),
    ("《", "》"),
    ("*", "*"),
)

_ORDERS: Final = (
    "j c p u a q t", "c p a u", "c p u a", "u a q c p", "a q u c p", "j c p t a q", "c p t h a u", "p c a u", "u c p a",
    "j u a q c p t h", "c p j t a q u", "j c g p u a q o", "u a c p t", "a u c p", "c g p h t a u q o", "j u c p a q o o",
    "o c p o a q u o", "c p a", "c p u", "c p o o a u", "j t c p h a q u o", "c p a q", "a c p", "u c p t", "o o c p o o u a q o",
    "p a c u", "a p c", "c a p u", "c u a p", "j a q c p u t", "c o p o u o a o q", "c p q a u", "q a p c", "o j c p o t o u a q o o",
)  # fmt: skip


@dataclass(slots=True)
class Layout:
    """How one block is laid out."""

    value: str
    between: str
    bullet: str
    bracket: tuple[str, str] | None
    wide: float
    columns: bool


def layout(rng: Random, wide: float) -> Layout:
    """Draw a layout; the smaller `wide`, the nearer to the usual one."""
    if rng.random() >= wide:
        return Layout(rng.choice(("：", "：", "：", ":")), "\n", "", None, wide, False)
    value = rng.choices([sign for sign, _ in _VALUE_SIGNS], [weight for _, weight in _VALUE_SIGNS])[0]
    between = rng.choices([sign for sign, _ in _FIELD_SIGNS], [weight for _, weight in _FIELD_SIGNS])[0]
    if value.endswith("\n") or value in ("，", "；", "。", "、", ".", ".."):
        between = "\n"
    if value in ("", " ", "　", "\t", "-", "/", "·", " - "):
        between = "\n" if between in ("", "/", "、", "+", "。") or value == "" else between
        wide = 0.0
    if between in ("", "/", "、", "+", "。"):
        value, wide = rng.choice(("：", ":")), 0.2
    bracket = rng.choice(_BRACKETS) if rng.random() < 0.09 else None
    if bracket and rng.random() < 0.6:
        value = ""
    return Layout(value, between, _bullet(rng), bracket, wide, between == "\n" and rng.random() < 0.08)


def _bullet(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.75:
        return ""
    if kind < 0.83:
        return rng.choice(_BULLETS)
    return "circled" if kind < 0.87 else "chinese" if kind < 0.89 else rng.choice(_NUMBERS)


def _mark(bullet: str, place: int) -> str:
    if bullet == "circled":
        return _CIRCLED[min(place, 14)]
    if bullet == "chinese":
        return _CHINESE[min(place, 9)] + "、"
    return bullet.format(place + 1) if "{}" in bullet else bullet


class Block:
    """A block that is being written into a scene."""

    def __init__(self, scene: Scene, look: Layout) -> None:
        self.scene = scene
        self.rng = scene.rng
        self.look = look
        self.place = 0
        self.owner = "site"
        _dress(scene, look)

    def write(self, order: str, without: str = "") -> None:
        """Write the fields of the order, one sign each; those of `without` are left out or stay empty."""
        for sign in order.split():
            self.field(sign, empty=sign in without)

    def field(self, sign: str, empty: bool = False) -> None:
        """Write one field: c p a q u, j project, t time, h heads, g gender, o anything else."""
        if empty and self.rng.random() < 0.4:
            return
        self._open()
        if sign in "cpaqu":
            self._part(sign, empty)
        else:
            self._other(sign)
        self.place += 1

    def _open(self) -> None:
        if self.place:
            joint = self.look.between
            if self.look.columns and self.rng.random() < 0.5:
                joint = self.rng.choice(("  ", " ", "　", "\t", "    "))
            self.scene.put(joint)
        self.scene.put(_mark(self.look.bullet, self.place))

    def label(self, role: str) -> None:
        """Write a label of that role and the sign that follows it."""
        self.scene.fill(f"L:{role}")
        self.scene.fill("v")

    def _part(self, sign: str, empty: bool) -> None:
        role = {
            "c": "client",
            "p": self._phone_role("client"),
            "a": "agent",
            "q": self._phone_role("agent"),
            "u": "unit",
        }
        self.label(role[sign])
        self.owner = {"c": "client", "p": "client", "a": "agent", "q": "agent"}.get(sign, self.owner)
        if empty:
            self._nothing(sign)
            return
        self.scene.write(_VALUES[sign])
        if self.look.wide and self.rng.random() < 0.06:
            self.scene.write_from(f"behind_{sign}")

    def _phone_role(self, whose: str) -> str:
        """Return the label's role: a bare 电话 only where the field before says whose it is."""
        bare = 0.55 if whose == "client" else 0.3
        if self.owner == whose or (whose == "client" and self.owner == "site"):
            return "phone" if self.rng.random() < bare else f"{whose}_phone"
        return f"{whose}_phone"

    def _nothing(self, sign: str) -> None:
        choices = (
            ("", "", "", "", "无", "-", "暂无", "——", "待补充", "/", " ")
            if sign != "p"
            else ("", "", "", "暂无", "稍后补", "待补充", "——", "到场补", "不方便透露", "无", "保密", "晚点发")
        )
        self.scene.put(self.rng.choice(choices))

    def _other(self, sign: str) -> None:
        table = {"j": "project", "t": "time", "h": "heads", "g": "gender"}
        if self.look.wide and sign == "o":
            self.scene.write_from("other_field")
            return
        role = table.get(sign) or self.rng.choice(
            ("remark", "source", "kind", "layout", "way", "code", "card", "budget")
        )
        self.label(role)
        self.scene.write_from(f"value_{role}")


def _dress(scene: Scene, look: Layout) -> None:
    scene.style.value, scene.style.wide = look.value, look.wide
    scene.style.bracket = look.bracket or ("", "")


_VALUES: Final = {"c": "{c}", "p": "{p}", "a": "{a}", "u": "{u}", "q": "{q}"}


def write_block(scene: Scene, wide: float, without: str = "", order: str = "") -> None:
    """Write a whole block with head and foot lines; the parts of `without` (c, p, a, u) are not given."""
    rng = scene.rng
    look = layout(rng, wide)
    scene.style.clients = people.CLIENT_LABELLED
    scene.style.units = units.LABELLED
    if look.value == "" or look.between in ("", " ", "  ", "　", "\t"):
        scene.style.clients, scene.style.agents = people.CLIENT, people.PLAIN
    order = order or rng.choice(_ORDERS)
    if wide and rng.random() < 0.2:
        order = _shuffled(rng, order)
    if rng.random() < (0.3 if wide else 0.25):
        scene.write_from("title")
        scene.put("\n" if look.between == "\n" else rng.choice(("\n", "：", " ", "\n\n")))
    block = Block(scene, look)
    block.write(order, without)
    if rng.random() < 0.1:
        scene.put("\n")
        scene.write_from("foot")


def _shuffled(rng: Random, order: str) -> str:
    """Return the fields in another order; a phone stays behind its owner."""
    groups = order.replace("c p", "cp").replace("a q", "aq").split()
    rng.shuffle(groups)
    return " ".join(" ".join(group) for group in groups)


def write_joined(scene: Scene, wide: float) -> None:
    """Write a block whose fields hold two values each: 客户/电话：孔先生/139****4410, 经纪人：链家李响."""
    scene.style.units = units.BRANDED
    _dress(scene, layout(scene.rng, wide))
    scene.style.value = scene.style.value or "："
    joint = "\n" if scene.rng.random() < 0.7 else scene.rng.choice(("；", "，", " ", "\n\n", "  "))
    fields = ["joined_client", "joined_agent"]
    fields += ["other_field"] * scene.rng.choice((0, 0, 1, 2))
    scene.rng.shuffle(fields)
    if scene.rng.random() < 0.3:
        scene.write_from("title")
        scene.put("\n")
    for place, name in enumerate(fields):
        if place:
            scene.put(joint)
        scene.write_from(name)


def write_english(scene: Scene, without: str = "") -> None:
    """Write a block with English labels."""
    rng = scene.rng
    scene.style.units = units.ENGLISH if rng.random() < 0.8 else units.LABELLED
    kinds = people.ENGLISH if rng.random() < 0.75 else people.CLIENT
    scene.style.clients = scene.style.agents = kinds
    value = rng.choice((": ", ": ", ":", " - ", "："))
    joint = rng.choice(("\n", "\n", "\n", "; ", ", ", " "))
    if rng.random() < 0.2:
        scene.write("<K {Client report|New client|Report|REPORT|Client registration|Registration}>{|:|!}\n")
    order = rng.choice(
        ("c p a", "c p a u", "c p u a", "p c a", "u a c p", "c p a t", "c p t a u", "a u c p", "c p a q u o", "t c p a")
    )
    tables = {"c": ("client", "L:client"), "p": ("phone", "L:phone"), "a": ("agent", "L:agent"), "u": ("unit", "L:unit"),
              "q": ("agent_phone", "L:agent_phone"), "t": ("time", "L:other"), "o": ("other", "L:other")}  # fmt: skip
    others = {"t": "<T {3pm Sat|tomorrow 2pm|Sunday morning|10:30|next Monday|{date}|{clock24}|today}>",
              "o": "<V {none|3 bedroom|two persons|first visit|walk in later|WeChat ad|own use|{n:2-6}M}>"}  # fmt: skip
    for place, sign in enumerate(order.split()):
        scene.put(joint if place else "")
        name, tag = tables[sign]
        label = rng.choice(words(f"english_{name}"))
        scene.put(label.upper() if rng.random() < 0.08 else label, tag)
        scene.put(value)
        if sign not in without:
            scene.write(_VALUES.get(sign) or others[sign])
