"""The Procfile: which processes there are, and by which command lines they start."""

import re
import shlex
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+)\s*:\s*(?P<command>\S.*)")


class ProcfileError(ValueError):
    """The Procfile cannot be followed; the sentence says where and why."""


@dataclass(frozen=True)
class ProcessLine:
    """One line: a process's name and the words of its command, variables not yet filled in."""

    name: str
    words: tuple[str, ...]

    def argv(self, environ: Mapping[str, str], python: str) -> list[str]:
        """Return the command line to run, `$NAME` filled in, by this very `python`. Raises ProcfileError."""
        filled: list[str] = []
        for word in self.words:
            try:
                filled.append(string.Template(word).substitute(environ))
            except KeyError as missing:
                name = missing.args[0]
                raise ProcfileError(f"The Procfile's {self.name} asks for ${name}, which is not set.") from None
            except ValueError:
                raise ProcfileError(f"The Procfile's {self.name} has a $ that begins no name: {word}") from None
        return [python, *filled[1:]] if filled[0] in ("python", "python3") else filled


def parse_procfile(text: str) -> list[ProcessLine]:
    """Return the entries in their order. Raises ProcfileError, which names the line."""
    entries: dict[str, ProcessLine] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        matched = LINE.fullmatch(line.strip())
        if not matched:
            raise ProcfileError(f"The Procfile's line {number} is not of the form `name: command`.")
        name = matched["name"]
        try:
            entry = ProcessLine(name, tuple(shlex.split(matched["command"])))
        except ValueError as error:
            raise ProcfileError(f"The Procfile's line {number} cannot be split into words: {error}.") from None
        if name in entries:
            raise ProcfileError(f"The Procfile's line {number} names {name} a second time.")
        entries[name] = entry
    if not entries:
        raise ProcfileError("The Procfile names no process.")
    return list(entries.values())


def read_procfile(folders: Sequence[Path]) -> list[ProcessLine]:
    """Read the Procfile in the first of these folders that has one. Raises ProcfileError."""
    for folder in folders:
        if (folder / "Procfile").is_file():
            return parse_procfile((folder / "Procfile").read_text(encoding="utf-8-sig"))
    raise ProcfileError("There is no Procfile, neither here nor with the program: install baobei again.")
