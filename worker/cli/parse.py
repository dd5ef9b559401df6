"""`baobei parse`: what texts mean, as JSON lines."""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

import click

from parsers.parse import parse as parse_text


def parse() -> None:
    """Read JSON lines {"id", "text"} on standard input; write what each means, one JSON line each."""
    bad = 0
    for number, line in enumerate(_standard_input(), 1):
        if not line.strip():
            continue
        given = _read(line)
        if given is None:
            bad += 1
            click.echo(f'line {number}: write {{"id": …, "text": "…"}} in UTF-8, on one line.', err=True)
            continue
        meaning = {"id": given.get("id")} | dict(parse_text(given["text"]).to_json())
        click.echo(json.dumps(meaning, ensure_ascii=False))
    sys.exit(1 if bad else 0)


def _standard_input() -> Iterable[bytes]:
    """Return the lines as bytes, so that what they mean hangs on no locale; a closed input has none."""
    lines = iter(sys.stdin.buffer if sys.stdin is not None else ())
    # Editors and spreadsheets sign a file with a BOM.
    return chain((line.removeprefix(BOM_UTF8) for line in islice(lines, 1)), lines)


def _read(line: bytes) -> dict[str, Any] | None:
    """Return what a line gives; None where it is no JSON, has no text, or an id that JSON has no word for."""
    try:
        given = json.loads(line.decode("utf-8"))
        json.dumps(given, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) and isinstance(given.get("text"), str) else None
