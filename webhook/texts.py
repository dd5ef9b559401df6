"""`/ops/texts`: every text that came in or went out, found by number, day, outcome and state."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, present_user
from webhook.codes import CODES, WAITING, CodeWords, code_words
from webhook.erasure import shown
from webhook.language import _, _l
from webhook.ops_words import STATES, delivery_words, error_words
from webhook.register_links import asked_key, asked_words, written
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import chosen_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.readers.search import read_search
from worker.readers.texts import CAME, ENTERED, UNDECIDED, WENT, Text, TextPage, TextSearch, texts_page
from worker.store.states import UNDELIVERED, ReplyState

routes = Blueprint("texts", __name__, url_prefix="/ops/texts")

WAYS = ((CAME, _l("came in")), (WENT, _l("went out")), (ENTERED, _l("entered on a page")))
NOT_ARRIVED = "undelivered"
"""Instead of a state: all that did not arrive, as far as we know."""


@dataclass(frozen=True, slots=True)
class TextView:
    """A text as it is shown; `marks`: what became of it, or how it stands; `why`: what its gateway says."""

    text: Text
    way: str
    when: str
    who: str
    words: str
    marks: tuple[CodeWords, ...]
    why: str
    mendable: bool


@routes.get("")
@allowed("ops", "manager")
def page() -> str | Response:
    """Show the texts of the chosen site that are looked for, the newest first."""
    sites = visible_sites()
    site = chosen_site(sites)
    if site is None:
        return render_template("ops/texts.html", sites=[], site=None)
    search = _asked(site)
    if asked_words() != search.typed.typed:
        return redirect(_address(site, search), 303)
    found = texts_page(runtime().engine, site.id, search, asked_key("before"), present_user())
    show = Showing(runtime().clock(), site.zone)
    return render_template(
        "ops/texts.html",
        sites=sites,
        site=site,
        search=search,
        searched=search != TextSearch(),
        days=(_asked_day("from"), _asked_day("to")),
        state=request.args.get("state"),
        views=(views := _views(found, show)),
        older=found.older and _address(site, search, before=written(found.older)),
        newest=_address(site, search) if asked_key("before") else None,
        back_to=found.back_to and show.moment(found.back_to),
        mending=any(view.mendable for view in views),
        **_choices(),
    )


@routes.post("")
@allowed("ops", "manager")
def search() -> Response:
    """Lead to the page that shows what was typed: into no address but without the middle of a number (L14)."""
    site = chosen_site(visible_sites())
    return redirect(url_for("texts.page") if site is None else _address(site, _asked(site)), 303)


def _asked(site: SiteRow) -> TextSearch:
    """Return what this request looks for; what it names that we do not know is not looked for."""
    given = request.values
    way, code, state = given.get("way"), given.get("code"), given.get("state", "")
    since, last = (_asked_day(name) for name in ("from", "to"))
    return TextSearch(
        read_search(asked_words(), region=site.region),
        way if way in dict(WAYS) else None,
        code if code == UNDECIDED or code in CODES else None,
        tuple(UNDELIVERED) if state == NOT_ARRIVED else (state,) if state in tuple(ReplyState) else (),
        _midnight(since, site),
        _midnight(last and last + timedelta(days=1), site),
    )


def _asked_day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None
    # Midnight of a year that no clock shows would be beyond what a time can be.
    return day if 2000 <= day.year < 3000 else None


def _midnight(day: date | None, site: SiteRow) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), site.zone)


def _address(site: SiteRow, search: TextSearch, **more: str | None) -> str:
    given = {name: request.values.get(name) for name in ("from", "to", "state")}
    asked = {"site": str(site.id), "q": search.typed.typed, "way": search.way, "code": search.code} | given | more
    return f"{url_for('texts.page')}?{urlencode({name: value for name, value in asked.items() if value})}"


def _choices() -> dict[str, object]:
    """Return what may be chosen of ways, outcomes and states, each with its words."""
    codes = sorted(((str(code), str(words.words)) for code, words in CODES.items()), key=lambda each: each[1])
    states = [(str(state), str(words.words)) for state, words in STATES.items()]
    return {
        "ways": WAYS,
        "codes": [(UNDECIDED, _("not decided yet")), *codes],
        "states": [(NOT_ARRIVED, _("did not arrive")), *states],
    }


def _views(found: TextPage, show: Showing) -> list[TextView]:
    ways = dict(WAYS)
    return [
        TextView(
            text=text,
            way=str(ways[text.way]),
            when=show.moment(text.at),
            who=found.names.get(text.phone, ""),
            words=shown(text.words),
            marks=_marks(text),
            why=error_words(text.error_code, text.error_words) if text.state in UNDELIVERED else "",
            mendable=text.state in UNDELIVERED,
        )
        for text in found.texts
    ]


def _marks(text: Text) -> tuple[CodeWords, ...]:
    if text.code is None:
        return (WAITING.settled(),)
    if text.state is None:
        return (code_words(text.code),)
    return (code_words(text.code)._replace(tone="quiet"), delivery_words(text.state, text.delivery))
