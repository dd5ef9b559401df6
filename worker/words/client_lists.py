"""Clients in a row, as much of each as one segment has room for: 我的 (L16), and whom a leaver has (L17)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worker.words.fields import Fields

SHORTER = (None, 5, 3)
"""To how many characters names are cut, as a last resort before they are left out."""


def rows_of_clients(
    clients: Sequence[Mapping[str, str]], words: Mapping[str, Any], *, all_of_them: bool
) -> Iterator[str]:
    """Yield the list from the fullest to the shortest; `clients` have client, mask, ref, and their ends in words.

    Where not `all_of_them` need to be told, the first are, and that there are more.
    """
    shapes: Sequence[str] = words["client"]["shapes"]
    for shape in shapes:
        for longest in SHORTER if "{client}" in shape else (None,):
            yield _row(clients, shape, longest, words)
    if all_of_them:
        return
    for shown in range(len(clients) - 1, 0, -1):
        yield _row(clients[:shown], shapes[-2], SHORTER[-1], words) + str(words["tail"]["more"])


def _row(clients: Sequence[Mapping[str, str]], shape: str, longest: int | None, words: Mapping[str, Any]) -> str:
    named = []
    for each in clients:
        name = each["client"]
        clipped = name if longest is None or len(name) <= longest else name[: longest - 1] + "…"
        named.append(shape.format_map(Fields({**each, "client": clipped})))
    return str(words["client"]["joint"]).join(named)
