"""What every test would pay for anew: compiled templates, addresses and statements, texts that were read before, strong
hashes, files that are migrated, a disk that is waited for; and the short patience that a busy machine would wear out.

The program's own processes, which some tests start, pay for all of it.
"""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from parsers.mask import mask_numbers
from parsers.parse import parse
from webhook import masked_address
from worker.accounts import passwords
from worker.bell import bell
from worker.doctor import stores
from worker.readers import health, replay
from worker.rules import decide
from worker.scenarios import writer
from worker.store import database
from worker.store.revisions import known_revisions

UPGRADE = command.upgrade
"""What truly migrates."""
PRAGMAS = database.PRAGMAS
"""SQLite's settings as the program has them."""
PATIENCE_S = 20
AddressOf = Callable[..., tuple[str, str]]


class Compiled(BytecodeCache):
    """The code of the templates that any application of this process has compiled."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket; Jinja looks whether its template is still the same."""
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a bucket."""
        self._code[bucket.key] = bucket.bytecode_to_string()


class Statements(dict[Any, Any]):
    """The statements that any engine of a kind has compiled; SQLAlchemy's keys begin with the engine's dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what another engine may have compiled."""
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        """Keep it for all."""
        super().__setitem__(key[1:], compiled)


def compiled_once(compile_builder: Callable[[Rule, bool], AddressOf]) -> Callable[[Rule, bool], AddressOf]:
    """Return a compiler of the functions that write a rule's addresses, each of which any application may call.

    A function has its rule for an argument; defaults alone are a part of it.
    """
    known: dict[Any, AddressOf] = {}

    def compile_or_recall(rule: Rule, append_unknown: bool = True) -> AddressOf:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = rule.rule, tuple(rule._trace), append_unknown
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    return compile_or_recall


def upgraded_once() -> Callable[[Config, str], None]:
    """Return alembic's `upgrade` that makes a new file of SQLite a copy of the first one that it has migrated."""
    migrated = sqlite3.connect(":memory:", check_same_thread=False)

    def upgrade(config: Config, revision: str) -> None:
        address = make_url(config.attributes["url"])
        if address.get_backend_name() != "sqlite" or revision != "head":
            UPGRADE(config, revision)
            return
        with closing(sqlite3.connect(str(address.database))) as file:
            is_new = not _has_tables(file)
            if is_new and _has_tables(migrated):
                migrated.backup(file)
                for each in reversed(known_revisions()):
                    config.attributes["on_progress"](f"migration {each} done")
                return
        UPGRADE(config, revision)
        if is_new:
            with closing(sqlite3.connect(str(address.database))) as file:
                file.backup(migrated)

    return upgrade


def _has_tables(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master").fetchone() is not None


def save(patch: pytest.MonkeyPatch) -> None:
    """Spare the tests of this process all of it."""
    compiled, create = Compiled(), Flask.create_jinja_environment

    def create_with_compiled(app: Flask) -> Environment:
        environment = create(app)
        environment.bytecode_cache = compiled
        return environment

    patch.setattr(Flask, "create_jinja_environment", create_with_compiled)
    patch.setattr(Rule, "_compile_builder", compiled_once(Rule._compile_builder))
    patch.setattr(command, "upgrade", upgraded_once())
    patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    statements: defaultdict[str, Statements] = defaultdict(Statements)

    def create_with_statements(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine._compiled_cache = statements[engine.dialect.name]
        return engine

    patch.setattr(database, "create_engine", create_with_statements)
    # Pure, and what it returns cannot change; its own tests call it by itself.
    recalled = lru_cache(maxsize=20_000)(parse)
    for reading in (decide, replay, writer):
        patch.setattr(reading, "parse", recalled)
    # Likewise.
    patch.setattr(masked_address, "mask_numbers", lru_cache(maxsize=20_000)(mask_numbers))
    hasty = tuple("synchronous=OFF" if p == "synchronous=FULL" else p for p in PRAGMAS)
    patch.setattr(database, "PRAGMAS", hasty)
    # What is there answers, however slow the machine is now; what is away has its own tests.
    patch.setattr(health, "PROBE_S", PATIENCE_S)
    patch.setattr(bell, "CONNECT_S", PATIENCE_S)
    patch.setattr(bell, "ANSWER_S", PATIENCE_S)
    # A process that stands back cannot come forward again.
    patch.setattr(os, "nice", lambda _: 0)
    # The tests' own PostgreSQL does not wait for its disk either, and doctor would say so each time.
    patch.setattr(stores, "OUTLASTS", ())
