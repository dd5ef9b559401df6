"""Proof that a form was sent from our own page: same origin, and a token that only our page knows."""

import secrets
from hmac import compare_digest
from urllib.parse import urlsplit

from flask import abort, request, session

from webhook.language import _

KEY = "form"


def form_token() -> str:
    """Return the token of this visitor's forms; it lives in his signed session."""
    if KEY not in session:
        session[KEY] = secrets.token_urlsafe(24)
    token: str = session[KEY]
    return token


def demand_own_form() -> None:
    """Refuse (403) a form that another site, or a page from before the session, has sent."""
    elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
    origin = request.headers.get("Origin")
    if elsewhere or (origin is not None and urlsplit(origin).netloc != request.host):
        abort(403, _("This form was sent from another site and was not taken."))
    given, own = request.form.get("token", ""), session.get(KEY, secrets.token_hex())
    if not compare_digest(given.encode(), own.encode()):
        abort(403, _("This page is too old: load it anew and send again."))
