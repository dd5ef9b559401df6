"""`baobei parse`: what texts mean, as JSON lines."""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import chain, islice

import click

from parsers.parse import parse as parse_text


def parse() -> None:
    """Read JSON lines {"id", "text"} on standard input; write what each means, one JSON line each."""
    bad = 0
    # As bytes, so that what they mean hangs on no locale; a closed input has none.
    lines: Iterator[bytes] = iter(sys.stdin.buffer if sys.stdin is not None else ())
    # Editors and spreadsheets sign a file with a BOM.
    unsigned = chain((line.removeprefix(BOM_UTF8) for line in islice(lines, 1)), lines)
    for number, line in enumerate(unsigned, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line.decode("utf-8"))
            json.dumps(given, allow_nan=False)  # JSON has no word for some ids.
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict) or not isinstance(given.get("text"), str):
            bad += 1
            click.echo(f'line {number}: write {{"id": …, "text": "…"}} in UTF-8, on one line.', err=True)
            continue
        meaning = {"id": given.get("id")} | dict(parse_text(given["text"]).to_json())
        click.echo(json.dumps(meaning, ensure_ascii=False))
    sys.exit(1 if bad else 0)
