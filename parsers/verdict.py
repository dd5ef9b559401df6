"""Whether a text is a report at all: by the shape of what was found in it, and by the words around (R2; reading.md)."""

from collections.abc import Iterator, Sequence
from typing import Final

from parsers.edges import Edge
from parsers.message import ReportText
from parsers.normalise import Reading
from parsers.shapes import person_shape
from parsers.vocabulary import LABELS, TABLE

BIAS: Final = "bias"
_LONGEST: Final = 400


def shape_of(path: Sequence[tuple[Edge, str]], reading: Reading) -> str:
    """Return the text with its parts as capitals, labels and moments as signs, other words as they are."""
    out: list[str] = []
    last = 0
    for edge, tag in path:
        out.append(_between(reading.skeleton[last : edge.start]))
        if tag == "O":
            out.append(edge.text)
        else:
            out.append(_SIGNS.get(tag, "L"))
        last = edge.end
    out.append(_between(reading.skeleton[last:]))
    return "".join(out)


_SIGNS: Final = {"C": "C", "A": "A", "U": "U", "P": "P", "Q": "Q", "T": "T"}


def _between(signs: str) -> str:
    if not signs:
        return ""
    if "\n" in signs:
        return "\n"
    kept = "".join(c for c in signs if not c.isspace())
    return kept[:2] or " "


def features_of(path: Sequence[tuple[Edge, str]], parsed: ReportText, reading: Reading) -> Iterator[str]:
    """Yield the features of a text and its best reading as a report."""
    yield BIAS
    shape = f"^{shape_of(path, reading)[:_LONGEST]}$"
    for size in (1, 2, 3):
        yield from [shape[at : at + size] for at in range(len(shape) - size + 1)]
    fields = "".join(_SIGNS.get(tag, "l" if tag[0] == "L" else "") for _, tag in path)
    order = "".join(c for c in fields if c in "CAUPQ")
    yield f"=o:{order[:8]}"
    yield f"=e:{parsed.error}:{min(len(parsed.reports), 3)}:{min(len(parsed.faults), 2)}"
    yield f"=l:{min(fields.count('l'), 4)}:{parsed.error}"
    yield f"=p:{min(fields.count('P'), 3)}:{min(fields.count('Q'), 2)}"
    yield from _runs(path)
    others = [edge.text for edge, tag in path if tag == "O"]
    count = sum(map(len, others))
    yield f"=n:{min(count // 3, 8)}:{parsed.error}"
    yield f"=w:{min(len(reading.skeleton) // 20, 6)}"
    kinds = sorted({TABLE.kinds[word] for word in others if word in TABLE.kinds and word not in LABELS})
    yield from (f"=k:{kind}" for kind in kinds)
    yield from (f"=ke:{kind}:{parsed.error}" for kind in kinds)
    for edge, tag in path:
        if tag in ("C", "A", "U"):
            yield f"=s:{tag}:{edge.coarse}"
            yield f"=sp:{tag}:p:{person_shape(edge.text)}"
    first = next((f"{tag}:{edge.text if tag == 'O' else ''}" for edge, tag in path), "")
    yield f"=f:{first}"


_JOINED: Final = frozenset(["report", "client", "and", "label"])


def _runs(path: Sequence[tuple[Edge, str]]) -> Iterator[str]:
    """Yield the parts that stand together with no other word between: the standard form, whatever stands around it."""
    run, alone = "", True
    for edge, tag in path:
        if tag in "CAUPQ":
            run += tag
        elif tag == "O" and edge.symbol not in _JOINED:
            alone = False
            if run:
                yield f"=r:{run[:6]}"
            run = ""
    yield f"=r:{run[:6]}"
    yield f"=a:{alone}:{run[:6]}"
