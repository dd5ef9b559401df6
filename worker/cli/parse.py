"""`baobei parse`: what texts mean, as JSON lines."""

import json
import sys

import click

from parsers.parse import parse as parse_text


@click.command("parse")
def parse() -> None:
    """Read JSON lines {"id", "text"} on standard input; write what each means, one JSON line each."""
    bad = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            text = given["text"]
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, TypeError, KeyError):
            bad += 1
            click.echo(f'line {number}: write {{"id": …, "text": "…"}} on one line.', err=True)
            continue
        meaning = {"id": given.get("id")} | dict(parse_text(text).to_json())
        click.echo(json.dumps(meaning, ensure_ascii=False))
    sys.exit(1 if bad else 0)
