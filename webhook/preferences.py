"""Language, light, sound and notices: what a visitor has chosen, kept in cookies of his browser."""

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from webhook.access import own_path, public

LANGUAGES = {"zh": "中文", "en": "English"}
"""Each in its own words."""
THEMES = ("auto", "light", "dark")
CHOICES = {"language": tuple(LANGUAGES), "theme": THEMES, "sound": ("off", "on"), "notice": ("off", "on")}
"""What may be chosen of each; the first is everybody's until he chooses."""
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}
YEAR_S = 365 * 24 * 3600

routes = Blueprint("preferences", __name__)


def language() -> str:
    """Return the language that this visitor reads."""
    return chosen("language")


def theme() -> str:
    """Return auto, light or dark."""
    return chosen("theme")


def chosen(name: str) -> str:
    """Return what this visitor has chosen of CHOICES."""
    allowed = CHOICES[name]
    given = request.cookies.get(name, "")
    return given if given in allowed else allowed[0]


@routes.post("/preferences")
@public
def choose() -> Response:
    """Keep what was chosen, and go back to the page it was chosen on."""
    answer = redirect(own_path(request.form.get("next")) or "/", 303)
    for name, allowed in CHOICES.items():
        if (value := request.form.get(name)) in allowed:
            secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
            answer.set_cookie(name, value, YEAR_S, httponly=True, samesite="Lax", secure=secure)
    return answer
