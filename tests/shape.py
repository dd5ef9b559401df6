"""How the code is cut, in figures: `python -m tests.shape [-v]`.

With -v each private function of one to three lines that is used once is named: where its parent stays readable with it
inside, it had better stand there.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
PACKAGES = ("parsers", "worker", "webhook")
SHORT = 3


@dataclass(frozen=True, slots=True)
class Function:
    """A private function of a module: its lines without docstring, and how often the module names it elsewhere."""

    path: Path
    name: str
    line: int
    lines: int
    uses: int


def private_functions(path: Path) -> Iterator[Function]:
    """Yield the private functions of a module, methods too."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_") and not node.name.startswith("__"):
            uses = len(re.findall(rf"\b{node.name}\b", source)) - 1
            yield Function(path, node.name, node.lineno, lines_of(node), uses)


def lines_of(node: ast.FunctionDef) -> int:
    """Return how many lines the body has, its docstring apart."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def main() -> None:
    """Print a row for each package."""
    print(f"{'':10}{'modules':>8}{'lines':>8}{'longest':>9}{'p90':>6}{'private':>9}{'used once':>11}{'short':>7}")
    for package in PACKAGES:
        paths = sorted((ROOT / package).rglob("*.py"))
        private = [function for path in paths for function in private_functions(path)]
        every = [
            n for path in paths for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)
        ]
        lengths = [lines_of(node) for node in every]
        once = [function for function in private if function.uses == 1]
        short = [function for function in once if function.lines <= SHORT]
        lines = sum(len(path.read_text("utf-8").splitlines()) for path in paths)
        share = f"{100 * len(once) / len(private):.0f} %"
        print(
            f"{package:10}{len(paths):8}{lines:8}{max(lengths):9}{quantiles(lengths, n=10)[8]:6.0f}{len(private):9}"
            f"{share:>11}{len(short):7}"
        )
        if "-v" in sys.argv:
            for function in short:
                print(f"  {function.path.relative_to(ROOT)}:{function.line} {function.name} {function.lines}")
    print(f"median of all functions: {median(lengths):.0f} lines")


if __name__ == "__main__":
    main()
