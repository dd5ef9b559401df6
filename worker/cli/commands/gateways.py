"""`gateway`: which gateways there are, phones that are one, what is stopped, replies that stand still."""

import click

from worker.cli.commands.options import AS_JSON, NAME, REPLY, UNDELIVERED
from worker.cli.program import done_by

SITES = click.option("--site", "site_names", multiple=True, metavar="SITE", help="A site whose texts it carries.")
PHONE = click.argument("phone", metavar="PHONE")


@click.group()
def gateway() -> None:
    """Look after the gateways."""


@gateway.command("stops")
@AS_JSON
@done_by("gateway:list_stops")
def gateway_stops() -> None:
    """Show what cannot send, since when and why."""


@gateway.command("resume")
@NAME
@done_by("gateway:resume")
def gateway_resume() -> None:
    """Let the gateway NAME and all its numbers send again, once what stopped them is mended."""


@gateway.command("canary")
@NAME
@click.option("--every", type=int, help="Minutes between two, from 15 to 1440.")
@click.option("--to", help="A number of one of your sites; default: each site's own.")
@click.option("--off", is_flag=True, help="No more.")
@done_by("canary:canary")
def gateway_canary() -> None:
    """Have the gateway NAME text a random word to ourselves every so often; an alarm tells when it stays away."""


@gateway.command("replies")
@click.option("--state", type=click.Choice(UNDELIVERED), help="Only those in this state.")
@AS_JSON
@done_by("replies:list_replies")
def gateway_replies() -> None:
    """Show the newest replies that did not arrive or may not have; never a number or what they say."""


@gateway.command("resend")
@REPLY
@done_by("replies:resend")
def gateway_resend() -> None:
    """Send the reply ID once more."""


@gateway.command("settle")
@REPLY
@click.argument("how", type=click.Choice(("sent", "lost")))
@done_by("replies:settle")
def gateway_settle() -> None:
    """Record what somebody knows of the reply ID, which is in doubt: that it was sent, or that it was lost."""


@gateway.command("list")
@AS_JSON
@done_by("phones:list_gateways")
def gateway_list() -> None:
    """List the gateways, with the sites whose texts each carries."""


@gateway.group("add")
def gateway_add() -> None:
    """Add a gateway to this installation."""


@gateway_add.command("phone")
@NAME
@SITES
@AS_JSON
@done_by("phones:add")
def gateway_add_phone() -> None:
    """Let phones that run the SMSGate app be the gateway NAME; print the address and the token that are typed there."""


@gateway_add.command("smsgate")
@NAME
@click.option("--url", required=True, help="The server's API: http://192.168.1.7:8080 of a phone, or a cloud's.")
@click.option("--login", required=True, help="The name that it knows you by.")
@click.option("--password-file", help="A file with the password; default: SMSGATE_PASSWORD, or you are asked.")
@SITES
@done_by("smsgate:add")
def gateway_add_smsgate() -> None:
    """Let phones behind an SMSGate server that runs already be the gateway NAME, or change its account."""


@gateway.command("carry")
@NAME
@SITES
@done_by("phones:carry")
def gateway_carry() -> None:
    """Let the gateway NAME, one of phones, carry the texts of these sites from now on."""


@gateway.command("token")
@NAME
@AS_JSON
@done_by("phones:token")
def gateway_token() -> None:
    """Give the gateway NAME another token; the old one lets no phone in any more. Those that are in stay so."""


@gateway.command("remove")
@NAME
@done_by("phones:remove")
def gateway_remove() -> None:
    """Remove the gateway NAME, which was added, with its phones; while a site's texts go by it that is refused."""


@gateway.command("phones")
@click.option("--gateway", "name", help="Only those of this gateway.")
@AS_JSON
@done_by("phones:list_phones")
def gateway_phones() -> None:
    """Show the phones that are, were or would be a gateway: who waits for approval, which SIM is which site's."""


@gateway.command("approve")
@NAME
@PHONE
@click.option("--sim", "sims", multiple=True, required=True, metavar="N=SITE", help="The SIM, from 1, of this site.")
@click.option("--beside", is_flag=True, help="Beside the phone that has these sites, not in its place.")
@done_by("phones:approve_phone")
def gateway_approve() -> None:
    """Let PHONE be the gateway NAME for these sites, in place of the phone that had them or beside it."""


@gateway.command("end")
@PHONE
@done_by("phones:end_phone")
def gateway_end() -> None:
    """Let PHONE in no more, from this moment."""
