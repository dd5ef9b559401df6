"""Every address of the application, filled in with values that lead somewhere."""

from flask import Flask
from werkzeug.routing import Rule

VALUES = {
    "name": "sandbox",
    "route": "messages",
    "site_id": 1,
    "filename": "phones.js",
    "token": "no-such-token",
    "seq": 1,
    "number": 1,
    "part": 0,
    "reply_id": 1,
    "queue": "decide",
    "job_id": "no-such-job",
    "form": "csv",
    "section": "now",
    "key": "no-such-login",
    "phone_id": "no-such-phone",
}
"""A value for each argument of a route; a new route's argument is added here."""


def rules(app: Flask) -> list[Rule]:
    """Return every route."""
    return list(app.url_map.iter_rules())


def address(app: Flask, rule: Rule) -> str:
    """Return an address of a route."""
    given = {name: VALUES[name] for name in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, given, method=method(rule))


def method(rule: Rule) -> str:
    """Return the first method that a route takes."""
    return sorted(rule.methods or {"GET"})[0]
