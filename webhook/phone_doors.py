"""`/gateways/NAME/phone/…`: the server that the phones of a gateway talk to. What is said there the adapter knows."""

from datetime import datetime
from typing import NoReturn

from flask import Blueprint, Response, abort, current_app, request

from webhook.access import for_gateways
from webhook.callers import caller
from webhook.edge import record
from webhook.language import _
from webhook.runtime import runtime
from webhook.streams import KEY, PARK, Streams
from worker.accounts.throttle import Throttle
from worker.gateways.base import Ack, NotYetError, Ping, RefusedRequestError
from worker.gateways.phone_server import PhoneServer
from worker.outbox.fetch import fetch
from worker.outbox.pace import Pace, pace_of
from worker.outbox.recall import GIVEN_BACK_WITHIN
from worker.phones.entry import KnownPhone, TooManyWaitError, WrongTokenError, note_alive, register, signed_in
from worker.phones.news import waiting_for
from worker.phones.receipts import note_said
from worker.phones.trials import fetch_canaries, is_canary
from worker.store.states import PhoneState
from worker.var_folder import secret_key_of

routes = Blueprint("phone_doors", __name__, url_prefix="/gateways/<name>/phone")


@routes.post("/device")
@for_gateways
def enter(name: str) -> Response:
    """Take a registration, by the gateway's token; wrong ones are counted, and slow down whoever shows them."""
    server, now = _server(name), runtime().clock()
    word = server.read_phone(request.get_data())
    try:
        phone, token = register(runtime().engine, name, _bearer(), word, _app(server), now, caller())
    except WrongTokenError:
        key = secret_key_of(runtime().settings)
        misses = Throttle(runtime().engine, key, f"gateway:{name}", caller(), "", now, guessable=False)
        if wait_s := misses.wait_s():
            abort(Response("Too many tries.\n", 429, {"Retry-After": str(wait_s)}, mimetype="text/plain"))
        _refuse(name)
    except TooManyWaitError:
        abort(Response("Too many phones wait for approval.\n", 429, mimetype="text/plain"))
    return _answer(server.registered(phone, token))


@routes.patch("/device")
@for_gateways
def renew(name: str) -> Response:
    """Take what a phone says of itself."""
    server = _server(name)
    phone = _phone(server)
    word = server.read_phone(request.get_data())
    note_alive(runtime().engine, Ping(name, phone.id, _app(server), word.sims), runtime().clock())
    return Response(status=204)


@routes.get("/device")
@for_gateways
def asked_from(name: str) -> Response:
    """Return from which address it is asked; nobody learns more than his own."""
    return _answer(_server(name).asked_from(caller()))


@routes.get("/message")
@for_gateways
def messages(name: str) -> Response:
    """Return the replies that a phone is to send; none while it waits for its approval."""
    server = _server(name)
    phone = _phone(server)
    engine, now = runtime().engine, runtime().clock()
    if phone.state != PhoneState.APPROVED:
        return _answer(server.handed_out([], phone.clock_ahead))
    replies = fetch(engine, phone.id, phone.sims, now, _pace(), server.message_id)
    return _answer(server.handed_out([*replies, *fetch_canaries(engine, phone.id, phone.sims, now)], phone.clock_ahead))


@routes.patch("/message")
@for_gateways
def states(name: str) -> Response:
    """Take what became of messages that the phone was given; for some minutes also when it has ended."""
    server = _server(name)
    now = runtime().clock()
    phone = _phone(server, ended_after=now - GIVEN_BACK_WITHIN)
    if phone.state == PhoneState.WAITING:
        raise NotYetError("this phone waits for its approval")
    said, mine = server.read_said(request.get_data()), phone.sims.values()
    canaries = [word.status for word in said if word.status and word.site_id in mine and is_canary(word.status)]
    for status in [*canaries, *note_said(runtime().engine, phone.id, mine, said, now)]:
        record(runtime(), status)
    return Response(status=204)


@routes.get("/webhooks")
@for_gateways
def webhooks(name: str) -> Response:
    """Return where a phone posts what comes in; before its approval too, so that its texts wait on it from then on."""
    server = _server(name)
    _phone(server)
    return _answer(server.webhooks(runtime().settings.address_of_texts(name), _app(server)))


@routes.get("/settings")
@for_gateways
def settings(name: str) -> Response:
    """Return how a phone is to be set."""
    server = _server(name)
    return _answer(server.settings(_phone(server).id))


@routes.get("/events")
@for_gateways
def events(name: str) -> Response:
    """Tell a phone of news for as long as it listens; where the server keeps no connection, of what there is now."""
    server = _server(name)
    phone = _phone(server)
    # Each time: it may have missed what was said when nobody listened, and another address or key is in force at once.
    said = server.event("set_up")
    park = request.environ.get(PARK)
    if park is None:
        waiting = waiting_for(runtime().engine, [phone.id], runtime().clock(), _pace())
        found = waiting.get(phone.id)
        said += server.event("replies") if found is not None and found.newest is not None else b""
    else:
        streams: Streams = current_app.extensions[KEY]
        park(lambda write: streams.open(phone.id, server, write), streams.close)
    # A proxy would keep it until there is enough of it.
    return Response(iter([said]), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


@routes.errorhandler(RefusedRequestError)
def refused(error: RefusedRequestError) -> Response:
    """Say why in one line."""
    return Response(f"{error}\n", error.status, mimetype="text/plain")


def _server(name: str) -> PhoneServer:
    gateway = runtime().gateways.get(name)
    if not isinstance(gateway, PhoneServer):
        abort(404)
    return gateway


def _phone(server: PhoneServer, ended_after: datetime | None = None) -> KnownPhone:
    """Return which phone asks; after a 401 its app registers anew at its next start, and that waits for a person."""
    engine, now = runtime().engine, runtime().clock()
    try:
        return signed_in(engine, server.name, _bearer(), _app(server), caller(), now, ended_after)
    except WrongTokenError:
        _refuse(server.name)


def _refuse(name: str) -> NoReturn:
    runtime().forgeries.note(name, runtime().settings.base_url + request.path)
    abort(401, _("The token is not right."))


def _bearer() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _app(server: PhoneServer) -> str:
    return server.app_version(dict(request.headers))


def _pace() -> Pace:
    return pace_of(runtime().settings.send_per_second)


def _answer(ack: Ack) -> Response:
    return Response(ack.body, ack.status, content_type=ack.content_type)
