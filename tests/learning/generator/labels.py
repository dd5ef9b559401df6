"""Label words of the fields: the usual ones, such as are built from parts, and mistyped ones."""

from collections.abc import Callable
from random import Random
from typing import Final

from .templates import words


def _join(rng: Random, heads: str, tails: str) -> str:
    return rng.choice(words(heads)) + rng.choice(words(tails))


def _client(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(words("client_heads"))
    return rng.choice(words("client_alone")) if kind < 0.35 else _join(rng, "client_heads", "client_tails")


def _client_phone(rng: Random) -> str:
    label = _join(rng, "client_heads", "phone_tails")
    return label + (rng.choice(words("client_phone_ends")) if rng.random() < 0.25 else "")


def _phone(rng: Random) -> str:
    label = rng.choice(words("phone_alone"))
    return label + (rng.choice(words("client_phone_ends")) if rng.random() < 0.12 and label.isalpha() else "")


def _agent(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(words("agent_heads"))
    return rng.choice(words("agent_alone")) if kind < 0.5 else _join(rng, "agent_heads", "agent_tails")


def _agent_phone(rng: Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(words("agent_phone_alone"))
    return _join(rng, "agent_heads", "agent_phone_tails")


def _unit(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(words("unit_alone"))
    if kind < 0.85:
        return _join(rng, "unit_heads", "unit_tails")
    return rng.choice(words("unit_heads")) + _join(rng, "unit_heads", "unit_tails")


def _unlisted(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.6:
        return _join(rng, "label_subjects", "label_ends")
    if kind < 0.8:
        return rng.choice(words("label_subjects")) + _join(rng, "label_subjects", "label_ends")
    return rng.choice(("是否", "有无", "预计", "初步", "目前", "其他", "拟", "首次")) + _join(
        rng, "label_subjects", "label_ends"
    )


_WIDE: Final[dict[str, Callable[[Random], str]]] = {
    "client": _client, "client_phone": _client_phone, "phone": _phone, "agent": _agent, "agent_phone": _agent_phone,
    "unit": _unit,
}  # fmt: skip

_PLAIN: Final = {
    "client": "client_plain", "client_phone": "client_phone_plain", "phone": "phone_plain", "agent": "agent_plain",
    "unit": "unit_plain",
}  # fmt: skip

ROLES: Final = ("client", "client_phone", "phone", "agent", "agent_phone", "unit")


def pick(rng: Random, role: str, wide: float) -> str:
    """Return a label of that role, with the share `wide` one that is built from parts, and sometimes mistyped."""
    if role == "unlisted":
        return _unlisted(rng)
    if role not in ROLES:
        return rng.choice(words(f"{role}_labels"))
    if rng.random() >= wide:
        return rng.choice(words(_PLAIN[role])) if role in _PLAIN else _plain_agent_phone(rng)
    label = _WIDE[role](rng)
    return mistyped(rng, label) if rng.random() < 0.06 else label


def _plain_agent_phone(rng: Random) -> str:
    return rng.choice(
        ("经纪人电话", "业务员电话", "报备人电话", "带看人电话", "员工电话", "渠道专员联系方式", "经纪人手机号")
    )


def mistyped(rng: Random, label: str) -> str:
    """Return the label with one of its words mistyped, if it has one that people mistype."""
    pairs = [pair for pair in zip(words("typo_from"), words("typo_to"), strict=True) if pair[0] in label]
    if not pairs:
        return label
    right, wrong = rng.choice(pairs)
    return label.replace(right, wrong, 1)
