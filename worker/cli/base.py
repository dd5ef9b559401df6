"""What commands share that do something: settings, and the database, whose errors become one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from worker.cli.problems import Problem, WrongUsage
from worker.errors import SetUpError
from worker.settings import Settings, load_settings
from worker.store.database import OldDatabaseError, open_engine, require_carried_on
from worker.var_folder import require_folder
from worker.variables import SettingsError


def settings() -> Settings:
    """Return the environment's settings; a wrong value ends the command with exit code 2."""
    try:
        given = load_settings(os.environ)
        require_folder(given.var)
    except SettingsError as error:
        raise WrongUsage(str(error)) from None
    return given


@contextmanager
def database(given: Settings | None = None) -> Iterator[Engine]:
    """Yield the database; what goes wrong with it, and what cannot be set up, become sentences."""
    engine = open_engine((given or settings()).database_url)
    try:
        require_carried_on(engine)
        yield engine
    except OldDatabaseError as error:
        raise Problem(str(error)) from None
    except SetUpError as error:
        raise WrongUsage(str(error)) from None
    except DBAPIError as error:
        words = str(error.orig).lower()
        if "no such table" in words or "does not exist" in words or "no such column" in words:
            raise Problem("The database lacks tables or columns; run `baobei migrate` first.") from None
        if "unable to open" in words:
            raise Problem(
                "The database file cannot be opened; run `baobei migrate` first, or check BAOBEI_VAR and DATABASE_URL."
            ) from None
        if "read-only" in words or "readonly" in words:
            raise Problem(
                "The database takes no writes, for it is a standby or was made read-only: name the primary in "
                "DATABASE_URL, or let it be written to again."
            ) from None
        raise Problem(
            "The database cannot be reached or refused; check DATABASE_URL and that the server runs."
        ) from None
    except SQLAlchemyError:
        raise Problem("The database did not do what was asked; check DATABASE_URL and run `baobei migrate`.") from None
    finally:
        engine.dispose()
