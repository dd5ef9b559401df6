"""Every place in which something could be kept or shown, as bytes: tables, pages, files, exports, Redis, log."""

import html
import io
import re
import zipfile
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from click.testing import CliRunner
from flask.testing import FlaskClient
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, select

from tests.infrastructure.visiting import post
from worker.cli.main import main
from worker.readers.register_file import FORMS
from worker.store.schema import metadata

LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
MOST_SEARCHES = 5
MOST_ALIKE = 40
"""So many addresses are asked for that differ in their arguments alone, and in their numbers alone."""

Place = tuple[str, bytes]


def of_tables(engine: Engine) -> Iterator[Place]:
    """Yield every value of every column of every table."""
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    if value is not None:
                        yield f"table {table.name}.{column}", value if isinstance(value, bytes) else str(value).encode()


def of_files(*folders: Path) -> Iterator[Place]:
    """Yield every file under these folders; of an archive what is in it."""
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        yield f"file {path.name}", _unpacked(path.read_bytes())


def of_redis(url: str) -> Iterator[Place]:
    """Yield every key of Redis with what it holds."""
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter("*", count=1_000):
            try:
                yield f"redis {key.decode()}", key + b"\n" + plain_of_redis(redis, key)
            except RedisError:
                continue


def plain_of_redis(redis: "Redis", key: bytes) -> bytes:
    """Return what stands behind a key."""
    match redis.type(key):
        case b"string":
            return bytes(redis.get(key) or b"")
        case b"hash":
            return b"\n".join(part for pair in redis.hgetall(key).items() for part in pair)
        case b"list":
            return b"\n".join(redis.lrange(key, 0, -1))
        case b"set":
            return b"\n".join(redis.smembers(key))
        case b"zset":
            return b"\n".join(redis.zrange(key, 0, -1))
    return bytes(redis.dump(key) or b"")


def of_pages(client: FlaskClient, *begin: str) -> Iterator[Place]:
    """Yield every page, and every part of one, to which one comes from these; each with the address it stands at."""
    waiting, seen = deque(begin), set(begin)
    times = Counter[str]()
    while waiting:
        path = waiting.popleft()
        answer = client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
        if not answer.content_type.startswith("text/"):
            # A file to be loaded down; what is in such is `of_exports`'.
            yield f"file {urlsplit(path).path}", f"{path}\n{answer.headers}".encode() + _unpacked(answer.data)
            continue
        said = html.unescape(answer.text)
        yield f"page {urlsplit(path).path}", f"{path}\n{answer.request.url}\n{answer.headers}\n{said}".encode()
        for found in LINK.findall(answer.text):
            link = html.unescape(found)
            path = urlsplit(link).path
            alike = re.sub(r"\d+", "0", path)
            if link in seen or link.startswith(("/static/", "/login")):
                continue
            if times[path] < MOST_SEARCHES and times[alike] < MOST_ALIKE:
                times.update({path, alike})
                seen.add(link)
                waiting.append(link)


def of_exports(client: FlaskClient, site_id: int) -> Iterator[Place]:
    """Yield the register of a site in every form of a file."""
    for form in FORMS:
        answer = post(client, f"/register/{site_id}/export/{form}")
        assert answer.status_code == 200
        yield f"export {form}", _unpacked(answer.data)


def of_commands(environ: Mapping[str, str], folder: Path) -> Iterator[Place]:
    """Yield what the program's commands print and write that show anything."""
    asked = [
        *(["register", "--format", form] for form in ("table", "csv", "json")),
        *(["explain", f"R{number}"] for number in (1, 2, 3)),
        *(["register", "--format", "scenario", f"R{number}"] for number in (1, 2, 3)),
        *(["roster", "list", "--site", "翡翠湾"], ["gateway", "replies"], ["site", "list"], ["user", "list"]),
        *(["audit"], ["doctor"], ["backup", str(folder / "backup.zip")]),
    ]
    for words in asked:
        result = CliRunner().invoke(main, words, env=environ)
        assert result.exit_code in (0, 1), (words, result.output)
        yield f"command {words[0]}", result.output.encode()
    yield from of_files(folder)


def _unpacked(raw: bytes) -> bytes:
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        return raw
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return b"\n".join(_unpacked(archive.read(name)) for name in archive.namelist())
