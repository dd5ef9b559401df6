"""`baobei gateway replies|resend|settle`: replies that stand still, and what a person does about one."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import click

from worker.cli.base import database, settings
from worker.cli.problems import Problem
from worker.clock import utc_now
from worker.processes.repairs import Mender
from worker.readers.troubles import replies_standing_still, site_of_reply
from worker.runtime import open_runtime
from worker.store.states import UNDELIVERED

Act = Callable[[Mender, int, int], bool]


def list_replies(state: str | None, as_json: bool) -> None:
    """Show the newest replies that did not arrive or may not have; never a number or what they say."""
    with database() as engine:
        found = replies_standing_still(engine, (state,) if state else UNDELIVERED)
    if as_json:
        names = ("id", "site_id", "site", "seq", "code", "ref", "state", "error_code", "error_words")
        rows = [{n: getattr(each, n) for n in names} | {"created_at": each.created_at.isoformat()} for each in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in found:
        why = f"{each.error_code}: {each.error_words}" if each.error_code else "no error of a gateway"
        age = utc_now() - each.created_at
        old = f"{age // timedelta(hours=1)} h" if age < timedelta(days=2) else f"{age.days} d"
        if age < timedelta(hours=2):
            old = f"{age // timedelta(minutes=1)} min"
        click.echo(f"{each.id}  {each.site}  {each.code} {each.ref or '-'}  {each.state}  {old}  {why}")
    if not found:
        click.echo("No reply stands still.")


def resend(reply_id: int) -> None:
    """Send the reply ID once more."""
    _do(reply_id, lambda mender, site_id, one: mender.resend(site_id, one), "failed, stale or in doubt")
    click.echo(f"Reply {reply_id} is sent once more.")


def settle(reply_id: int, how: str) -> None:
    """Record what somebody knows of the reply ID, which is in doubt: that it was sent, or that it was lost."""
    act: Act = Mender.settle_as_sent if how == "sent" else Mender.settle_as_lost
    _do(reply_id, act, "in doubt (unknown or review)")
    click.echo(f"Reply {reply_id} counts as {how}.")


def _do(reply_id: int, act: Act, wanted: str) -> None:
    given = settings()
    with database(given), closing(open_runtime(given)) as runtime:
        site_id = site_of_reply(runtime.engine, reply_id)
        if site_id is None:
            raise Problem(f"There is no reply {reply_id}; `baobei gateway replies` shows those that stand still.")
        if not act(Mender(runtime, None), site_id, reply_id):
            raise Problem(f"Reply {reply_id} is not {wanted}, and nothing was changed; see `baobei gateway replies`.")
