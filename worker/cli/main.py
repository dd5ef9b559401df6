"""The command line: `baobei`, also `python -m worker`. One module a command, joined here."""

import click

from worker.cli.audit import audit
from worker.cli.backfill import backfill
from worker.cli.backup import backup, restore
from worker.cli.doctor import doctor
from worker.cli.explain import explain
from worker.cli.gateway import gateway
from worker.cli.migrate import migrate
from worker.cli.parse import parse
from worker.cli.register import register
from worker.cli.rehearse import rehearse_files
from worker.cli.retention import retention
from worker.cli.roster import roster
from worker.cli.site import site, staff
from worker.cli.up import up
from worker.cli.user import user
from worker.cli.work import sweep, work


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="baobei")
def main() -> None:
    """Client reports by text message: received, put in line, decided, answered."""


COMMANDS = (
    *(up, migrate, doctor, site, staff, roster, parse, rehearse_files, register, gateway, backfill),
    *(audit, backup, restore, retention, explain, user, work, sweep),
)

for command in COMMANDS:
    main.add_command(command)
