"""The environment: what is accepted, what is refused and in which words."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from worker.settings import load_settings
from worker.var_folder import kept_secret, secret_key_of
from worker.variables import SettingsError

SID = "AC" + "0" * 31 + "f"
SERVICE = "MG" + "a" * 32
TWILIO = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": "canary-token"}

ACCEPTED = [
    ("DATABASE_URL", "postgres://u:p%40s@h:5433/d", "database_url", "postgresql+psycopg://u:p%40s@h:5433/d"),
    ("DATABASE_URL", "postgresql://h/d?sslmode=require", "database_url", "postgresql+psycopg://h/d?sslmode=require"),
    ("DATABASE_URL", "postgresql+psycopg://h/d", "database_url", "postgresql+psycopg://h/d"),
    ("DATABASE_URL", "sqlite:////srv/line.db", "database_url", "sqlite:////srv/line.db"),
    ("DATABASE_URL", "sqlite+pysqlite:////srv/line.db", "database_url", "sqlite:////srv/line.db"),
    ("REDIS_URL", "redis://:p@h:6379/1", "redis_url", "redis://:p@h:6379/1"),
    ("REDIS_URL", "rediss://h", "redis_url", "rediss://h"),
    ("REDIS_URL", "unix:///run/redis.sock?password=p", "redis_url", "unix:///run/redis.sock?password=p"),
    ("SECRET_KEY", "k" * 16, "secret_key", "k" * 16),
    ("BAOBEI_VAR", "/srv/baobei", "var", Path("/srv/baobei")),
    ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ("LOG_LEVEL", " ", "log_level", "INFO"),
    ("ALERT_URL", "https://h/hook?key=1", "alert_url", "https://h/hook?key=1"),
    ("SEND_PER_SECOND", "0.5", "send_per_second", 0.5),
    ("SEND_PER_SECOND", "1000", "send_per_second", 1000.0),
    ("SEND_PER_SECOND", "", "send_per_second", None),
    ("PORT", "65535", "port", 65535),
    ("HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104 - a value to read, nothing listens
]

REFUSED = [
    ("DATABASE_URL", "nonsense"),
    ("DATABASE_URL", "mysql://canary:canary@h/d"),
    ("DATABASE_URL", "postgresql+psycopg2://h/d"),
    ("DATABASE_URL", "postgresql://canary@h:many/d"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("REDIS_URL", "http://h"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "redis://:canary@h:many"),
    ("REDIS_URL", "unix://"),
    ("SECRET_KEY", "canary"),
    ("PUBLIC_URL", "reports.example.com"),
    ("PUBLIC_URL", "ftp://h"),
    ("PUBLIC_URL", "https://h/?a=1"),
    ("PUBLIC_URL", "https://canary:canary@h"),
    ("PUBLIC_URL", "https://h:port"),
    ("ALERT_URL", "mailto:canary"),
    ("ALERT_URL", "https://a b"),
    ("LOG_LEVEL", "loud"),
    ("SEND_PER_SECOND", "0"),
    ("SEND_PER_SECOND", "-1"),
    ("SEND_PER_SECOND", "1e3"),
    ("SEND_PER_SECOND", "1001"),
    ("SEND_PER_SECOND", "nan"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("TWILIO_ACCOUNT_SID", "AC123"),
    ("TWILIO_ACCOUNT_SID", "ac" + "0" * 32),
    ("TWILIO_ACCOUNT_SID", ""),
    ("TWILIO_AUTH_TOKEN", ""),
    ("TWILIO_AUTH_TOKEN", "canary,"),
    ("TWILIO_AUTH_TOKEN", "canary,b,c"),
    ("TWILIO_AUTH_TOKEN", "canary b"),
    ("TWILIO_API_KEY", "AC" + "0" * 32),
    ("TWILIO_MESSAGING_SERVICE_SID", "MG12"),
    ("TWILIO_API_URL", "api.example.com"),
]


@pytest.mark.parametrize(("variable", "text", "field", "value"), ACCEPTED)
def test_a_good_value_is_taken(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(load_settings({variable: text}), field) == value


@pytest.mark.parametrize(("variable", "text"), REFUSED)
def test_a_wrong_value_is_refused_by_name_without_showing_a_secret(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(TWILIO | {variable: text})
    sentence = str(refusal.value)
    assert sentence.startswith(f"{variable} ")
    assert sentence.endswith(".")
    assert "canary" not in sentence


def test_an_empty_environment_means_everything_embedded() -> None:
    settings = load_settings({})
    assert settings.var == Path.cwd() / "var"
    assert make_url(settings.database_url).database == str(Path.cwd() / "var" / "baobei.sqlite")
    assert (settings.redis_url, settings.public_url, settings.secret_key, settings.twilio) == (None, None, None, None)
    assert settings.sandbox
    assert settings.base_url == "http://127.0.0.1:8000"


def test_an_ipv6_host_is_put_into_brackets() -> None:
    assert load_settings({"HOST": "::1", "PORT": "80"}).base_url == "http://[::1]:80"


def test_a_relative_sqlite_file_is_made_absolute_so_that_every_process_means_the_same() -> None:
    assert make_url(load_settings({"DATABASE_URL": "sqlite:///a b.db"}).database_url).database == str(
        Path("a b.db").absolute()
    )


def test_an_odd_var_still_gives_a_database_that_sqlalchemy_reads_back(tmp_path: Path) -> None:
    odd = tmp_path / "50% off? #1 房"
    assert make_url(load_settings({"BAOBEI_VAR": str(odd)}).database_url).database == str(odd / "baobei.sqlite")


def test_twilio_replaces_the_sandbox() -> None:
    settings = load_settings(TWILIO | {"TWILIO_MESSAGING_SERVICE_SID": SERVICE, "PUBLIC_URL": "https://h/base/"})
    assert not settings.sandbox
    assert settings.base_url == "https://h/base"
    assert settings.twilio is not None
    assert settings.twilio.auth_tokens == ("canary-token",)
    assert settings.twilio.messaging_service_sid == SERVICE
    assert settings.twilio.api_url == "https://api.twilio.com"


def test_twilio_takes_two_tokens_while_rotating_and_another_address() -> None:
    more = {"TWILIO_AUTH_TOKEN": "new, old", "TWILIO_API_URL": "http://127.0.0.1:9/"}
    twilio = load_settings(TWILIO | more).twilio
    assert twilio is not None
    assert twilio.auth_tokens == ("new", "old")
    assert twilio.api_url == "http://127.0.0.1:9"


def test_an_api_key_signs_in_where_there_is_one() -> None:
    token_only = load_settings(TWILIO).twilio
    with_key = load_settings(TWILIO | {"TWILIO_API_KEY": "SK" + "0" * 32, "TWILIO_API_SECRET": "canary-secret"}).twilio
    assert token_only is not None
    assert token_only.credentials == (SID, "canary-token")
    assert with_key is not None
    assert with_key.credentials == ("SK" + "0" * 32, "canary-secret")
    assert "canary" not in repr(with_key)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"TWILIO_ACCOUNT_SID": SID}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": "t"}, "TWILIO_ACCOUNT_SID"),
        (TWILIO | {"TWILIO_API_KEY": "SK" + "0" * 32}, "TWILIO_API_SECRET"),
        (TWILIO | {"TWILIO_API_SECRET": "canary"}, "TWILIO_API_KEY"),
        ({"TWILIO_API_KEY": "SK" + "0" * 32, "TWILIO_API_SECRET": "canary"}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_MESSAGING_SERVICE_SID": SERVICE}, "TWILIO_ACCOUNT_SID"),
        ({"PUBLIC_URL": "https://h"}, "PUBLIC_URL"),
    ],
)
def test_variables_that_need_each_other_come_together(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named} is"):
        load_settings(environ)


@pytest.mark.parametrize(
    ("variable", "text", "field"),
    [
        ("DATABASE_URL", "postgresql+psycopg://h/d", "database_url"),
        ("REDIS_URL", "redis://:p@h", "redis_url"),
        ("SECRET_KEY", "k" * 40, "secret_key"),
    ],
)
def test_a_secret_may_come_from_a_file(tmp_path: Path, variable: str, text: str, field: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text + "\n")
    assert getattr(load_settings({f"{variable}_FILE": str(file)}), field) == text
    with pytest.raises(SettingsError, match=f"^{variable} and {variable}_FILE are both set"):
        load_settings({variable: text, f"{variable}_FILE": str(file)})


def test_the_token_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    twilio = load_settings({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN_FILE": str(tmp_path / "token")}).twilio
    assert twilio is not None
    assert twilio.auth_tokens == ("from-file",)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^SECRET_KEY_FILE names .*\.$"):
        load_settings({"SECRET_KEY_FILE": str(file)})


def test_no_secret_stands_in_the_repr() -> None:
    environ = TWILIO | {
        "DATABASE_URL": "postgresql://u:canary@h/d",
        "REDIS_URL": "redis://:canary@h",
        "SECRET_KEY": "canary" * 4,
        "ALERT_URL": "https://h/canary",
    }
    assert "canary" not in repr(load_settings(environ))


def test_loading_writes_nothing(tmp_path: Path) -> None:
    load_settings({"BAOBEI_VAR": str(tmp_path / "var")})
    assert not (tmp_path / "var").exists()


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings({"BAOBEI_VAR": str(tmp_path / "var")})
    key = secret_key_of(settings)
    assert len(key) >= 48
    assert secret_key_of(settings) == key
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "var") == ["secret_key"]


def test_a_given_key_leaves_no_file(tmp_path: Path) -> None:
    settings = load_settings({"BAOBEI_VAR": str(tmp_path / "var"), "SECRET_KEY": "g" * 20})
    assert secret_key_of(settings) == "g" * 20
    assert not (tmp_path / "var").exists()


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from worker.var_folder import kept_secret; "
        f"print(kept_secret(Path({str(tmp_path)!r}) / 'key'))"
    )
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    secrets = {process.communicate()[0].strip() for process in started}
    assert secrets == {kept_secret(tmp_path / "key")}
