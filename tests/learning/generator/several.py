"""Reports of two to six clients in one text, who share an agent or have each his own."""

from typing import Final

from . import people, units
from .blocks import Block, Layout, layout
from .scene import Scene
from .templates import table

_MARKS: Final = (
    "{}.", "{}、", "{}. ", "({})", "（{}）", "{})", "{}", "{}:", "{} ", "客户{}：", "客户{}:", "第{}组：", "第{}组 ", "{}️⃣", "• ", "- ",
    "·", "👤", "★", "{}组：", "No.{} ", "客户{} ",
)  # fmt: skip
_CHINESE: Final = "一二三四五六"
_JOINTS: Final = (
    "\n",
    "\n",
    "\n",
    "\n",
    "；",
    "，",
    "，",
    "、",
    " ",
    "/",
    "。",
    "\n\n",
    ";",
    " ; ",
    ", ",
    "和",
    "\t",
    " / ",
)


def _count(scene: Scene) -> int:
    return scene.rng.choice((2, 2, 2, 2, 3, 3, 3, 4, 5, 6))


def write_list(scene: Scene) -> None:
    """Write clients one behind the other; the agent stands before or behind them all."""
    rng = scene.rng
    joint = rng.choice(_JOINTS)
    mark = rng.choice(_MARKS) if rng.random() < (0.5 if "\n" in joint else 0.15) else ""
    item = table("item").pick(rng)
    if mark in ("{}", "{} ") and item.startswith("{p}"):
        mark = "{}、"
    first = rng.random() < 0.3
    if first:
        scene.write_from("several_who")
        scene.put("\n" if "\n" in joint else rng.choice(("：", "，", "\n", " ")))
    scene.write_from("several_head")
    for place in range(_count(scene)):
        if place:
            scene.put(joint)
            scene.next_client()
        _write_mark(scene, mark, place)
        scene.write(item)
    if not first:
        scene.put("\n" if "\n" in joint else rng.choice(("，", "。", " ", "\n", "；")))
        scene.write_from("several_who")


def _write_mark(scene: Scene, mark: str, place: int) -> None:
    number = (
        _CHINESE[place] if "第" in mark or (mark.startswith("客户") and scene.rng.random() < 0.4) else str(place + 1)
    )
    text = mark.format(number) if "{}" in mark else mark
    if text.startswith("客户"):
        scene.put(text.rstrip("：: "), "L:client")
        scene.put(text[len(text.rstrip("：: ")) :])
    elif text.startswith("第"):
        scene.put(text.rstrip("： "), "O")
        scene.put(text[len(text.rstrip("： ")) :])
    else:
        scene.put(text)


def write_own(scene: Scene) -> None:
    """Write clients each with his own agent, one a line or parted by signs."""
    rng = scene.rng
    scene.style.own_agents = True
    scene.style.clients = people.CLIENT
    joint = rng.choice(("\n", "\n", "\n", "；", "。", "\n\n", ";"))
    mark = rng.choice(("", "", "{}.", "{}、", "({})"))
    item = table("item_own").pick(rng)
    if rng.random() < 0.4:
        scene.write_from("keyword")
        scene.put("\n" if "\n" in joint else "：")
    for place in range(_count(scene)):
        if place:
            scene.put(joint)
            scene.next_client()
        _write_mark(scene, mark, place)
        scene.write(item)


def write_blocks(scene: Scene) -> None:
    """Write clients as labelled fields: whole blocks, or numbered labels with a shared agent."""
    rng = scene.rng
    look = layout(rng, 0.3)
    look.between, look.value = "\n", look.value or "："
    if look.value in (" ", "\t", "　"):
        look.value = "："
    scene.style.clients, scene.style.units = people.CLIENT_LABELLED, units.LABELLED
    if rng.random() < 0.3:
        scene.write_from("title")
        scene.put("\n")
    if rng.random() < 0.5:
        _whole_blocks(scene, look)
    else:
        _numbered(scene, Block(scene, look))


def _whole_blocks(scene: Scene, look: Layout) -> None:
    rng = scene.rng
    scene.style.own_agents = True
    order = rng.choice(("c p a", "c p a u", "j c p a u", "c p u a q", "p c a", "c p t a", "u a c p"))
    parting = rng.choice(("\n\n", "\n----------\n", "\n\n", "\n———————\n", "\n"))
    for place in range(rng.choice((2, 2, 2, 3))):
        if place:
            scene.put(parting)
            scene.next_client()
        block = Block(scene, look)
        block.write(order)


def _numbered(scene: Scene, block: Block) -> None:
    rng = scene.rng
    before = rng.random() < 0.45
    who = rng.choice(("a u", "u a", "a", "u a q", "a q u", "u"))
    if before:
        block.write(who)
    count = rng.choice((2, 2, 2, 3, 4))
    marks = rng.choice(("123456", "123456", _CHINESE, "ABCDEF"))
    base, phone = rng.choice(
        (("客户", "电话"), ("客户", "客户电话"), ("客户姓名", "客户电话"), ("姓名", "电话"), ("客户", "手机"))
    )
    form = rng.choice(("one", "two", "own", "later"))
    for place in range(count):
        if place or before:
            scene.put("\n")
        if place:
            scene.next_client()
        _numbered_client(scene, (base, phone), "" if form == "later" and not place else marks[place], form)
    if not before:
        scene.put("\n")
        block.place = 0
        block.owner = "site"
        block.write(who)


def _numbered_client(scene: Scene, label: tuple[str, str], mark: str, form: str) -> None:
    base, phone = label
    scene.put(base + mark, "L:client")
    scene.write("{v}{c}")
    if form == "one":
        scene.write("{ ||，}{p}")
        return
    scene.put("\n")
    whole = base + mark + "电话" if form == "own" else phone + mark
    scene.put(whole, "L:client_phone" if form == "own" or whole.startswith("客户") else "L:phone")
    scene.write("{v}{p}")


def write_couple(scene: Scene) -> None:
    """Write two of one family, each with a number."""
    scene.write_from("couple_text")


def write_columns(scene: Scene) -> None:
    """Write a table: a line of labels, then a line for each client."""
    rng = scene.rng
    joint = rng.choice((" ", "\t", "  ", " | ", "，"))
    scene.style.own_agents = True
    scene.style.clients, scene.style.agents = people.PLAIN, people.PLAIN
    columns = rng.choice(("t c p u", "c p a", "c p u a", "c p a u t", "j c p a", "n c p a u"))
    titles = {
        "t": ("日期", "L:other"), "c": (rng.choice(("客户姓名", "姓名", "客户")), "L:client"),
        "p": (rng.choice(("联系方式", "电话", "手机号")), "L:phone"), "a": (rng.choice(("业务员", "经纪人", "报备人")), "L:agent"),
        "u": (rng.choice(("公司", "门店", "销售团队", "分销商")), "L:unit"), "j": ("项目", "L:other"), "n": ("序号", "L:other"),
    }  # fmt: skip
    cells = {"t": "<T {n:1-12}.{n:1-28}>", "c": "{c}", "p": "{p}", "a": "{a}", "u": "{u}", "j": "{j}", "n": "{n:1-9}"}
    for place, column in enumerate(columns.split()):
        scene.put(joint if place else "")
        scene.put(*titles[column])
    for row in range(rng.choice((1, 2, 2, 3, 4))):
        scene.put("\n")
        if row:
            scene.next_client()
        for place, column in enumerate(columns.split()):
            scene.put(joint if place else "")
            scene.write(cells[column])
