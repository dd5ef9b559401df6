"""The command line: `baobei`, also `python -m worker`. What it can be told stands in `commands/`, joined here."""

import click

from worker.cli.commands import reading, running, sites
from worker.cli.program import Program


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="baobei")
def main() -> None:
    """Client reports by text message: received, put in line, decided, answered."""


COMMANDS = (
    *(running.up, running.migrate, running.doctor, sites.site, sites.staff, sites.roster, reading.parse),
    *(reading.rehearse, reading.register, running.gateway, running.backfill, reading.audit, reading.backup),
    *(reading.restore, reading.retention, reading.explain, running.redecide, running.user, running.work),
    running.sweep,
)

for command in COMMANDS:
    main.add_command(command)
