"""What several commands take, and the choices that there are.

The choices stand here as words, so that help needs nothing of what knows them; a test holds them together.
"""

from pathlib import Path
from typing import Final

import click

STAFF_ROLES: Final = ("manager", "consultant", "service")
USER_ROLES: Final = ("ops", *STAFF_ROLES)
GATEWAYS: Final = ("sandbox", "twilio")
LANGUAGES: Final = ("zh", "en")
UNDELIVERED: Final = ("failed", "unknown", "review", "stale")
FORMATS: Final = ("table", "csv", "xlsx", "json", "scenario")
STATUSES: Final = (
    *("live", "renewed", "visited", "expired", "lapsed", "suspected"),
    *("contested", "withdrawn", "displaced", "denied", "sold"),
)
FLAGS: Final = (
    *("unsure", "unlisted", "project", "short_lead", "extended", "contested", "clock"),
    *("shortened", "full_number", "group", "imported"),
)
LARGEST_ID: Final = 2**63 - 1

NAME = click.argument("name")
NUMBER = click.argument("number")
REPLY = click.argument("reply_id", metavar="ID", type=click.IntRange(1, LARGEST_ID))
ASKED = click.argument("asked", nargs=-1, required=True, metavar="R1024 | CLIENT MASK")
FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
LIST = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))

NAMED_SITE = click.option("--site", "site_name", required=True, help="The site's name.")
ONE_SITE = click.option("--site", "site_name", help="One site only.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
