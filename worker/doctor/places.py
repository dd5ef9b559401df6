"""The disks: is there room, and will what is written be there tomorrow."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import psutil

from worker.doctor.base import Advice, Ailment, Patient
from worker.doctor.stores import sqlite_file

MIB: Final = 1024 * 1024
LEAST_FREE: Final = 200 * MIB
LEAST_SHARE: Final = 0.05
AMPLE_FREE: Final = 5 * 1024 * MIB
"""A twentieth of a large disk is plenty all the same."""

VANISHING: Final = frozenset(["tmpfs", "ramfs", "overlay", "aufs", "fuse-overlayfs"])
NO_DISK: Final[Mapping[str, str]] = {
    "DYNO": "Heroku",
    "K_SERVICE": "Cloud Run",
    "VERCEL": "Vercel",
    "AWS_LAMBDA_FUNCTION_NAME": "Lambda",
}
"""Variable → platform that keeps no file over a restart."""
DISK_ON_REQUEST: Final[Mapping[str, str]] = {
    "RENDER": "Render",
    "RAILWAY_ENVIRONMENT": "Railway",
    "FLY_APP_NAME": "Fly.io",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
}
"""Variable → platform that keeps files on a volume, if one is mounted."""


def look_at_room(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look whether the disks of BAOBEI_VAR and of the SQLite file are nearly full."""
    if patient.settings.var.is_file():
        yield Ailment(f"BAOBEI_VAR names {patient.settings.var}, which is a file: name a folder.")
        return
    file = sqlite_file(patient)
    folders = {_existing(patient.settings.var), _existing(file.parent if file else patient.settings.var)}
    for folder in sorted(folders):
        total, _, free = shutil.disk_usage(folder)
        if free < LEAST_FREE or (free < LEAST_SHARE * total and free < AMPLE_FREE):
            yield Ailment(
                f"The disk of {folder} is nearly full ({free // MIB} MiB are free): make room, for without it no text "
                "can be kept."
            )
        if not os.access(folder, os.W_OK):
            yield Ailment(f"{folder} cannot be written to: let the user who runs baobei write there.")


def look_at_durability(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look whether the SQLite file, which is the register, would survive a restart of the machine or container."""
    file = sqlite_file(patient)
    if file is None:
        return
    mend = "set DATABASE_URL to a PostgreSQL, or BAOBEI_VAR to a folder that lasts"
    kind = filesystem_of(_existing(file.parent))
    if kind in VANISHING:
        yield Ailment(f"The SQLite file {file} lies on {kind}, which goes with the machine or container: {mend}.")
    elif _is_temporary(file):
        yield Ailment(f"The SQLite file {file} lies in a folder for temporary files, which gets cleared: {mend}.")
    if platform := _platform(NO_DISK, patient.environ):
        yield Ailment(f"{platform} keeps no file over a restart, and the SQLite file {file} is one: {mend}.")
    elif platform := _platform(DISK_ON_REQUEST, patient.environ):
        yield Advice(f"{platform} keeps only what lies on a volume: see that {file} does.")


def filesystem_of(folder: Path) -> str:
    """Return the kind of file system that a folder lies on, "" when that cannot be told."""
    kinds = {Path(mount.mountpoint): mount.fstype for mount in psutil.disk_partitions(all=True)}
    return next((kinds[place] for place in (folder, *folder.parents) if place in kinds), "")


def _is_temporary(file: Path) -> bool:
    places = {Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")}  # noqa: S108 - these are what is looked for
    return any(place.resolve() in file.resolve().parents for place in places)


def _platform(known: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    return next((name for variable, name in known.items() if environ.get(variable)), None)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists already."""
    return next(place for place in (folder, *folder.parents) if place.is_dir()).resolve()
