"""The web application: the gateways' routes, health and pages, around one runtime."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from webhook import (
    account_security,
    accounts,
    cases,
    closings,
    deeds,
    desk,
    entry,
    entry_routes,
    exports,
    gateways,
    health,
    home,
    live,
    lookout,
    metrics,
    ops,
    ops_acts,
    own_texts,
    papers,
    people,
    people_end,
    people_files,
    people_import,
    phone_doors,
    phones,
    preferences,
    register,
    setup,
    setup_gateways,
    setup_policy,
    setup_site,
    setup_staff,
    setup_users,
    streams,
    texts,
)
from webhook.access import guard
from webhook.answers import prepare_answers
from webhook.kept import Kept
from webhook.layout import prepare_layout
from webhook.login_tries import host_bound
from webhook.numbers import LARGEST_NUMBER
from webhook.runtime import KEY
from worker.accounts.logins import LONGEST
from worker.gateways.base import LARGEST_BODY
from worker.outbox.pace import pace_of
from worker.phones.news import waiting_for
from worker.readers.health import health_of
from worker.readers.metrics import Metrics, scrape
from worker.runtime import Runtime
from worker.var_folder import secret_key_of

KEPT_S = 3.0
PARTS = (
    phone_doors,
    *(gateways, health, metrics, home, accounts, account_security, preferences, entry),
    *(desk, papers, cases, register, entry_routes, exports, live, ops, ops_acts, own_texts, texts, deeds),
    *(closings, setup, setup_gateways, setup_policy, setup_site),
    *(people, people_end, people_files, people_import, setup_staff, setup_users),
)


class Number(IntegerConverter):
    """A number in an address, as large as the database's columns take it."""

    def __init__(self, map: Map) -> None:  # noqa: A002
        """Take numbers up to the largest."""
        super().__init__(map, max=LARGEST_NUMBER)


def create_app(runtime: Runtime, kept_s: float = KEPT_S) -> Flask:
    """Return the application. It shows phones only while a gateway of `runtime` is one that has them.

    `kept_s`: how old what `/metrics`, `/readyz` and `/live` count may be, in seconds.
    """
    app = Flask(__name__)
    app.url_map.converters["int"] = Number
    app.extensions[KEY] = runtime
    collector = Metrics(runtime)
    app.extensions[metrics.KEY] = Kept(lambda: scrape(collector), kept_s)
    app.extensions[lookout.KEY] = lookout.Lookout(runtime, 2 * kept_s)
    app.extensions[health.KEY] = Kept(lambda: health_of(runtime), kept_s)
    app.extensions[streams.KEY] = streams.Streams(
        lambda phones: waiting_for(runtime.engine, phones, runtime.clock(), pace_of(runtime.settings.send_per_second)),
        runtime.clock,
    )
    app.config.update(_config(runtime))
    prepare_answers(app)
    prepare_layout(app)
    for part in PARTS:
        app.register_blueprint(part.routes)
    if phones.played_of(runtime.gateways.of_settings) is not None:
        app.register_blueprint(phones.routes)
    guard(app)
    app.wsgi_app = gateways.Front(runtime, app.wsgi_app)  # type: ignore[method-assign]
    return app


def _config(runtime: Runtime) -> dict[str, object]:
    settings = runtime.settings
    secure = settings.base_url.startswith("https:")
    return {
        "SECRET_KEY": secret_key_of(settings),
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": LARGEST_BODY,
        "MAX_FORM_PARTS": 100,
        "PROVIDE_AUTOMATIC_OPTIONS": False,
        "PERMANENT_SESSION_LIFETIME": LONGEST,
        "SESSION_COOKIE_NAME": host_bound("baobei", secure=secure),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
    }
