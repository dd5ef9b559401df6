"""`/phones`: the phones of a gateway that has no carrier. What is typed here goes through the real edge, signed."""

from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from parsers.numbers import region_of, to_e164
from webhook.access import public
from webhook.answers import plain
from webhook.edge import receive
from webhook.forms import form_token
from webhook.language import _
from webhook.phone_views import (
    BLANK_BUBBLE,
    BLANK_ENTRY,
    BubbleView,
    bubble_views,
    entry_views,
    number_words,
    phone_views,
)
from webhook.runtime import runtime
from worker.gateways.base import Gateway, Playable
from worker.readers.phones import Mark, Person, PhoneSite, changes_since, mark_of, people_of, played_sites

MOST_OTHERS = 12

routes = Blueprint("phones", __name__, url_prefix="/phones")


@routes.get("")
@public
def page() -> str | tuple[str, int]:
    """Show the phones of the chosen site, else of the first."""
    every = played_sites(runtime().engine, _played().name)
    if not every:
        return render_template("phones.html", sites=[], site=None)
    wanted = request.args.get("site", type=int)
    site = next((each for each in every if each.id == wanted), every[0])
    others, fault = _others(site)
    html = _page_of(every, site, others, fault)
    return (html, 400) if fault else html


@routes.get("/<int:site_id>/feed")
@public
def feed(site_id: int) -> AnyResponse:
    """Return as JSON what came since the mark `since`; 304 while nothing has."""
    site = _site(site_id)
    since = Mark.parse(request.args.get("since", ""))
    now = mark_of(runtime().engine, site_id)
    answer = Response(mimetype="application/json")
    answer.set_etag(str(now))
    if request.if_none_match.contains(str(now)):
        answer.status_code = 304
        return answer
    site = people_of(runtime().engine, site)
    changes = changes_since(runtime().engine, site_id, since)
    answer = jsonify(
        mark=str(changes.mark),
        decided=changes.mark.decided,
        waiting=changes.mark.waiting,
        bubbles=[asdict(view) for view in bubble_views(changes.bubbles, site.zone)],
        entries=[asdict(view) for view in entry_views(changes.entries, site)],
    )
    answer.set_etag(str(changes.mark))
    return answer


@routes.post("/<int:site_id>/texts")
@public
def send(site_id: int) -> AnyResponse:
    """Send `text` from the phone `sender` to the site, and return its place as JSON (without script: the page).

    A text that waits in the spool has no place yet: null.
    """
    site = _site(site_id)
    text = request.form.get("text", "").replace("\r\n", "\n")
    played = _played()
    headers, raw = played.typed(_sender(site), site.number, text)
    reception = receive(runtime(), runtime().gateways[played.name], "messages", headers, raw)
    if reception.ack.status != 200:
        return plain(_("Not sent: it could not be kept. Please send it again."), 503)
    if not request.accept_mimetypes.accept_json or request.accept_mimetypes.accept_html:
        return redirect(url_for("phones.page", site=site_id), 303)
    return jsonify(seq=reception.receipts[0].seq)


def played_of(gateways: Mapping[str, Gateway]) -> Playable | None:
    """Return the gateway whose phones are shown, if there is one."""
    return next((gateway for gateway in gateways.values() if isinstance(gateway, Playable)), None)


def _played() -> Playable:
    found = played_of(runtime().gateways)
    if found is None:
        abort(404)
    return found


def _site(site_id: int) -> PhoneSite:
    found = [site for site in played_sites(runtime().engine, _played().name) if site.id == site_id]
    if not found:
        abort(404, _("There is no such site."))
    return found[0]


def _sender(site: PhoneSite) -> str:
    try:
        return to_e164(request.form.get("sender", ""), region_of(site.number))
    except ValueError:
        abort(400, _("Not sent: the sending number is not a phone number."))


def _others(site: PhoneSite) -> tuple[list[str], dict[str, str] | None]:
    """Return the phones that the address adds, and what is wrong with the one of them that is none."""
    others: list[str] = []
    for typed in request.args.getlist("other")[:MOST_OTHERS]:
        try:
            others.append(to_e164(typed, region_of(site.number)))
        except ValueError:
            return others, {
                "typed": typed,
                "sentence": _("This is not a phone number. Write it as 138 0013 8000 or +86 138 0013 8000."),
            }
    return list(dict.fromkeys(others)), None


def _page_of(every: list[PhoneSite], site: PhoneSite, others: list[str], fault: dict[str, str] | None) -> str:
    # The texts before the people: so whoever sent one of these texts has a phone on the page.
    changes = changes_since(runtime().engine, site.id, Mark())
    site = people_of(runtime().engine, site)
    shown = {person.phone for person in site.people}
    people = (*site.people, *(Person(phone, "other") for phone in others if phone not in shown))
    bubbles: list[BubbleView] = bubble_views(changes.bubbles, site.zone)
    return render_template(
        "phones.html",
        sites=every,
        site=site,
        site_shown=number_words(site.number),
        phones=phone_views(people, bubbles),
        entries=entry_views(changes.entries, site),
        mark=changes.mark,
        token=form_token(),
        others=others,
        newest=others[-1] if others and not fault else None,
        fault=fault,
        blank_bubble=BLANK_BUBBLE,
        blank_entry=BLANK_ENTRY,
    )
