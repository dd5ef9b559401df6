"""`/phones`: the phones of a gateway that has no carrier. What is typed here goes through the real edge, signed."""

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from parsers.numbers import region_of, to_e164
from webhook.access import polled, public
from webhook.answers import plain
from webhook.edge import receive
from webhook.forms import form_token
from webhook.language import _
from webhook.live import part
from webhook.numbers import asked_number
from webhook.own_gateways import own_gateways
from webhook.phone_views import bubble_views, entry_views, number_words, phone_views
from webhook.runtime import runtime
from worker.gateways.base import Gateway
from worker.gateways.playable import Playable
from worker.readers.phones import MOST_PEOPLE, Person, PhoneSite, news_of, people_of, played_sites

MOST_OTHERS = 12
OTHERS = "phones"
"""Where the browser's session keeps the phones that were added: an address would show their numbers (L14)."""

routes = Blueprint("phones", __name__, url_prefix="/phones")


@routes.get("")
@public
def page() -> str | tuple[str, int]:
    """Show the phones of the chosen site, else of the first."""
    every = played_sites(runtime().engine, _played().name)
    if not every:
        return render_template("phones.html", sites=[], site=None, real=own_gateways())
    return _page_of(every, _chosen(every))


@routes.post("")
@public
def add() -> AnyResponse | tuple[str, int]:
    """Add the phone that was typed to those that this browser is shown, and show them; 400 where it is no number."""
    every = played_sites(runtime().engine, _played().name)
    if not every:
        return redirect(url_for("phones.page"), 303)
    site, typed = _chosen(every), request.form.get("other", "")
    try:
        added = to_e164(typed, region_of(site.number))
    except ValueError:
        sentence = _("This is not a phone number. Write it as 138 0013 8000 or +86 138 0013 8000.")
        return _page_of(every, site, {"typed": typed, "sentence": sentence}), 400
    session[OTHERS] = [*(each for each in _others() if each != added), added][-MOST_OTHERS:]
    return redirect(url_for("phones.page", site=site.id), 303)


@routes.route("/<int:site_id>/news", methods=["GET", "POST"])
@public
@polled
def news(site_id: int) -> AnyResponse:
    """Return the line, the threads of the phones that the page shows (`sender`), and whole phones that it lacks."""
    site = _site(site_id)
    shown = request.values.getlist("sender")[: MOST_PEOPLE + MOST_OTHERS]
    return part(render_template("phones/news.html", **_shown(site, shown), known=shown, live=True))


@routes.post("/<int:site_id>/texts")
@public
def send(site_id: int) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """Send `text` from the phone `sender` to the site, and return its field for the next (without script: the page)."""
    site = _site(site_id)
    try:
        sender = to_e164(request.form.get("sender", ""), region_of(site.number))
    except ValueError:
        abort(400, _("Not sent: the sending number is not a phone number."))
    text = request.form.get("text", "").replace("\r\n", "\n")
    played = _played()
    headers, raw = played.typed(sender, site.number, text)
    reception = receive(runtime(), runtime().gateways[played.name], "messages", headers, raw)
    if reception.ack.status != 200:
        return plain(_("Not sent: it could not be kept. Please send it again."), 503)
    if "HX-Request" not in request.headers:
        return redirect(url_for("phones.page", site=site_id), 303)
    people = people_of(runtime().engine, site).people
    person = next((person for person in people if person.phone == sender), Person(sender, "other"))
    (phone,) = phone_views([person], [])
    html = render_template("phones/composer.html", site=site, phone=phone, token=form_token())
    return html, 200, {"HX-Trigger": "texted"}


def played_of(gateways: Mapping[str, Gateway]) -> Playable | None:
    """Return the gateway whose phones are shown, if there is one."""
    return next((gateway for gateway in gateways.values() if isinstance(gateway, Playable)), None)


def _played() -> Playable:
    found = played_of(runtime().gateways.of_settings)
    if found is None:
        abort(404)
    return found


def _site(site_id: int) -> PhoneSite:
    found = [site for site in played_sites(runtime().engine, _played().name) if site.id == site_id]
    if not found:
        abort(404, _("There is no such site."))
    return found[0]


def _chosen(every: list[PhoneSite]) -> PhoneSite:
    wanted = asked_number("site")
    return next((each for each in every if each.id == wanted), every[0])


def _others() -> list[str]:
    others: list[str] = session.get(OTHERS, [])
    return others


def _page_of(every: list[PhoneSite], site: PhoneSite, fault: dict[str, str] | None = None) -> str:
    others = _others()
    return render_template(
        "phones.html",
        sites=every,
        real=own_gateways(),
        newest=others[-1] if others and not fault else None,
        fault=fault,
        **_shown(site, others),
    )


def _shown(site: PhoneSite, numbers: list[str]) -> dict[str, object]:
    """Return what stands on the page: the site's people, and of these numbers those who are none of them."""
    # The texts before the people: so whoever sent one of these texts has a phone on the page.
    found = news_of(runtime().engine, site.id)
    site = people_of(runtime().engine, site)
    shown = {person.phone for person in site.people}
    people = (*site.people, *(Person(number, "other") for number in numbers if number not in shown))
    return {
        "site": site,
        "site_shown": number_words(site.number),
        "phones": phone_views(people, bubble_views(found.bubbles, site.zone)),
        "entries": entry_views(found.entries, site),
        "news": found,
        "token": form_token(),
    }
