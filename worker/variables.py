"""What each variable of the environment may hold; every reader raises SettingsError for a value that it may not."""

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
DATABASE_FORM = re.compile(
    r"(?P<scheme>[\w+]+)://(?P<server>(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::\d*)?)"
    r"(?:/(?P<path>[^?]*))?(?P<query>\?.*)?"
)
"""The parts that SQLAlchemy reads; here without it, for `up` takes part in no database and is to be light."""
SHORTEST_KEY = 16
SLOWEST, FASTEST = 0.01, 1000.0


class SettingsError(ValueError):
    """A variable has a wrong value; the sentence names it and says how to mend it, and never shows a secret."""


def database_url(text: str | None, var: Path) -> str:
    """Return DATABASE_URL as SQLAlchemy takes it; without one, a SQLite file in `var`."""
    if text is None:
        return _sqlite_file(var / "baobei.sqlite")
    url = DATABASE_FORM.fullmatch(text)
    if url is None:
        raise SettingsError("DATABASE_URL is not a URL: write sqlite:///FILE or postgresql://USER@HOST/NAME.")
    driver = DRIVERS.get(url["scheme"])
    if driver is None:
        raise SettingsError(f"DATABASE_URL begins with {url['scheme']}: only sqlite and postgresql are known.")
    if driver == POSTGRESQL:
        return f"{driver}:{text.partition(':')[2]}"
    path = unquote(url["path"] or "")
    if not path or path.startswith((":memory:", "file:")) or url["server"]:
        raise SettingsError(
            "DATABASE_URL names no SQLite file, which several processes could share: write sqlite:///FILE."
        )
    return _sqlite_file(Path(path).absolute()) + (url["query"] or "")


def _sqlite_file(path: Path) -> str:
    return f"sqlite:///{quote(str(path), safe=' +/')}"


def redis_url(text: str | None) -> str | None:
    """Return REDIS_URL if it names a server."""
    if text is None:
        return None
    url = _split("REDIS_URL", text, "redis://HOST:6379/0 or unix:///PATH")
    if url.scheme not in ("redis", "rediss", "unix"):
        raise SettingsError("REDIS_URL must begin with redis://, rediss:// or unix://.")
    if not (url.path.strip("/") if url.scheme == "unix" else url.hostname):
        raise SettingsError("REDIS_URL names no server: write redis://HOST:6379/0 or unix:///PATH.")
    return text


def public_url(text: str | None) -> str | None:
    """Return PUBLIC_URL without a slash at its end."""
    if text is None:
        return None
    url = http_url("PUBLIC_URL", text)
    if url.query or url.fragment or url.username is not None:
        raise SettingsError(
            "PUBLIC_URL must be an address only, like https://reports.example.com, without ?, # or user."
        )
    return text.rstrip("/")


def alert_url(text: str | None) -> str | None:
    """Return ALERT_URL if it is an address of the web."""
    if text is not None:
        http_url("ALERT_URL", text)
    return text


def http_url(name: str, text: str) -> SplitResult:
    """Return the parts of an address of the web; `name`: of the variable that holds it."""
    url = _split(name, text, "https://HOST")
    if url.scheme not in ("http", "https") or not url.hostname or re.search(r"\s", text):
        raise SettingsError(f"{name} must be an address that begins with http:// or https://, like https://HOST.")
    return url


def _split(name: str, text: str, example: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port  # Reading it is what checks it.
    except ValueError:
        raise SettingsError(f"{name} is not a URL: write {example}.") from None
    return url


def long_enough(name: str, text: str | None) -> str | None:
    """Return a secret if it is too long to be guessed."""
    if text is not None and len(text) < SHORTEST_KEY:
        raise SettingsError(f"{name} is shorter than {SHORTEST_KEY} characters: use a long random one, or remove it.")
    return text


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks in a list with commas; an address is a network of one."""
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in text.split(","))
    except ValueError:
        raise SettingsError(
            f"TRUSTED_PROXIES is {text}, but must be addresses or networks with commas between, like 10.0.0.0/8."
        ) from None


def host_names(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas, in small letters."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"[a-z0-9.:_-]+", name) for name in names):
        raise SettingsError("SANDBOX_HOSTS must be host names with commas between, without scheme, path or brackets.")
    return names


def is_off(name: str, text: str | None) -> bool:
    """Tell whether a variable that can only be switched off is."""
    if text is not None and text.lower() != "off":
        raise SettingsError(f"{name} is {text}, but must be off, or not set at all.")
    return text is not None


def check_sid(name: str, prefix: str, sid: str) -> None:
    """Demand one of Twilio's SIDs, with this prefix."""
    if not re.fullmatch(prefix + "[0-9a-fA-F]{32}", sid):
        raise SettingsError(f"{name} must be {prefix} and 32 hexadecimal digits: copy it from Twilio's console.")


def auth_tokens(text: str) -> tuple[str, ...]:
    """Return one token, or two while rotating."""
    tokens = tuple(token.strip() for token in text.split(","))
    if len(tokens) > 2 or not all(re.fullmatch(r"\S+", token) for token in tokens):
        raise SettingsError("TWILIO_AUTH_TOKEN must be one token, or two with a comma between them while rotating.")
    return tokens


def per_second(text: str | None) -> float | None:
    """Return how many texts may be sent in a second, None for no limit of ours."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or not SLOWEST <= float(text) <= FASTEST:
        raise SettingsError(
            f"SEND_PER_SECOND is {text}, but must be a number from {SLOWEST:g} to {FASTEST:g}, or not set at all."
        )
    return float(text)


def log_level(text: str) -> str:
    """Return the level in capitals."""
    if text.upper() not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text}, but must be one of {', '.join(LOG_LEVELS)}.")
    return text.upper()


def port(text: str) -> int:
    """Return a TCP port."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise SettingsError(f"PORT is {text}, but must be a number from 1 to 65535.")
    return int(text)
