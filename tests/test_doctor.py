"""`baobei doctor`: each fault is found in one sentence that says how to mend it, whatever else is away."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis
from sqlalchemy import Engine, create_engine, text, update

from tests.fake_twilio import ACCOUNT, SERVICE, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.databases import Databases
from tests.infrastructure.redis_states import full, replica
from tests.infrastructure.serving import AGENT
from tests.infrastructure.waiting import eventually
from tests.sending import NUMBER, add_site
from worker.bell.forgeries import Forgeries, forgery_of
from worker.bell.heartbeats import SWEEPER, beat
from worker.cli.main import main
from worker.clock import utc_now
from worker.doctor import places, reader, stores
from worker.doctor.base import Advice, Check, Finding, Patient
from worker.doctor.stores import OUTLASTS
from worker.doctor.table import CHECKS, examine
from worker.gateways.base import Inbound, Stopped
from worker.gateways.twilio_http import address_of
from worker.line.door import accept
from worker.line.spool import Spool
from worker.outbox.stops import stop
from worker.runtime import open_runtime
from worker.settings import load_settings
from worker.store.schema import sites

PUBLIC = "https://reports.example.com"
WEBHOOK = f"{PUBLIC}/gateways/twilio/messages"
WELL = WEBHOOK + "#rc=3&rp=5xx,ct,rt&ct=2000&rt=3500&tt=15000"
FALLBACK = "https://elsewhere.example.net/texts"
SECRETS = (TOKEN, "geheim-1", "geheim-2", "geheim-3")

IS_TEMPORARY = places._is_temporary

Doctor = Callable[..., list[Finding]]
Mount = namedtuple("Mount", ["mountpoint", "fstype"])


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        fake.own(NUMBER, WELL, sms_fallback_url=FALLBACK)
        yield fake


@pytest.fixture
def environ(
    tmp_path: Path, database_url: str, redis_url: str, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return an environment in which everything is well; the disk's kind and that it is waited for are made up."""
    monkeypatch.setattr(stores, "OUTLASTS", ())
    monkeypatch.setattr(places.psutil, "disk_partitions", lambda all: [Mount("/", "ext4")])  # noqa: A006
    monkeypatch.setattr(places, "_is_temporary", lambda _file: False)
    return {
        "BAOBEI_VAR": str(tmp_path),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": PUBLIC,
        "ALERT_URL": "https://alerts.example.com/geheim-1",
        "SECRET_KEY": "geheim-2-and-long-enough",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": fake.url,
    }


@pytest.fixture
def site(engine: Engine) -> int:
    return add_site(engine)


@pytest.fixture
def run(environ: dict[str, str], engine: Engine, site: int, redis_url: str) -> Callable[..., Result]:
    """Return the command, with a sweeper and workers that live; keywords change the environment, None unsets."""
    beat(engine, SWEEPER, utc_now())
    with Redis.from_url(redis_url) as redis:
        for queue in ("decide", "send"):
            redis.sadd(f"rq:workers:{queue}", f"rq:worker:{queue}1")
            redis.hset(f"rq:worker:{queue}1", "state", "idle")

    def run(*options: str, **changed: str | None) -> Result:
        return CliRunner(env=environ | changed).invoke(main, ["doctor", *options])

    return run


@pytest.fixture
def doctor(run: Callable[..., Result]) -> Doctor:
    """Return a function that gives the findings and proves that the exit code fits and that no secret is told."""

    def doctor(**changed: str | None) -> list[Finding]:
        result = run("--json", **changed)
        found = [Finding(**finding) for finding in json.loads(result.output)]
        assert result.exit_code == any(finding.weight == "problem" for finding in found)
        for secret in (*SECRETS, AGENT[1:]):
            assert secret not in result.output
        for finding in found:
            assert finding.sentence.endswith(".")
        return found

    return doctor


def the_only(found: list[Finding], check: str, *words: str, weight: str = "problem") -> None:
    """Demand one finding, of this check, with these words."""
    assert [(finding.check, finding.weight) for finding in found] == [(check, weight)], found
    for word in words:
        assert word in found[0].sentence


def test_finds_nothing_where_all_is_well_and_says_so(run: Callable[..., Result], doctor: Doctor) -> None:
    assert doctor() == []
    result = run()
    assert (result.exit_code, result.output) == (0, f"No problem found by {len(CHECKS)} checks.\n")


def test_tells_a_person_in_lines(run: Callable[..., Result]) -> None:
    result = run(PUBLIC_URL=None, ALERT_URL=None)
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.output.splitlines()[:2]] == [
        ["problem", "settings"],
        ["advice", "settings"],
    ]
    assert "2 problems found by" in result.output


class OnSqlite:
    """Tests to which the kind of database makes no difference."""

    @pytest.fixture
    def database_url(self, sqlite_databases: Databases) -> Iterator[str]:
        yield sqlite_databases.create()
        sqlite_databases.drop()


PHONES_ALONE: dict[str, str | None] = {"SANDBOX": "off", "TWILIO_ACCOUNT_SID": None, "TWILIO_AUTH_TOKEN": None}


class TestSettings(OnSqlite):
    def test_a_wrong_value_is_a_finding(self, doctor: Doctor) -> None:
        the_only(doctor(LOG_LEVEL="CHATTY"), "settings", "LOG_LEVEL is CHATTY")

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"PUBLIC_URL": "http://reports.example.com"}, "readable for all: use https"),
            ({"PUBLIC_URL": "https://10.0.0.7"}, "which Twilio cannot reach"),
            ({"PUBLIC_URL": "https://localhost"}, "which Twilio cannot reach"),
            ({"PUBLIC_URL": None}, "PUBLIC_URL is not set"),
            (PHONES_ALONE | {"PUBLIC_URL": None}, "the phones reach this server"),
            (PHONES_ALONE | {"PUBLIC_URL": "http://reports.example.com"}, "readable for all: use https"),
            ({"TWILIO_API_URL": "http://api.example.invalid"}, "TWILIO_API_URL is not https"),
        ],
    )
    def test_what_cannot_be_right_together(self, doctor: Doctor, changed: dict[str, str | None], words: str) -> None:
        found = [finding for finding in doctor(**changed) if finding.check == "settings"]
        the_only(found, "settings", words)

    def test_nobody_hears_of_trouble(self, doctor: Doctor) -> None:
        the_only(doctor(ALERT_URL=None), "settings", "ALERT_URL is not set", weight="advice")

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({}, None),
            ({"HOST": "::1"}, None),
            ({"HOST": "0.0.0.0"}, "HOST is 0.0.0.0, but the sandbox answers this machine alone"),  # noqa: S104
            ({"SANDBOX_HOSTS": "try.example.com"}, "SANDBOX_HOSTS lets whoever reaches try.example.com text as"),
        ],
    )
    def test_a_sandbox_that_others_reach_is_told(
        self, doctor: Doctor, engine: Engine, changed: dict[str, str], words: str | None
    ) -> None:
        with engine.begin() as connection:
            connection.execute(update(sites).values(gateway="sandbox"))
        found = doctor(TWILIO_ACCOUNT_SID=None, TWILIO_AUTH_TOKEN=None, TWILIO_API_URL=None, PUBLIC_URL=None, **changed)
        if words is None:
            assert found == []
        else:
            the_only(found, "settings", words, weight="advice")

    def test_the_sandbox_needs_none_of_it(self, doctor: Doctor, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(update(sites).values(gateway="sandbox"))
        alone = dict.fromkeys(("PUBLIC_URL", "ALERT_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"))
        assert doctor(**alone) == []


class TestTwilio(OnSqlite):
    def test_a_wrong_token(self, doctor: Doctor) -> None:
        the_only(doctor(TWILIO_AUTH_TOKEN=SECRETS[3]), "gateways", "refuses our account or token (20003)")

    def test_a_suspended_account(self, doctor: Doctor, fake: FakeTwilio) -> None:
        fake.account_status = "suspended"
        the_only(doctor(), "gateways", "our account is suspended")

    def test_a_number_that_posts_elsewhere(self, doctor: Doctor, fake: FakeTwilio) -> None:
        fake.own(NUMBER, "https://me:geheim-1@old.example.com/sms", sms_fallback_url=FALLBACK)
        the_only(doctor(), "gateways", "https://old.example.com/sms, but we check them for " + WEBHOOK)

    @pytest.mark.parametrize("url", ["", WEBHOOK + "/", WEBHOOK.replace("https", "http"), WEBHOOK + "?a=1"])
    def test_an_address_that_differs_in_a_letter(self, doctor: Doctor, fake: FakeTwilio, url: str) -> None:
        fake.own(NUMBER, url, sms_fallback_url=FALLBACK)
        the_only(doctor(), "gateways", url or "nobody", "to the letter")

    def test_a_webhook_by_get(self, doctor: Doctor, fake: FakeTwilio) -> None:
        fake.own(NUMBER, WELL, sms_method="GET", sms_fallback_url=FALLBACK)
        the_only(doctor(), "gateways", "uses GET for its webhook: set it to POST")

    def test_an_application_that_takes_the_numbers_place(self, doctor: Doctor, fake: FakeTwilio) -> None:
        fake.own(NUMBER, WELL, sms_application_sid="AP1", sms_fallback_url=FALLBACK)
        the_only(doctor(), "gateways", "posts its texts to application AP1")

    @pytest.mark.parametrize("overrides", ["", "#rc=1&rp=5xx", "#rc=3", "#rc=3&rp=ct"])
    def test_overrides_are_advised(self, doctor: Doctor, fake: FakeTwilio, overrides: str) -> None:
        fake.own(NUMBER, WEBHOOK + overrides, sms_fallback_url=FALLBACK)
        the_only(doctor(), "gateways", WELL, weight="advice")

    @pytest.mark.parametrize("fallback", ["", f"{PUBLIC}/other"])
    def test_a_fallback_on_another_host_is_advised(self, doctor: Doctor, fake: FakeTwilio, fallback: str) -> None:
        fake.own(NUMBER, WELL, sms_fallback_url=fallback)
        the_only(doctor(), "gateways", "no fallback URL on another host", weight="advice")

    def test_a_number_of_somebody_else(self, doctor: Doctor, fake: FakeTwilio) -> None:
        fake.numbers[NUMBER[:-1] + "9"] = fake.numbers.pop(NUMBER) | {"phone_number": NUMBER[:-1] + "9"}
        the_only(doctor(), "gateways", f"{NUMBER} is none of our Twilio account's numbers")

    @pytest.mark.parametrize("ahead", [-60, 60])
    def test_a_clock_that_is_off(self, doctor: Doctor, fake: FakeTwilio, ahead: int) -> None:
        fake.clock_ahead_s = ahead
        the_only(doctor(), "gateways", "clock is " + ("-" if ahead > 0 else "+"), "NTP")

    def test_twilio_away(self, doctor: Doctor) -> None:
        the_only(doctor(TWILIO_API_URL="http://127.0.0.1:9"), "gateways", "could not be asked")

    def test_another_refusal(self, doctor: Doctor, environ: dict[str, str]) -> None:
        found = doctor(TWILIO_MESSAGING_SERVICE_SID="MG" + "1" * 32)
        the_only(found, "gateways", "did not say how it is set up (code 20404)")

    @pytest.mark.parametrize(
        ("fields", "numbers", "words"),
        [
            ({}, [NUMBER], None),
            ({"inbound_request_url": "https://old.example.com"}, [NUMBER], f"Messaging service {SERVICE} posts"),
            ({"inbound_request_url": "x", "use_inbound_webhook_on_number": True}, [NUMBER], None),
            ({}, [], f"is not in messaging service {SERVICE}"),
        ],
    )
    def test_a_messaging_service_takes_the_numbers_place(
        self, doctor: Doctor, fake: FakeTwilio, fields: dict[str, Any], numbers: list[str], words: str | None
    ) -> None:
        own = {"inbound_request_url": WELL, "inbound_method": "POST", "fallback_url": FALLBACK}
        fake.service = own | {"sid": SERVICE, "use_inbound_webhook_on_number": False} | fields
        fake.service_numbers = numbers
        found = doctor(TWILIO_MESSAGING_SERVICE_SID=SERVICE)
        assert found == [] if words is None else words in found[0].sentence

    def test_a_site_whose_gateway_has_no_settings(self, doctor: Doctor, engine: Engine) -> None:
        add_site(engine, "smsgate", "+8613800000099")
        the_only(doctor(), "sites", "uses gateway smsgate, which is not set up")


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com/v1/S?a=1"),
        ("https://api.dublin.ie1.twilio.com", "https://messaging.dublin.ie1.twilio.com/v1/S?a=1"),
        ("http://127.0.0.1:8080/twilio", "http://127.0.0.1:8080/twilio/v1/S?a=1"),
    ],
)
def test_twilios_other_hosts_go_the_way_of_the_first(base: str, wanted: str) -> None:
    assert address_of("https://messaging.twilio.com/v1/S?a=1", base) == wanted


class TestSignatures:
    @pytest.fixture
    def forged(self, redis_url: str) -> Iterator[Callable[[timedelta], None]]:
        with Redis.from_url(redis_url) as redis:

            def forge(age: timedelta) -> None:
                Forgeries(redis, lambda: utc_now() - age).note("twilio", WEBHOOK)
                eventually(lambda: forgery_of(redis, "twilio"), "it is noted")

            yield forge

    def test_tells_the_address_that_they_were_checked_for(
        self, doctor: Doctor, forged: Callable[[timedelta], None]
    ) -> None:
        forged(timedelta(hours=1))
        the_only(doctor(), "signatures", "1 request(s) to gateway twilio failed", f"checked for {WEBHOOK}")

    def test_is_advice_when_texts_have_come_since(
        self, doctor: Doctor, engine: Engine, forged: Callable[[timedelta], None]
    ) -> None:
        forged(timedelta(seconds=50))
        accept(engine, Inbound("twilio", "m1", AGENT, NUMBER, "text"))
        the_only(doctor(), "signatures", "may have been a stranger", weight="advice")

    def test_forgets_what_was_yesterday(self, doctor: Doctor, forged: Callable[[timedelta], None]) -> None:
        forged(timedelta(hours=25))
        assert doctor() == []


class TestStores:
    def test_redis_away_is_one_finding(self, doctor: Doctor, tmp_path: Path) -> None:
        the_only(doctor(REDIS_URL=f"unix://{tmp_path}/none.sock"), "redis", "cannot be reached")

    def test_redis_that_refuses_us(self, doctor: Doctor, redis_url: str) -> None:
        wrong = redis_url.rpartition("password=")[0] + "password=geheim-3"
        the_only(doctor(REDIS_URL=wrong), "redis", "Redis refuses us")

    def test_redis_that_throws_keys_away(self, doctor: Doctor, redis_url: str) -> None:
        with Redis.from_url(redis_url) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
            assert doctor() == []
            redis.config_set("maxmemory", "100mb")
            try:
                the_only(doctor(), "redis", "maxmemory-policy allkeys-lru", "noeviction")
            finally:
                redis.config_set("maxmemory", "0")
                redis.config_set("maxmemory-policy", "noeviction")

    def test_redis_that_takes_no_writes(self, doctor: Doctor, redis_url: str) -> None:
        with replica(redis_url):
            the_only(doctor(), "redis", "read-only replica", "the primary")
        with full(redis_url):
            the_only(doctor(), "redis", "is full", "maxmemory")
        assert doctor() == []

    def test_a_database_that_is_not_there_is_one_finding_and_is_not_made(self, doctor: Doctor, tmp_path: Path) -> None:
        file = tmp_path / "none.sqlite"
        the_only(doctor(DATABASE_URL=f"sqlite:///{file}"), "database", "does not exist: run `baobei migrate`")
        assert not file.exists()

    def test_a_database_that_does_not_answer(self, doctor: Doctor) -> None:
        found = doctor(DATABASE_URL="postgresql://me:geheim-1@127.0.0.1:9/none")
        the_only(found, "database", "does not answer or refuses us (OperationalError)")

    def test_an_empty_database(self, doctor: Doctor, tmp_path: Path) -> None:
        file = tmp_path / "empty.sqlite"
        create_engine(f"sqlite:///{file}").connect().close()
        file.touch()
        the_only(doctor(DATABASE_URL=f"sqlite:///{file}"), "database", "lacks", "from r0001 on")

    def test_a_database_of_a_newer_version(self, doctor: Doctor, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        the_only(doctor(), "database", "newer baobei")

    def test_a_postgresql_that_does_not_wait_for_its_disk(
        self, doctor: Doctor, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lax = []
        if engine.dialect.name == "postgresql":
            # The server of the tests waits for no disk, unless it is another's.
            with engine.connect() as connection:
                lax = [name for name in OUTLASTS if connection.exec_driver_sql(f"SHOW {name}").scalar_one() == "off"]
        monkeypatch.setattr(stores, "OUTLASTS", OUTLASTS)
        if lax:
            the_only(doctor(), "database", " and ".join(lax), "power cut", "reload")
        else:
            assert doctor() == []

    def test_a_clock_that_is_off(self, doctor: Doctor, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("worker.doctor.stores.utc_now", lambda: utc_now() + timedelta(seconds=9))
        if engine.dialect.name == "sqlite":
            assert doctor() == []
        else:
            the_only(doctor(), "database", "clock and the database's differ by 9 s")


class TestProcesses:
    def test_absent_workers(self, doctor: Doctor, redis_url: str) -> None:
        with Redis.from_url(redis_url) as redis:
            redis.delete("rq:workers:send")
        the_only(doctor(), "workers", "baobei work send")

    @pytest.mark.parametrize("age", [None, timedelta(minutes=1)])
    def test_an_absent_sweeper(self, doctor: Doctor, engine: Engine, age: timedelta | None) -> None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM heartbeats"))
        if age is not None:
            beat(engine, SWEEPER, utc_now() - age)
        the_only(doctor(), "sweeper", "no sign of life " + ("since" if age else "ever"))

    def test_a_stopped_gateway(self, doctor: Doctor, engine: Engine) -> None:
        with engine.begin() as connection:
            stop(connection, "twilio", "", Stopped("20003", "Twilio refuses our account or token"), utc_now())
        the_only(doctor(), "standing", "baobei gateway resume twilio")

    def test_texts_that_wait_or_belong_nowhere(self, doctor: Doctor, engine: Engine) -> None:
        old = lambda: utc_now() - timedelta(minutes=2)  # noqa: E731
        accept(engine, Inbound("twilio", "m1", AGENT, NUMBER, "text"), old)
        accept(engine, Inbound("twilio", "m2", AGENT, "+8613800000077", "text"), old)
        assert [finding.sentence[:12] for finding in doctor()] == ["1 text waits", "1 text came "]


class TestPlaces:
    @pytest.mark.parametrize(
        ("total", "free", "full"),
        [(10**11, 10**8, True), (10**11, 4 * 10**9, True), (10**13, 10**11, False), (10**9, 3 * 10**8, False)],
    )
    def test_a_disk_that_is_nearly_full(
        self, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, total: int, free: int, full: bool
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: (total, total - free, free))
        found = doctor()
        assert {finding.check for finding in found} == ({"room"} if full else set())

    @pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
    def test_a_register_on_a_disk_that_vanishes(
        self, doctor: Doctor, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        monkeypatch.setattr(places.psutil, "disk_partitions", lambda all: [Mount("/", kind)])  # noqa: A006
        self._expect(doctor(), engine, f"lies on {kind}")

    def test_a_volume_in_a_container_lasts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mounts = [Mount("/", "overlay"), Mount(str(tmp_path), "ext4"), Mount(f"{tmp_path}/deeper", "tmpfs")]
        monkeypatch.setattr(places.psutil, "disk_partitions", lambda all: mounts)  # noqa: A006
        assert places.filesystem_of(tmp_path / "var") == "ext4"

    def test_a_register_among_temporary_files(
        self, doctor: Doctor, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(places, "_is_temporary", IS_TEMPORARY)
        self._expect(doctor(), engine, "temporary files")

    @pytest.mark.parametrize(("variable", "weight"), [("DYNO", "problem"), ("FLY_APP_NAME", "advice")])
    def test_a_platform_that_keeps_no_files(self, doctor: Doctor, engine: Engine, variable: str, weight: str) -> None:
        self._expect(doctor(**{variable: "x"}), engine, "keeps", weight)

    @staticmethod
    def _expect(found: list[Finding], engine: Engine, words: str, weight: str = "problem") -> None:
        if engine.dialect.name == "sqlite":
            the_only(found, "durability", words, weight=weight)
        else:
            assert found == []


class TestBounds:
    def test_a_check_that_hangs_or_fails_holds_no_other(self, tmp_path: Path) -> None:
        def hang(_patient: Patient) -> Iterator[Advice]:
            yield Advice("Before: that.")
            time.sleep(60)

        def fail(_patient: Patient) -> Iterator[Advice]:
            yield from ()
            raise ValueError(TOKEN)

        patient = Patient(settings := load_settings({"BAOBEI_VAR": str(tmp_path)}), open_runtime(settings), {})
        checks = [Check("database", hang), Check("redis", fail), Check("x", fail, needs=("redis",))]
        began = time.monotonic()
        found = examine(patient, checks, deadline_s=0.2)
        assert time.monotonic() - began < 30
        said, silent = found["database"]
        assert (said.sentence, "did not answer in time" in silent.sentence) == ("Before: that.", True)
        assert "check failed (ValueError at" in found["redis"][0].sentence
        assert TOKEN not in str(found)
        assert "x" not in found

    def test_servers_that_take_and_never_answer(self, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("worker.doctor.stores.REDIS_S", 0.2)
        monkeypatch.setattr("worker.gateways.twilio.TIMEOUT_S", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            found = doctor(REDIS_URL=f"redis://127.0.0.1:{port}", TWILIO_API_URL=f"http://127.0.0.1:{port}")
        assert sorted(finding.check for finding in found) == ["gateways", "redis"]


def test_finds_texts_that_wait_in_the_spool_without_a_database(environ: dict[str, str], doctor: Doctor) -> None:
    spool = Spool(Path(environ["BAOBEI_VAR"]) / "spool", lambda: utc_now() - timedelta(minutes=2))
    spool.keep(Inbound("twilio", "m1", AGENT, NUMBER, "报备 张三"))
    the_only(doctor(), "spool", "1 text waits in the spool", "start the database")
    away = doctor(DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert {finding.check for finding in away} == {"database", "spool"}


def test_finds_words_and_weights_of_another_version(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "READER", "of another version")
    (found,) = [finding for finding in doctor() if "words or weights" in finding.sentence]
    assert "install baobei again" in found.sentence


def test_finds_a_file_where_the_folder_should_be(environ: dict[str, str], doctor: Doctor) -> None:
    file = Path(environ["BAOBEI_VAR"]) / "a file"
    file.touch()
    the_only(doctor(BAOBEI_VAR=str(file)), "room", "which is a file: name a folder")


def test_each_sentence_is_one_line_whatever_is_away(run: Callable[..., Result]) -> None:
    away = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9"}
    result = run(PUBLIC_URL=None, TWILIO_API_URL="http://127.0.0.1:9", **away)
    *findings, summary = result.output.splitlines()
    assert [line.split()[1] for line in findings] == ["settings", "database", "redis", "gateways"]
    assert all(re.search(r": [a-z].*\.$", line) for line in findings)
    assert re.fullmatch(r"4 problems found by \d checks\. \d more have to wait until these are mended\.", summary)
    assert "found by 1 check. " in run(PORT="many").output


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[int]:
    """Yield the port of a server whose certificate nobody signed but itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    asked, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(asked, server_side=True):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_redis_that_signed_its_own_certificate_is_told_of_with_the_option(doctor: Doctor, self_signed: int) -> None:
    found = [f.sentence for f in doctor(REDIS_URL=f"rediss://127.0.0.1:{self_signed}") if f.check == "redis"]
    assert len(found) == 1
    assert "ssl_ca_certs=FILE" in found[0]
    assert "ssl_cert_reqs=none" in found[0]


def test_a_port_without_a_host_is_told_of(doctor: Doctor) -> None:
    told = [f.sentence for f in doctor(PORT="8000") if "HOST=0.0.0.0" in f.sentence]
    assert len(told) == 1
    assert not [f for f in doctor(PORT="8000", HOST="0.0.0.0") if "HOST" in f.sentence]  # noqa: S104 - nothing listens
