"""What an installation keeps under `var`, beside its data: secrets, each made once, and where its own Redis listens."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from worker.settings import Settings
from worker.variables import SettingsError


def require_folder(var: Path) -> None:
    """Raise SettingsError where `var` can be no folder, because it, or what it is said to lie in, is a file."""
    for path in (var, *var.parents):
        if path.exists():
            if not path.is_dir():
                raise SettingsError(f"BAOBEI_VAR is {var}, but {path} is no folder: name one.")
            return


def make_folder(var: Path) -> None:
    """Make the folder where there is none, for its owner alone: what lies in it holds names and numbers."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def recorded_address(var: Path, url: str) -> Iterator[None]:
    """Let others who use this folder know, to the end of the block, at which address the pages are served."""
    write_private(var / "address", url)
    try:
        yield
    finally:
        (var / "address").unlink(missing_ok=True)


def pages_address(settings: Settings) -> str:
    """Return where the pages are: PUBLIC_URL, else what `up` serves from this folder, else HOST and PORT."""
    recorded = settings.var / "address"
    if settings.public_url is None and recorded.exists():
        return recorded.read_text(encoding="utf-8")
    return settings.base_url


def secret_key_of(settings: Settings) -> str:
    """Return SECRET_KEY, or the key kept in `var/secret_key`, which is made the first time."""
    return settings.secret_key or kept_secret(settings.var / "secret_key")


def kept_secret(path: Path) -> str:
    """Return the secret kept in this file; make it once, readable by its owner alone, when there is none."""
    make_folder(path.parent)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        write_private(draft, secrets.token_urlsafe(48))
        try:
            # A link never replaces: of two processes that start together, both use the secret of the first.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whatever the umask."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def redis_address(settings: Settings) -> str:
    """Return REDIS_URL, else the address that the embedded server of this `var` has or had."""
    if settings.redis_url:
        return settings.redis_url
    recorded = settings.var / "redis_url"
    if recorded.exists():
        return recorded.read_text(encoding="utf-8")
    return f"unix://{quote(str(settings.var / 'redis.sock'))}"
