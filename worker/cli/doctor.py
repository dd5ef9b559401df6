"""`baobei doctor`: what is wrong with the configuration or anything that it depends on, and how to mend it."""

import json
import os
import sys
from dataclasses import asdict

import click

from worker.doctor.base import Finding, Patient
from worker.doctor.table import CHECKS, examine
from worker.runtime import open_runtime
from worker.settings import load_settings
from worker.variables import SettingsError

LOCK_WAIT_MS = 2_000


def doctor(as_json: bool) -> None:
    """Check configuration and every dependency; exit with 1 when there is a problem. Changes no data."""
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        found, checked = [Finding("settings", str(error))], 1
    else:
        runtime = open_runtime(settings, lock_wait_ms=LOCK_WAIT_MS)
        result = examine(Patient(settings, runtime, os.environ))
        runtime.close()
        found, checked = [finding for check in CHECKS for finding in result.get(check.name, [])], len(result)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False))
    else:
        for finding in found:
            click.echo(f"{finding.weight:<8} {finding.check:<11} {finding.sentence}")
        left = len(CHECKS) - checked
        problems = sum(finding.weight == "problem" for finding in found)
        words = "No problem found" if not problems else f"{problems} problem{'s' if problems > 1 else ''} found"
        made = f"{checked} check{'s' if checked > 1 else ''}"
        click.echo(f"{words} by {made}." + (f" {left} more have to wait until these are mended." if left else ""))
    sys.exit(any(finding.weight == "problem" for finding in found))
