"""The command line: `baobei`, also `python -m worker`. What it can be told stands in `commands/`, joined here."""

import click

from worker.cli.commands import gateways, operation, records, sites
from worker.cli.program import CommandGroup


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="baobei")
def main() -> None:
    """Client reports by text message: received, put in line, decided, answered."""


COMMANDS = (
    *(operation.up, operation.migrate, operation.doctor, sites.site, sites.staff, sites.roster, sites.acts),
    records.parse,
    *(records.rehearse, records.register, gateways.gateway, operation.backfill, records.audit, records.backup),
    *(records.restore, records.retention, records.explain, operation.redecide, operation.user, operation.work),
    operation.sweep,
)

for command in COMMANDS:
    main.add_command(command)
