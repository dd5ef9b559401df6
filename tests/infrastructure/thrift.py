"""What every test would pay for anew: compiled templates, strong hashes of passwords, a disk that is waited for.

The program's own processes, which some tests start, pay for all of it.
"""

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from worker.accounts import passwords
from worker.store import database


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


def save(patch: pytest.MonkeyPatch) -> None:
    """Spare the tests of this process all three."""
    compiled, create = Compiled(), Flask.create_jinja_environment

    def create_with_compiled(app: Flask) -> Environment:
        environment = create(app)
        environment.bytecode_cache = compiled
        return environment

    patch.setattr(Flask, "create_jinja_environment", create_with_compiled)
    patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    hasty = tuple("synchronous=OFF" if p == "synchronous=FULL" else p for p in database.PRAGMAS)
    patch.setattr(database, "PRAGMAS", hasty)
