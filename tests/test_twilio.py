"""Twilio's adapter: what it takes for Twilio's own, and what it makes of every answer to a request to send."""

import base64
import json
import logging
import quopri
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from twilio.request_validator import HMAC_SHA256, RequestValidator

from parsers.mask import mask_numbers
from tests.fake_twilio import (
    ACCEPTS_AND_FAILS,
    ACCEPTS_AND_IS_SILENT,
    ACCEPTS_AND_RESETS,
    ACCOUNT,
    FORGETS_AND_FAILS,
    TOKEN,
    Behaviour,
    FakeTwilio,
    fake_twilio,
    refuses,
    wait_no_longer_than_it_takes,
)
from tests.sending import AGENT, NOON, NUMBER, StandingClock, outgoing
from worker.gateways import twilio as module
from worker.gateways.base import (
    Doubt,
    ForgedError,
    GatewayAwayError,
    Inbound,
    MalformedError,
    Refused,
    Retry,
    SenderStopped,
    Sent,
    Status,
    Stopped,
    Unknown,
)
from worker.gateways.encoded_bodies import plain_text
from worker.gateways.twilio import Twilio
from worker.gateways.twilio_codes import VERDICTS, explained
from worker.settings import TwilioSettings

PUBLIC = "https://reports.example.com"
MESSAGES = f"{PUBLIC}/gateways/twilio/messages"
STATUS = f"{PUBLIC}/gateways/twilio/status"
OLD_TOKEN = TOKEN[::-1]
SID = "SM" + "a" * 32
TEXT = {
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": AGENT,
    "To": NUMBER,
    "Body": "报备 张三 138****5678 李四",
    "NumMedia": "0",
    "FromCity": "",
    "FieldOfTomorrow": "?",
}
FORM = "application/x-www-form-urlencoded"


def adapter(api_url: str = "http://127.0.0.1:9", service: str | None = None, **fields: Any) -> Twilio:
    settings = TwilioSettings(ACCOUNT, (TOKEN, OLD_TOKEN), service, api_url)
    return Twilio(settings, **({"callback_url": STATUS, "now": StandingClock()} | fields))


@pytest.fixture
def twilio() -> Twilio:
    return adapter()


@pytest.fixture
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    wait_no_longer_than_it_takes(request, monkeypatch)
    with fake_twilio() as fake:
        yield fake


def signature(fields: dict[str, str], url: str = MESSAGES, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, fields))


def headers(fields: dict[str, str], url: str = MESSAGES, token: str = TOKEN) -> dict[str, str]:
    return {"content-type": f"{FORM}; charset=UTF-8", "x-twilio-signature": signature(fields, url, token)}


def raw(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def _read_as_windows(words: str) -> str:
    """Bytes that Windows' Latin lacks become what Latin-1 has for them."""
    return "".join(bytes([b]).decode("cp1252", "replace").replace("\ufffd", chr(b)) for b in words.encode())


ENCODED: dict[str, Callable[[str], str]] = {
    "UCS-2 in hexadecimal": lambda words: words.encode("utf-16-be").hex().upper(),
    "UTF-8 in hexadecimal": lambda words: words.encode().hex(),
    "urlencoded twice": quote_plus,
    "urlencoded twice, blanks too": quote,
    "quoted-printable": lambda words: quopri.encodestring(words.encode()).decode(),
    "escaped as JSON": lambda words: json.dumps(words)[1:-1],
    "entities": lambda words: "".join(f"&#{ord(c)};" for c in words),
    "entities of what is no ASCII": lambda words: words.encode("ascii", "xmlcharrefreplace").decode(),
    "UTF-8 read as Latin-1": lambda words: words.encode().decode("latin-1"),
    "UTF-8 read as Windows' Latin": _read_as_windows,
}


class TestVerify:
    def test_takes_what_twilio_signed_over_every_field(self, twilio: Twilio) -> None:
        twilio.verify(headers(TEXT), raw(TEXT), MESSAGES)

    def test_takes_either_token_while_rotating(self, twilio: Twilio) -> None:
        twilio.verify(headers(TEXT, token=OLD_TOKEN), raw(TEXT), MESSAGES)

    def test_takes_the_query_string_as_part_of_the_address(self, twilio: Twilio) -> None:
        url = f"{STATUS}?reply=7&attempt=1"
        twilio.verify(headers(TEXT, url), raw(TEXT), url)

    @pytest.mark.parametrize(
        ("given", "body", "url"),
        [
            ({"Content-Type": FORM}, raw(TEXT), MESSAGES),
            (headers(TEXT) | {"x-twilio-signature": ""}, raw(TEXT), MESSAGES),
            (headers(TEXT) | {"x-twilio-signature": "签名"}, raw(TEXT), MESSAGES),
            (headers(TEXT, token=TOKEN[1:]), raw(TEXT), MESSAGES),
            (headers(TEXT), raw(TEXT | {"Body": "报备 李四 139****5678 王五"}), MESSAGES),
            (headers(TEXT), raw(TEXT | {"Extra": "1"}), MESSAGES),
            (headers(TEXT), raw({name: value for name, value in TEXT.items() if value}), MESSAGES),
            (headers(TEXT), raw(TEXT), STATUS),
            (headers(TEXT), raw(TEXT), f"{MESSAGES}?reply=7"),
        ],
        ids=["no header", "empty", "not ascii", "token", "changed", "added", "left out", "other route", "other query"],
    )
    def test_refuses_what_twilio_did_not_sign(
        self, twilio: Twilio, given: dict[str, str], body: bytes, url: str
    ) -> None:
        with pytest.raises(ForgedError) as caught:
            twilio.verify(given, body, url)
        assert caught.value.status == 403

    def test_does_not_let_a_header_choose_the_algorithm(self, twilio: Twilio) -> None:
        shared = str(RequestValidator(TOKEN).compute_signature(MESSAGES, TEXT, HMAC_SHA256))
        chosen = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}
        with pytest.raises(ForgedError):
            twilio.verify(headers(TEXT) | chosen | {"x-twilio-signature": shared}, raw(TEXT), MESSAGES)

    def test_refuses_a_json_body_even_with_its_hash_in_a_signed_address(self, twilio: Twilio) -> None:
        url = f"{MESSAGES}?bodySHA256=" + "0" * 64
        given = {"Content-Type": "application/json", "X-Twilio-Signature": signature({}, url)}
        with pytest.raises(MalformedError) as caught:
            twilio.verify(given, b'{"Body": "tampered"}', url)
        assert caught.value.status == 415

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"Body=" + b"a" * 65_536, FORM, 413),
            ("&".join(f"a{n}=1" for n in range(101)).encode(), FORM, 413),
            (b"Body=1", "", 415),
            (b"Body=1", "multipart/form-data; boundary=b", 415),
            (b"Body=%ff", FORM, 400),
            (b"Body=\xe5\xbc\xa0", FORM, 400),
            (b"Body=%ED%A0%80", FORM, 400),
            (raw(TEXT) + b"&Body=again", FORM, 400),
            (raw(TEXT) + b"&MessageSid=" + SID.encode(), FORM, 400),
            (raw(TEXT) + b"&From=%2B1", FORM, 400),
            (raw(TEXT) + b"&SmsSid=" + SID.encode() + b"&SmsSid=" + SID.encode(), FORM, 400),
            (raw(TEXT | {"FromCity": "A" * 201}), FORM, 400),
            (raw(TEXT | {"From City": "?"}), FORM, 400),
            (raw(TEXT | {"Fr\u043em": "?"}), FORM, 400),
            (raw(TEXT | {"": "?"}), FORM, 400),
            (raw(TEXT | {"FromCity": "SHANGHAIFrom+8613900000022"}), FORM, 400),
            (raw(TEXT | {"ApiVersion": f"2010AccountSid{ACCOUNT}"}), FORM, 400),
            (raw(TEXT | {"FromZip": f"MessageSid{SID}"}), FORM, 400),
        ],
    )
    def test_refuses_what_is_no_readable_form(self, twilio: Twilio, body: bytes, kind: str, status: int) -> None:
        with pytest.raises(MalformedError) as caught:
            twilio.verify({"Content-Type": kind, "X-Twilio-Signature": "x"}, body, MESSAGES)
        assert caught.value.status == status

    def test_lets_nobody_cut_a_signed_string_into_other_fields(self, twilio: Twilio) -> None:
        """Names and values are signed as one string: a text that names another sender makes a field of his."""
        victim = "+8613900000022"
        said = TEXT | {"Body": f"撤 R1From{victim}FromCity", "From": "+8613900000099"}
        cut = TEXT | {"Body": "撤 R1", "From": victim, "FromCity": f"FieldOfTomorrow?From{said['From']}FromCity"}
        del cut["FieldOfTomorrow"]
        said = {name: said[name] for name in said if name != "FieldOfTomorrow"} | {"FromCity": ""}
        said["Body"] += "FieldOfTomorrow?"
        assert signature(said) == signature(cut)
        twilio.verify(headers(said), raw(said), MESSAGES)
        with pytest.raises(MalformedError):
            twilio.verify(headers(said), raw(cut), MESSAGES)

    def test_takes_a_long_body_and_the_fields_that_twilio_sends(self, twilio: Twilio) -> None:
        fields = TEXT | {"Body": "报备 " * 400, "SmsSid": SID, "MediaUrl0": f"https://api.example.com/{'a' * 150}"}
        twilio.verify(headers(fields), raw(fields), MESSAGES)


class TestParse:
    @pytest.mark.parametrize("name", ["SmsSid", "SmsMessageSid"])
    def test_refuses_a_message_of_two_ids(self, twilio: Twilio, name: str) -> None:
        with pytest.raises(MalformedError):
            twilio.parse("messages", raw(TEXT | {name: "SM" + "b" * 32}), MESSAGES)
        (text,) = twilio.parse("messages", raw(TEXT | {name: SID}), MESSAGES)
        assert isinstance(text, Inbound)

    @pytest.mark.parametrize("sid", ["SM" + "A" * 32, "sm" + "aA" * 16, SID])
    def test_takes_an_id_in_letters_of_either_case_for_the_same(self, twilio: Twilio, sid: str) -> None:
        (text,) = twilio.parse("messages", raw(TEXT | {"MessageSid": sid, "SmsSid": SID}), MESSAGES)
        assert isinstance(text, Inbound)
        assert text.provider_id == SID

    @pytest.mark.parametrize(
        ("said", "means"), [("STOP", "stop"), ("START", "start"), ("stop", "stop"), ("HELP", None), ("", None)]
    )
    def test_reads_what_twilio_says_of_the_senders_consent(self, twilio: Twilio, said: str, means: str | None) -> None:
        (text,) = twilio.parse("messages", raw(TEXT | {"Body": "别发了", "OptOutType": said}), MESSAGES)
        assert isinstance(text, Inbound)
        assert text.opt_out == means

    def test_reads_a_text(self, twilio: Twilio) -> None:
        wanted = Inbound("twilio", SID, AGENT, NUMBER, TEXT["Body"])
        assert twilio.parse("messages", raw(TEXT), MESSAGES) == [wanted]

    def test_counts_attachments_and_keeps_an_empty_text(self, twilio: Twilio) -> None:
        (text,) = twilio.parse("messages", raw(TEXT | {"Body": "", "NumMedia": "2"}), MESSAGES)
        assert isinstance(text, Inbound)
        assert (text.text, text.media) == ("", 2)

    def test_refuses_another_account(self, twilio: Twilio) -> None:
        with pytest.raises(ForgedError):
            twilio.parse("messages", raw(TEXT | {"AccountSid": "AC" + "9" * 32}), MESSAGES)

    @pytest.mark.parametrize("wrong", [{"MessageSid": "SM1"}, {"MessageSid": ""}, {"From": ""}, {"To": "1" * 65}])
    def test_refuses_what_cannot_be_kept(self, twilio: Twilio, wrong: dict[str, str]) -> None:
        with pytest.raises(MalformedError):
            twilio.parse("messages", raw(TEXT | wrong), MESSAGES)

    def test_decodes_a_long_text_that_came_as_base64(self, twilio: Twilio) -> None:
        words = "客户姓名：张三\n客户电话：138****5678\n经纪人：李四\n所属公司：链家"
        (text,) = twilio.parse("messages", raw(TEXT | {"Body": _base64(words)}), MESSAGES)
        assert isinstance(text, Inbound)
        assert text.text == words

    @pytest.mark.parametrize("cut", range(4))
    def test_decodes_what_came_of_it_wrapped_cut_or_without_its_padding(self, cut: int) -> None:
        words = "报备 张三 138****1007 业务员李四 链家 明天下午到访"
        whole = _base64(words)
        assert plain_text(whole + "\n") == words
        assert plain_text("\n".join([whole[:76], whole[76:], ""])) == words
        assert plain_text(whole.rstrip("=")) == words
        assert plain_text(whole.translate(str.maketrans("+/", "-_"))) == words
        assert words.startswith(short := plain_text(whole[: 68 - cut]))
        assert short.startswith("报备 张三 138****1007 业务员李四")

    @pytest.mark.parametrize("whole", [True, False])
    @pytest.mark.parametrize("way", ENCODED, ids=list(ENCODED))
    def test_decodes_what_stands_between_a_phone_and_us_made_of_it(self, way: str, whole: bool) -> None:
        words = "报备 张三\n13812341007，李四(链家) 明天来"
        words = words if whole else words.replace("1234", "****")
        assert plain_text(ENCODED[way](words)) == words

    def test_hides_the_number_in_an_encoded_text(self, twilio: Twilio) -> None:
        for encoded in ENCODED.values():
            (text,) = twilio.parse("messages", raw(TEXT | {"Body": encoded("报备 张三 13812341007 李四")}), MESSAGES)
            assert isinstance(text, Inbound)
            assert mask_numbers(text.text) == "报备 张三 138▒▒▒▒1007 李四"

    @pytest.mark.parametrize("length", range(8, 20))
    def test_decodes_hexadecimal_digits_that_are_cut(self, length: int) -> None:
        words = "报备 张三 138****1007 李四"
        for encoding in ("utf-8", "utf-16-be"):
            assert words.startswith(plain_text(words.encode(encoding)[: 2 * length].hex()))

    @pytest.mark.parametrize(
        "body",
        [
            _short := base64.b64encode("张三 138****5678 李四".encode()).decode(),
            "A" * 64,
            base64.b64encode(bytes(range(90))).decode(),
            "报备 " + base64.b64encode("一".encode() * 30).decode(),
            "5678567856785678",
            "138123410071381234100813812341009a",
            "deadbeefdeadbeefdeadbeef",
            "报备 张三 138****1007 李四 佣金3%",
            "50%20%30%",
            "a=B1=C2=D3",
            r"C:\Users\李四",
            "R&D 138****1007 & 李四;",
            "Zoë Müller 138****1007 Ligia Ñ",
            "模联通 鍛ㄤ簲 138****1007",
            "\x00报备",
        ],
    )
    def test_leaves_everything_else_as_it_came(self, body: str) -> None:
        assert plain_text(body) == body

    @pytest.mark.parametrize(
        ("word", "delivery"),
        [
            ("accepted", "queued"),
            ("queued", "queued"),
            ("sending", "sending"),
            ("sent", "sent"),
            ("delivered", "delivered"),
            ("read", "delivered"),
        ],
    )
    def test_reads_a_status_with_our_own_id_from_the_address(self, twilio: Twilio, word: str, delivery: str) -> None:
        url = f"{STATUS}?site=3&reply=7&attempt=2"
        fields = {"MessageSid": SID, "AccountSid": ACCOUNT, "MessageStatus": word}
        wanted = Status("twilio", SID, 7, delivery, attempt=2, site_id=3)
        assert twilio.parse("status", raw(fields), url) == [wanted]

    @pytest.mark.parametrize(
        ("code", "failure"),
        [
            ("30003", Retry),
            ("30008", Retry),
            ("30005", Refused),
            ("30007", Refused),
            ("30034", SenderStopped),
            ("30002", Stopped),
            ("39999", Refused),
            ("", Refused),
        ],
    )
    @pytest.mark.parametrize("word", ["undelivered", "failed"])
    def test_reads_what_a_failure_means(self, twilio: Twilio, word: str, code: str, failure: type) -> None:
        fields = {"MessageSid": SID, "AccountSid": ACCOUNT, "MessageStatus": word, "ErrorCode": code}
        (status,) = twilio.parse("status", raw(fields), STATUS)
        assert isinstance(status, Status)
        assert isinstance(status.failure, failure)

    def test_says_nothing_of_a_status_of_tomorrow(self, twilio: Twilio) -> None:
        fields = {"MessageSid": SID, "AccountSid": ACCOUNT, "MessageStatus": "pondering"}
        assert twilio.parse("status", raw(fields), STATUS) == []

    def test_answers_with_nothing_to_say(self, twilio: Twilio) -> None:
        assert (twilio.ack(True).status, twilio.ack(True).body) == (200, "<Response/>")
        assert twilio.ack(False).status == 503


class TestSend:
    def test_hands_over_words_callback_and_what_remains_of_the_useful_time(self, fake: FakeTwilio) -> None:
        clock = StandingClock()
        clock.move(hours=3, minutes=59)
        assert adapter(fake.url, now=clock).send(outgoing()) == Sent("SM" + "1".zfill(32), "queued")
        assert fake.asked == [
            {
                "To": AGENT,
                "From": NUMBER,
                "Body": "报备成功 R1",
                "StatusCallback": f"{STATUS}?site=3&reply=7&attempt=1",
                "ValidityPeriod": "60",
            }
        ]

    def test_names_the_service_and_our_number_when_there_is_a_service(self, fake: FakeTwilio) -> None:
        adapter(fake.url, service="MG" + "0" * 32).send(outgoing())
        assert (fake.asked[0]["MessagingServiceSid"], fake.asked[0]["From"]) == ("MG" + "0" * 32, NUMBER)

    def test_asks_for_no_callback_where_twilio_cannot_reach_us(self, fake: FakeTwilio) -> None:
        adapter(fake.url, callback_url=None).send(outgoing())
        assert "StatusCallback" not in fake.asked[0]

    @pytest.mark.parametrize(
        ("behaviour", "outcome"),
        [
            (refuses(20429, 429), Retry),
            (Behaviour(429, takes=False), Retry),
            (refuses(21611), Retry),
            (refuses(30001), Retry),
            (refuses(14107), Retry),
            (refuses(21211), Refused),
            (refuses(21614), Refused),
            (refuses(21217), Refused),
            (refuses(21610), Refused),
            (refuses(30004), Refused),
            (refuses(21617), Refused),
            (refuses(21408), Refused),
            (refuses(21612), Refused),
            (refuses(20003, 401), Stopped),
            (Behaviour(401, takes=False), Stopped),
            (refuses(20005, 403), Stopped),
            (refuses(21603), SenderStopped),
            (refuses(21606), SenderStopped),
            (refuses(30034), SenderStopped),
            (refuses(21660), SenderStopped),
            (refuses(21212), SenderStopped),
            (refuses(21703), Stopped),
            (refuses(21705), Stopped),
            (refuses(21609), Stopped),
            (refuses(20404, 404), Stopped),
            (refuses(21608), Refused),
            (refuses(21602), Refused),
            (refuses(21730, 409), Retry),
            (refuses(29999), Refused),
            (refuses(29999, 404), Refused),
            (refuses(None), Unknown),
            (Behaviour(404, answer="nonsense"), Unknown),
            (refuses(29999, 503), Unknown),
            (ACCEPTS_AND_FAILS, Unknown),
            (FORGETS_AND_FAILS, Unknown),
            (refuses(21211, 500), Unknown),
            (ACCEPTS_AND_IS_SILENT, Unknown),
            (ACCEPTS_AND_RESETS, Unknown),
            (Behaviour(answer="half"), Unknown),
            (Behaviour(answer="nonsense"), Unknown),
            (Behaviour(302, answer="nonsense"), Unknown),
        ],
    )
    def test_makes_of_every_answer_what_gateways_md_says(
        self, fake: FakeTwilio, behaviour: Behaviour, outcome: type
    ) -> None:
        fake.behave(behaviour)
        assert type(adapter(fake.url).send(outgoing())) is outcome
        assert len(fake.asked) == 1

    @pytest.mark.parametrize(
        ("code", "scope", "opted_out"),
        [
            (21211, "number", False),
            (21610, "number", True),
            (30007, "content", False),
            (21612, "pair", False),
        ],
    )
    def test_says_whose_fault_a_refusal_is(self, fake: FakeTwilio, code: int, scope: str, opted_out: bool) -> None:
        fake.behave(refuses(code))
        refused = adapter(fake.url).send(outgoing())
        assert isinstance(refused, Refused)
        assert (refused.code, refused.scope, refused.opted_out) == (str(code), scope, opted_out)

    def test_waits_at_least_a_minute_when_we_send_too_fast(self, fake: FakeTwilio) -> None:
        fake.behave(refuses(14107))
        throttled = adapter(fake.url).send(outgoing())
        assert isinstance(throttled, Retry)
        assert throttled.after_s >= 60

    def test_wants_five_recipients_before_21606_is_the_numbers_fault(self, fake: FakeTwilio) -> None:
        fake.behave(refuses(21606), refuses(21603))
        twilio = adapter(fake.url)
        assert [getattr(twilio.send(outgoing()), "recipients", None) for _ in range(2)] == [5, 1]

    def test_keeps_the_number_that_twilio_quotes_out_of_the_outcome_and_the_log(
        self, fake: FakeTwilio, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        fake.behave(refuses(21211), ACCEPTS_AND_FAILS, ACCEPTS_AND_RESETS)
        twilio = adapter(fake.url)
        said = [repr(twilio.send(outgoing())) for _ in range(4)]
        for secret in (AGENT[1:], "报备成功", TOKEN):
            assert secret not in "".join(said)
            assert secret not in caplog.text


class TestSurelyNotSent:
    """What fails before the request is written has sent nothing."""

    def test_refused_connection(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            assert type(adapter(f"http://127.0.0.1:{free.getsockname()[1]}").send(outgoing())) is Retry

    def test_connection_that_nobody_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            outcome = adapter(f"http://127.0.0.1:{full.getsockname()[1]}").send(outgoing())
            for one in waiting:
                one.close()
        assert type(outcome) is Retry

    def test_name_that_is_not_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        assert type(adapter("http://api.example.invalid").send(outgoing())) is Retry

    def test_tls_handshake_that_fails(self, fake: FakeTwilio) -> None:
        assert type(adapter(fake.url.replace("http:", "https:")).send(outgoing())) is Retry
        assert fake.asked == []


def test_a_connection_that_idled_is_not_used_again(fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio = adapter(fake.url)
    twilio.send(outgoing())
    monkeypatch.setattr("worker.gateways.wire.LONGEST_IDLE_S", -1.0)
    opened = []
    connect = socket.create_connection
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection", lambda *a, **k: opened.append(a) or connect(*a[:2])
    )
    assert type(twilio.send(outgoing())) is Sent
    assert len(opened) == 1


class TestLookup:
    def test_finds_by_number_words_and_time_on_a_later_page(self, fake: FakeTwilio) -> None:
        twilio = adapter(fake.url)
        sent = [twilio.send(outgoing(words)) for words in ("one", "two", "three", "four", "five")]
        found = twilio.lookup(Doubt(outgoing("one"), _now()))
        assert found == sent[0]
        assert len(fake.lists_asked) == 3

    @pytest.mark.parametrize(
        ("words", "recipient", "minutes_later"), [("other", AGENT, 0), ("one", "+8613900000099", 0), ("one", AGENT, 9)]
    )
    def test_finds_nothing_else(self, fake: FakeTwilio, words: str, recipient: str, minutes_later: int) -> None:
        twilio = adapter(fake.url)
        twilio.send(outgoing("one"))
        wanted = outgoing(words, recipient=recipient)
        assert twilio.lookup(Doubt(wanted, _now() + timedelta(minutes=minutes_later))) is None

    @pytest.mark.parametrize("others", [[], ["报备无效：王五139****0001已被先报备"]])
    @pytest.mark.parametrize(
        "kept",
        [
            "Sent from your Twilio trial account - 报备成功 R1",
            "【翡翠湾】报备成功 R1",
            "报备成功  R1 ",
            "(changed by the carrier) R1",
        ],
    )
    def test_finds_it_by_its_words_or_its_number_in_what_the_gateway_made_of_it(
        self, fake: FakeTwilio, kept: str, others: list[str]
    ) -> None:
        twilio = adapter(fake.url)
        sent = twilio.send(outgoing())
        fake.messages[0]["body"] = kept
        assert twilio.lookup(Doubt(outgoing(), _now(), others=others)) == sent

    @pytest.mark.parametrize(
        ("kept", "ours", "others", "found"),
        [
            # Another's words, or another's number: not ours.
            ("报备成功 R12", "报备成功 R1", [], None),
            ("已撤回 R1 张三", "报备成功 R1", ["已撤回 R1 张三"], None),
            ("您的报备 R1 已撤回", "R1 已撤回", ["您的报备 R1 已撤回"], None),
            # Our number, but also of another that is under way; nearly our words.
            ("(changed) R1", "报备成功 R1", ["已撤回 R1"], Unknown),
            ("报备：姓名 电话前3后4 业务", "报备：姓名 电话前3后4 业务员", [], Unknown),
        ],
    )
    def test_takes_none_for_ours_that_may_be_anothers(
        self, fake: FakeTwilio, kept: str, ours: str, others: list[str], found: type | None
    ) -> None:
        twilio = adapter(fake.url)
        twilio.send(outgoing(kept))
        wanted = outgoing(ours, ref="R1" if "R1" in ours else "")
        answer = twilio.lookup(Doubt(wanted, _now(), others=others))
        assert (answer if found is None else type(answer)) is found

    def test_finds_nothing_that_was_created_long_after_the_attempt(self, fake: FakeTwilio) -> None:
        twilio = adapter(fake.url)
        twilio.send(outgoing("one"))
        assert twilio.lookup(Doubt(outgoing("one"), _now() - timedelta(minutes=9))) is None

    def test_does_not_take_what_belongs_to_another_attempt(self, fake: FakeTwilio) -> None:
        twilio = adapter(fake.url)
        sent = twilio.send(outgoing("help"))
        assert isinstance(sent, Sent)
        assert twilio.lookup(Doubt(outgoing("help"), _now(), taken={sent.sid})) is None

    def test_tells_of_a_message_that_failed(self, fake: FakeTwilio) -> None:
        twilio = adapter(fake.url)
        twilio.send(outgoing("one"))
        fake.messages[0] |= {"status": "failed", "error_code": 30005}
        assert type(twilio.lookup(Doubt(outgoing("one"), _now()))) is Refused

    @pytest.mark.parametrize("status", [401, 500, 429])
    def test_says_when_the_list_cannot_be_read(self, fake: FakeTwilio, status: int) -> None:
        fake.list_status = status
        with pytest.raises(GatewayAwayError):
            adapter(fake.url).lookup(Doubt(outgoing(), _now()))

    def test_says_when_twilio_is_away(self) -> None:
        with pytest.raises(GatewayAwayError):
            adapter().lookup(Doubt(outgoing(), _now()))


class TestBackfill:
    def test_yields_what_came_in_between_with_the_time_of_its_creation(self, fake: FakeTwilio) -> None:
        times = {"before": -1, "first": 0, "last": 59, "after": 60}
        for name, minutes in times.items():
            form = {"To": NUMBER, "From": AGENT, "Body": name}
            created = format_datetime(NOON + timedelta(minutes=minutes))
            sid = "SM" + f"{minutes + 9:032x}"
            fake.messages.append(fake.message(form, direction="inbound", date_created=created, sid=sid))
        fake.messages.append(fake.message({"To": AGENT, "Body": "ours"}, date_created=format_datetime(NOON)))
        found = list(adapter(fake.url).backfill([NUMBER], NOON, NOON + timedelta(hours=1)))
        assert [text.text for text in found] == ["first", "last"]
        assert found[0] == Inbound("twilio", "SM" + f"{9:032x}", AGENT, NUMBER, "first", sent_at=NOON)

    def test_reads_each_numbers_list_to_its_last_page_and_nobody_elses(self, fake: FakeTwilio) -> None:
        other = "+8613800000077"
        for number in range(5):
            fake.receive(str(number), f"text {number}", NOON)
            fake.receive(f"9{number}", f"other {number}", NOON, to=other)
            fake.receive(f"8{number}", "nobody's", NOON, to="+8613800000088")
        found = list(adapter(fake.url).backfill([NUMBER, other], NOON, NOON + timedelta(seconds=1)))
        assert [text.text for text in found] == [f"{whose} {n}" for whose in ("text", "other") for n in (4, 3, 2, 1, 0)]
        assert {query["To"] for query in fake.lists_asked} == {NUMBER, other}

    @pytest.mark.parametrize("status", [401, 500])
    def test_says_how_its_list_failed(self, fake: FakeTwilio, status: int) -> None:
        fake.list_status = status
        with pytest.raises(GatewayAwayError, match=f"HTTP {status}"):
            list(adapter(fake.url).backfill([NUMBER], NOON, NOON + timedelta(hours=1)))

    def test_asks_for_whole_days_because_twilio_filters_by_day(self, fake: FakeTwilio) -> None:
        list(adapter(fake.url).backfill([NUMBER], NOON, NOON + timedelta(hours=1)))
        assert fake.lists_asked[0]["DateSent>"] < "2026-11-02" < fake.lists_asked[0]["DateSent<"]


def _base64(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def _now() -> datetime:
    return datetime.now(NOON.tzinfo)


def test_the_fake_speaks_json() -> None:
    with fake_twilio() as fake:
        assert json.loads(json.dumps(fake.message({"To": AGENT, "Body": "x"})))["to"] == AGENT


def test_every_code_is_explained_in_both_languages() -> None:
    for code in VERDICTS:
        chinese, english = explained(code, "zh"), explained(code, "en")
        assert any("\u4e00" <= char <= "\u9fff" for char in chinese), code
        assert english.isascii(), code
        assert english, code
    assert explained("99999", "zh") == ""
