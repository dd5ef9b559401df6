"""The environment becomes one frozen value; a wrong variable stops the start with a sentence that names it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from worker.variables import (
    Network,
    SettingsError,
    alert_url,
    auth_tokens,
    check_sid,
    database_url,
    host_names,
    http_url,
    is_off,
    log_level,
    long_enough,
    networks,
    per_second,
    port,
    public_url,
    redis_url,
)

# Whoever can read these can act in our name, so each may come from a file instead: NAME_FILE holds its path.
SECRET_VARIABLES = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_SECRET",
    "METRICS_TOKEN",
)
VARIABLES = (
    *SECRET_VARIABLES,
    "PUBLIC_URL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_API_KEY",
    "TWILIO_MESSAGING_SERVICE_SID",
    "TWILIO_API_URL",
    "BAOBEI_VAR",
    "LOG_LEVEL",
    "ALERT_URL",
    "SEND_PER_SECOND",
    "TRUSTED_PROXIES",
    "SANDBOX",
    "SANDBOX_HOSTS",
    "HOST",
    "PORT",
)
OWN_PROXIES = "127.0.0.1,::1"
CRASH_VARIABLE = "BAOBEI_CRASH_AT"
TWILIO_API = "https://api.twilio.com"


@dataclass(frozen=True)
class TwilioSettings:
    """Our account at Twilio."""

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    """One, or two while rotating; the first signs in where there is no API key, either may have signed a webhook."""
    messaging_service_sid: str | None
    api_url: str
    api_key: tuple[str, str] | None = field(default=None, repr=False)
    """SID and secret of an API key, which then signs in instead of the account's own token."""

    @property
    def credentials(self) -> tuple[str, str]:
        """What requests to Twilio's API sign in with: user and password."""
        return self.api_key or (self.account_sid, self.auth_tokens[0])


@dataclass(frozen=True)
class Settings:
    """What the environment asks for."""

    var: Path
    """Absolute folder of everything that we keep ourselves."""
    database_url: str = field(repr=False)
    """For SQLAlchemy: `sqlite:///…` with an absolute path, or `postgresql+psycopg://…`."""
    redis_url: str | None = field(repr=False)
    """None means the embedded server; `worker.var_folder.redis_address` knows its address."""
    public_url: str | None
    """The address Twilio calls, without a slash at its end."""
    secret_key: str | None = field(repr=False)
    """None means the key kept under `var`; see `worker.var_folder.secret_key_of`."""
    twilio: TwilioSettings | None
    alert_url: str | None = field(repr=False)
    send_per_second: float | None
    """What each of our numbers sends at the most; None: the gateway queues at its number's own rate."""
    log_level: str
    host: str
    port: int
    metrics_token: str | None = field(default=None, repr=False)
    """What opens `/metrics` and the details of `/readyz` from elsewhere; None: this machine alone."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose word on where a request came from (X-Forwarded-For) is believed."""
    sandbox_off: bool = False
    """SANDBOX=off: there is none, whether or not Twilio has an account here, for phones carry the texts."""
    sandbox_hosts: tuple[str, ...] = ()
    """By which names the sandbox may be reached from elsewhere; none: it answers this machine alone."""
    crash_at: str | None = None
    """For tests alone: the point at which a process is to end itself (`worker.crash_points`)."""

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox gateway stands in for a real one."""
        return self.twilio is None and not self.sandbox_off

    @property
    def this_machine_alone(self) -> bool:
        """Whether nobody from elsewhere is answered: the sandbox, while SANDBOX_HOSTS asks nobody in."""
        return self.sandbox and not self.sandbox_hosts

    @property
    def asked_in(self) -> tuple[str, ...]:
        """By which names others may reach us besides PUBLIC_URL's."""
        return self.sandbox_hosts if self.sandbox else ()

    @property
    def base_url(self) -> str:
        """The address that signatures are checked against: the public one, else the one we listen on."""
        return self.public_url or address(self.host, self.port)

    def address_of_texts(self, gateway: str) -> str:
        """Return the address to which a gateway posts texts."""
        return f"{self.base_url}/gateways/{gateway}/messages"


def address(host: str, port: int) -> str:
    """Return the URL of this host and port; an IPv6 address goes into brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read every variable of the contract; an empty one counts as not set. Raises SettingsError. Writes nothing."""
    given = _given(environ)
    var = Path(given.get("BAOBEI_VAR", "var")).expanduser().absolute()
    settings = Settings(
        var=var,
        database_url=database_url(given.get("DATABASE_URL"), var),
        redis_url=redis_url(given.get("REDIS_URL")),
        public_url=public_url(given.get("PUBLIC_URL")),
        secret_key=long_enough("SECRET_KEY", given.get("SECRET_KEY")),
        twilio=_twilio(given),
        alert_url=alert_url(given.get("ALERT_URL")),
        send_per_second=per_second(given.get("SEND_PER_SECOND")),
        log_level=log_level(given.get("LOG_LEVEL", "INFO")),
        host=given.get("HOST", "127.0.0.1"),
        port=port(given.get("PORT", "8000")),
        metrics_token=long_enough("METRICS_TOKEN", given.get("METRICS_TOKEN")),
        trusted_proxies=networks(given.get("TRUSTED_PROXIES", OWN_PROXIES)),
        sandbox_off=is_off("SANDBOX", given.get("SANDBOX")),
        sandbox_hosts=host_names(given.get("SANDBOX_HOSTS", "")),
        crash_at=environ.get(CRASH_VARIABLE) or None,
    )
    if settings.sandbox and settings.public_url:
        raise SettingsError(
            "PUBLIC_URL is set, but the sandbox gateway, where anybody may text as anybody, must not be public: "
            "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN as well, or SANDBOX=off where phones carry the texts, or "
            "remove PUBLIC_URL."
        )
    if settings.crash_at and settings.public_url:
        raise SettingsError(f"{CRASH_VARIABLE} lets a process die, for tests: it must not be set beside PUBLIC_URL.")
    return settings


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    given = {name: environ[name].strip() for name in VARIABLES if environ.get(name, "").strip()}
    for name in SECRET_VARIABLES:
        path = environ.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if name in given:
            raise SettingsError(f"{name} and {name}_FILE are both set: keep one of them.")
        try:
            given[name] = Path(path).expanduser().read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SettingsError(
                f"{name}_FILE names {path}, which cannot be read ({reason}): mend the path or the file."
            ) from None
        if not given[name]:
            raise SettingsError(f"{name}_FILE names {path}, which is empty: put the value into it.")
    return given


def _twilio(given: Mapping[str, str]) -> TwilioSettings | None:
    sid, tokens = given.get("TWILIO_ACCOUNT_SID"), given.get("TWILIO_AUTH_TOKEN")
    service, key = given.get("TWILIO_MESSAGING_SERVICE_SID"), _api_key(given)
    api_url = given.get("TWILIO_API_URL", TWILIO_API).rstrip("/")
    http_url("TWILIO_API_URL", api_url)
    if sid is None and tokens is None and service is None and key is None:
        return None
    if sid is None:
        raise SettingsError(
            "TWILIO_ACCOUNT_SID is not set, but another variable of Twilio's is: set it, or remove those."
        )
    if tokens is None:
        raise SettingsError(
            "TWILIO_AUTH_TOKEN is not set, but TWILIO_ACCOUNT_SID is: set both, or none for the sandbox."
        )
    check_sid("TWILIO_ACCOUNT_SID", "AC", sid)
    if service is not None:
        check_sid("TWILIO_MESSAGING_SERVICE_SID", "MG", service)
    return TwilioSettings(sid, auth_tokens(tokens), service, api_url, key)


def _api_key(given: Mapping[str, str]) -> tuple[str, str] | None:
    key, secret = given.get("TWILIO_API_KEY"), given.get("TWILIO_API_SECRET")
    if key is not None:
        check_sid("TWILIO_API_KEY", "SK", key)
    if key is None and secret is None:
        return None
    if key is None or secret is None:
        missing = "TWILIO_API_KEY" if key is None else "TWILIO_API_SECRET"
        raise SettingsError(f"{missing} is not set, but the other half of the API key is: set both, or neither.")
    return key, secret
