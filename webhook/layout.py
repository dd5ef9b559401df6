"""What every page's frame needs: language and light, who is there, where he may go."""

from typing import Any

from flask import Flask, g, request
from flask_babel import Babel

from webhook.entry import field_value, field_wrong, standing
from webhook.erasure import shown
from webhook.forms import form_token
from webhook.navigation import items_of
from webhook.ops_words import error_words
from webhook.phone_views import masked
from webhook.preferences import HTML_LANGUAGE, LANGUAGES, THEMES, chosen, language, theme


def prepare_layout(app: Flask) -> None:
    """Give templates their languages and the frame's values."""
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    Babel(app, default_locale="zh", locale_selector=language)
    app.context_processor(_frame)
    # Macros that are imported without a context have these as well.
    app.add_template_global(field_value, "field_value")
    app.add_template_global(field_wrong, "field_wrong")


def _frame() -> dict[str, Any]:
    # Only who was looked up already: the page of an error must not ask a database that may be the error.
    who = g.get("user")
    return {
        "present": who,
        "navigation": items_of(who),
        "language": language(),
        "html_language": HTML_LANGUAGE[language()],
        "languages": LANGUAGES,
        "theme": theme(),
        "themes": THEMES,
        "chosen": {"sound": chosen("sound"), "notice": chosen("notice")},
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
        "form_token": form_token,
        "error_words": error_words,
        "masked": masked,
        "shown": shown,
        "standing": standing,
    }
