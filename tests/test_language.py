"""The pages' words: every message of the code has its Chinese, and the compiled catalogue is the written one."""

import io
import tomllib
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "webhook" / "translations" / "zh" / "LC_MESSAGES"
HOW = "pybabel extract, update and compile mend it (CONTRIBUTING.md)"


def written() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def in_code() -> set[str]:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    mappings = [(each["pattern"], each["method"]) for each in settings]
    found = extract_from_dir(PROJECT, mappings, keywords={"_": None, "_l": None, "N_": None}, directory_filter=_ours)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def _ours(folder: str) -> bool:
    ours = (PROJECT / "webhook", PROJECT / "worker")
    return Path(folder) == PROJECT or any(part in (Path(folder), *Path(folder).parents) for part in ours)


def test_every_message_has_its_chinese_and_no_other_is_kept() -> None:
    chinese = {message.id: message.string for message in written() if message.id}
    assert set(chinese) == in_code(), HOW
    assert [message for message, words in chinese.items() if not words] == [], HOW


def test_translations_keep_the_places_of_values() -> None:
    for message in written():
        if message.id and message.python_format:
            assert [str(error) for error in message.check()] == []


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, written())
    with (FOLDER / "messages.mo").open("rb") as file:
        assert compiled_words(file) == compiled_words(io.BytesIO(compiled.getvalue())), HOW


def compiled_words(file: Any) -> dict[Any, Any]:
    # The header says when it was compiled.
    return {message.id: message.string for message in read_mo(file) if message.id}
