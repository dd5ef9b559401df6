"""`baobei rehearse`: plays scenario files."""

import json
from pathlib import Path

import click

from worker.cli.problems import WrongUsage
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage
from worker.scenarios.values import ScenarioError


def rehearse_files(files: tuple[Path, ...], as_json: bool) -> None:
    """Play scenario files on a virtual clock, in memory; print every broken expectation with its line."""
    found = []
    for file in files:
        try:
            played = rehearse(read_scenario(file.read_bytes().decode("utf-8")), MemoryStage())
        except UnicodeDecodeError:
            raise WrongUsage(f"{file} is not UTF-8; save it as UTF-8.") from None
        except ScenarioError as error:
            raise WrongUsage(f"{file}:{error.line} {error}") from None
        found += [(file, broken) for broken in played]
    if as_json:
        rows = [{"file": str(f), "line": b.line, "expected": b.expected, "got": b.got} for f, b in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for file, broken in found:
            click.echo(f"{file}:{broken.line} expected {broken.expected} got {broken.got}")
        click.echo(f"{len(files)} played, {len({file for file, _ in found})} broken", err=True)
    raise SystemExit(1 if found else 0)
