"""The Procfile: what it may say, and what becomes of it."""

from pathlib import Path

import pytest

from worker.cli.up import PACKAGED
from worker.up.procfile import ProcessLine, ProcfileError, parse_procfile, read_procfile

REFUSED = [
    ("", "names no process"),
    ("# only a comment\n", "names no process"),
    ("web python -m webhook", "line 1 is not of the form"),
    ("web:", "line 1 is not of the form"),
    ("web: a\nweb: b", "line 2 names web a second time"),
    ("web: a\n\nsend: 'b", "line 3 cannot be split into words"),
]


def test_entries_come_in_their_order() -> None:
    text = "# who runs\nweb: python -m webhook --port $PORT\n\nsend : 'two words'  x\n"
    assert parse_procfile(text) == [
        ProcessLine("web", ("python", "-m", "webhook", "--port", "$PORT")),
        ProcessLine("send", ("two words", "x")),
    ]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_cannot_be_followed_is_refused_by_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ProcfileError, match=sentence):
        parse_procfile(text)


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        (("python", "-m", "webhook"), ["/venv/python", "-m", "webhook"]),
        (("python3", "x.py"), ["/venv/python", "x.py"]),
        (("env", "python"), ["env", "python"]),
        (("run", "$PORT", "${HOST}:$PORT"), ["run", "80 00", "h:80 00"]),
        (("run", "$$PORT"), ["run", "$PORT"]),
    ],
)
def test_python_is_our_own_and_variables_are_filled_in(words: tuple[str, ...], argv: list[str]) -> None:
    assert ProcessLine("web", words).argv({"PORT": "80 00", "HOST": "h"}, "/venv/python") == argv


@pytest.mark.parametrize(("word", "sentence"), [("$PRT", r"web asks for \$PRT"), ("5$", r"web has a \$ that")])
def test_a_variable_that_is_not_set_is_named(word: str, sentence: str) -> None:
    with pytest.raises(ProcfileError, match=sentence):
        ProcessLine("web", ("run", word)).argv({"PORT": "1"}, "python")


def test_the_first_folder_with_a_procfile_counts(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Procfile").write_text("web: x", "utf-8-sig")
    assert read_procfile([tmp_path / "a", tmp_path / "b"]) == [ProcessLine("web", ("x",))]
    with pytest.raises(ProcfileError, match="There is no Procfile"):
        read_procfile([tmp_path / "a"])


def test_the_lines_that_travel_with_the_program_are_those_of_the_project() -> None:
    # They are followed in any folder, which may hold modules of the same names: -P keeps Python from looking there.
    without = [
        ProcessLine(line.name, tuple(word for word in line.words if word != "-P")) for line in read_procfile([PACKAGED])
    ]
    assert without == read_procfile([Path(__file__).parents[1]])
