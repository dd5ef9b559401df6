"""A machine whose database is a file of SQLite, beside the spool."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

from tests.power.disk import Disk, Image, lay_out

FILE = "db.sqlite"


class SqliteMachine:
    """The program's folder with everything in it; `disk` observes its syncs."""

    def __init__(self, var: Path) -> None:
        """Take the folder as it is."""
        self.var = var
        self.url = f"sqlite:///{var / FILE}"
        self.disk = Disk(var)

    @classmethod
    def new(cls, var: Path, template: Path) -> "SqliteMachine":
        """Return a machine with a copy of a migrated database."""
        var.mkdir()
        shutil.copyfile(template, var / FILE)
        return cls(var)

    def image(self, chance: Random | None) -> Image:
        """Return what is on its disk after a cut now."""
        return self.disk.image(chance)

    def start_on(self, image: Image, folder: Path) -> "SqliteMachine":
        """Return a machine on what is left."""
        lay_out(image, folder)
        return SqliteMachine(folder)

    def check(self) -> None:
        """Fail unless SQLite finds its file whole."""
        with closing(sqlite3.connect(self.var / FILE)) as connection:
            said = [words for (words,) in connection.execute("PRAGMA integrity_check")]
        assert said == ["ok"], f"the file is malformed: {said[:3]}"

    def close(self) -> None:
        """Let go of the files."""
        self.disk.close()
