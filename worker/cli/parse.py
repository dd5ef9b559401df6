"""`baobei parse`: what texts mean, as JSON lines."""

import json
import sys
from typing import Any

import click

from parsers.parse import parse as parse_text


def parse() -> None:
    """Read JSON lines {"id", "text"} on standard input; write what each means, one JSON line each."""
    bad = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        given = _read(line)
        if given is None:
            bad += 1
            click.echo(f'line {number}: write {{"id": …, "text": "…"}} on one line.', err=True)
            continue
        meaning = {"id": given.get("id")} | dict(parse_text(given["text"]).to_json())
        click.echo(json.dumps(meaning, ensure_ascii=False))
    sys.exit(1 if bad else 0)


def _read(line: str) -> dict[str, Any] | None:
    try:
        given = json.loads(line)
    except ValueError:
        return None
    return given if isinstance(given, dict) and isinstance(given.get("text"), str) else None
