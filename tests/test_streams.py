"""What a phone that listens is told, and when; the clocks are the test's."""

from datetime import timedelta

from tests.sending import NOON, StandingClock
from webhook.streams import AGAIN_S, ALIVE_S, AT_LEAST, LOOKED_BACK, OVERLAP, Stream, Streams
from worker.gateways.phone_server import Missed
from worker.gateways.smsgate import ALIVE, SmsGate
from worker.phones.news import Waiting

SERVER = SmsGate("desk", "k" * 16, list, lambda: NOON)
RUNG = b"event: MessageEnqueued\ndata: null\n\n"


def test_a_phone_is_told_of_each_reply_once_again_after_a_while_and_that_we_live() -> None:
    written: list[bytes | None] = []
    stream = Stream("aa", SERVER, written.append, 0.0, 0.0)

    def told(newest: int | None, *seconds: float) -> list[bytes | None]:
        written.clear()
        for now in seconds:
            stream.tell(newest, now)
        return [*written]

    # It fetches when it connects, so that nothing is said within the first second.
    assert told(7, 0.5, 1.0, 1.5, 2.0) == [RUNG]
    assert told(9, 2.5, 3.0) == [RUNG]
    assert told(9, 2.0 + AGAIN_S, 2.5 + AGAIN_S, 3.0 + AGAIN_S) == [RUNG]
    assert told(None, 13.5, 13.0 + ALIVE_S, 13.5 + ALIVE_S) == [ALIVE]
    # A canary alone waits for its turn.
    assert told(0, 29.0) == [RUNG]


def test_a_phone_looks_for_what_came_while_nobody_listened_and_for_no_more() -> None:
    clock = StandingClock()
    streams = Streams(lambda phones: {}, clock)

    def asked(stream: Stream, ours_since: timedelta | None = timedelta(days=30), app: str = "1.68.0") -> Missed | None:
        return streams.missed(stream, Waiting(None, None if ours_since is None else clock() - ours_since, app))

    def opened() -> Stream:
        return Stream("aa", SERVER, lambda _: None, 0.0, 0.0)

    assert asked(opened(), None) is None
    assert asked(opened(), app="1.65.1") is None, "it would post all again, with other times"
    first = opened()
    assert asked(first) == Missed(NOON - LOOKED_BACK - OVERLAP, NOON)
    clock.move(seconds=30)
    # Its line is cut again and again: it is asked all the same, a while later, and for all that may be lost.
    cut = opened()
    assert asked(cut) is None
    clock.move(seconds=30)
    assert asked(cut) == Missed(clock() - LOOKED_BACK - OVERLAP, clock())
    clock.move(minutes=20)
    assert asked(cut) is None
    at = clock()
    again = opened()
    assert asked(again) == Missed(at - AT_LEAST - OVERLAP, at)
    clock.move(hours=1)
    assert asked(again) == Missed(at - OVERLAP, clock())
    clock.move(hours=1)
    # Nothing of before it was a site's: that was nobody's business.
    assert asked(again, timedelta(minutes=90)) == Missed(clock() - timedelta(minutes=90), clock())


def test_the_app_understands_what_it_is_asked_for() -> None:
    said = SERVER.event(Missed(NOON, NOON + timedelta(hours=1))).decode()
    assert said == (
        'event: MessagesExportRequested\ndata: {"since": "2026-11-02T04:00:00.000Z", '
        '"until": "2026-11-02T05:00:00.000Z", "messageTypes": "SMS", "triggerWebhooks": true}\n\n'
    )
