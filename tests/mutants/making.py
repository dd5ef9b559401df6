"""Makes mutants of a package's source: one small change each, as a change of text, so that all else stays as it is."""

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Change = tuple[ast.AST, str]
"""What is replaced, and by what."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: in which file and function, of which kind, at which characters, from what to what.

    `nth` counts the same change in the same function, so that a mutant is known again when lines move.
    """

    file: str
    function: str
    kind: str
    was: str
    becomes: str
    nth: int
    line: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """What it is known by, wherever it stands in its file."""
        return "|".join((self.file, self.function, self.kind, self.was, self.becomes, str(self.nth)))

    def planted(self, source: str) -> str:
        """Return the file's text with the change in it."""
        return source[: self.start] + self.becomes + source[self.end :]


SWAPPED: dict[type[ast.AST], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
EMPTY = {
    "bool": "not ({})",
    "str": '""',
    "int": "0",
    "Iterator": "iter(())",
    "list": "[]",
    "tuple": "()",
    "dict": "{{}}",
}
"""What is returned instead, by what a function says that it returns; anything else becomes None."""


def comparisons(node: ast.AST, source: str) -> Iterator[Change]:
    """`<` becomes `<=`, `==` becomes `!=`, and so on; the limits of a rule are in these."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = _text(source, node.left), _text(source, node.comparators[0])
        yield node, f"{left} {SWAPPED[type(node.ops[0])]} {right}"


def booleans(node: ast.AST, source: str) -> Iterator[Change]:
    """One part of an `and` or `or` is left out; `not` is."""
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        for left_out in range(len(node.values)):
            kept = [_text(source, value) for place, value in enumerate(node.values) if place != left_out]
            yield node, f"({word.join(kept)})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, f"bool({_text(source, node.operand)})"


def conditions(node: ast.AST, source: str) -> Iterator[Change]:
    """What is asked for is always so, or never."""
    tests = [node.test] if isinstance(node, ast.If | ast.IfExp) else []
    tests += node.ifs if isinstance(node, ast.comprehension) else []
    for test in tests:
        yield from ((test, "True"), (test, "False"))


def constants(node: ast.AST, source: str) -> Iterator[Change]:
    """A number is one more, what is true is false."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int):
        yield node, str(not node.value if isinstance(node.value, bool) else node.value + 1)


def statements(node: ast.AST, source: str) -> Iterator[Change]:
    """A call, an assignment into something, or what is yielded is left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield node, "yield from ()"
    elif _acts(node):
        yield node, "pass"


def arguments(node: ast.AST, source: str) -> Iterator[Change]:
    """A named argument of a call is left out, or one member of a tuple, list or set that is written out."""
    if isinstance(node, ast.Call):
        for left_out in node.keywords:
            given = [*node.args, *(each for each in node.keywords if each is not left_out)]
            yield node, f"{_text(source, node.func)}({', '.join(_text(source, each) for each in given)})"
    elif isinstance(node, ast.Tuple | ast.List | ast.Set) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from ((node, _without(node, place, source)) for place in range(len(node.elts)) if len(node.elts) > 1)


def returned(node: ast.AST, source: str) -> Iterator[Change]:
    """Something else is returned: the opposite, nothing, none of it."""
    if isinstance(node, Function):
        said = ast.unparse(node.returns) if node.returns else ""
        empty = next((value for name, value in EMPTY.items() if said.partition("[")[0] == name), "None")
        for each in _own(node):
            if isinstance(each, ast.Return) and each.value is not None:
                text = empty.format(_text(source, each.value))
                if text != _text(source, each.value):
                    yield each.value, text


KINDS: dict[str, Callable[[ast.AST, str], Iterator[Change]]] = {
    each.__name__: each for each in (comparisons, booleans, conditions, constants, statements, arguments, returned)
}


def all_mutants(root: Path, package: str) -> Iterator[Mutant]:
    """Yield every mutant of every module of a package (a path under `root`), in order."""
    for path in sorted((root / package).rglob("*.py")):
        yield from of_source(path.relative_to(root).as_posix(), path.read_text("utf-8"))


def of_source(file: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of one module."""
    starts = _line_starts(source)
    seen: Counter[tuple[str, ...]] = Counter()
    for function, node in _nodes(ast.parse(source)):
        for kind, make in KINDS.items():
            for changed, becomes in make(node, source):
                start, end = _span(changed, source, starts)
                known = (function, kind, source[start:end], becomes)
                seen[known] += 1
                yield Mutant(file, *known, seen[known], _line(changed), start, end)


def sample(mutants: list[Mutant], each: int, seed: int) -> list[Mutant]:
    """Return `each` mutants of every kind, always the same: those whose names, hashed with the seed, come first.

    A change of one function brings or takes its own mutants; the others stay in the sample.
    """
    drawn = [_first([m for m in mutants if m.kind == kind], each, seed) for kind in KINDS]
    return sorted((m for group in drawn for m in group), key=lambda m: (m.file, m.start, m.becomes))


def _first(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    return sorted(mutants, key=lambda m: hashlib.sha256(f"{seed}|{m.key}".encode()).digest())[:count]


def _nodes(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield what may be changed, with the function that it stands in; types and docstrings are left alone."""
    for child in ast.iter_child_nodes(tree):
        if not _is_code(tree, child):
            continue
        named = isinstance(child, Function | ast.ClassDef)
        inside = f"{function}.{child.name}".lstrip(".") if named else function
        yield inside, child
        yield from _nodes(child, inside)


def _is_code(parent: ast.AST, child: ast.AST) -> bool:
    annotation = child in (getattr(parent, "annotation", None), getattr(parent, "returns", None))
    within_brackets = isinstance(parent, ast.Subscript) and child is parent.slice
    decorator = child in getattr(parent, "decorator_list", ())
    alias = (
        isinstance(child, ast.Assign) and isinstance(child.value, ast.Subscript | ast.BinOp) and child.col_offset == 0
    )
    return not (annotation or within_brackets or decorator or alias or isinstance(child, ast.Assert | ast.JoinedStr))


def _acts(node: ast.AST) -> bool:
    """Tell whether a statement is a call, or changes a value where others only name one."""
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    return isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function itself, not in those within it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, Function | ast.Lambda):
            yield child
            yield from _own(child)


def _without(node: ast.Tuple | ast.List | ast.Set, place: int, source: str) -> str:
    kept = [_text(source, each) for number, each in enumerate(node.elts) if number != place]
    opened, closed = {ast.Tuple: "()", ast.List: "[]", ast.Set: "{}"}[type(node)]
    return f"{opened}{', '.join(kept)}{',' if isinstance(node, ast.Tuple) else ''}{closed}"


def _text(source: str, node: ast.AST) -> str:
    start, end = _span(node, source, _line_starts(source))
    return source[start:end]


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(node: ast.AST, source: str, starts: list[int]) -> tuple[int, int]:
    """Return where a node stands, in characters; its columns are bytes."""
    lines = source.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    return at(first, getattr(node, "col_offset", 0)), at(last, getattr(node, "end_col_offset", 0))
