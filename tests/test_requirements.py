"""What a server installs: every dependency at one version, with the hashes of its files, and from no named host."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINNED = (ROOT / "worker" / "requirements.txt").read_text("utf-8")
PIN = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.M,
)


def test_every_dependency_is_pinned_within_what_the_project_allows() -> None:
    pinned = {canonicalize_name(found[1]): found[2] for found in PIN.finditer(PINNED)}
    for written in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]:
        asked = Requirement(written)
        assert asked.specifier.contains(pinned[canonicalize_name(asked.name)]), f"{written}: renew requirements.txt"


def test_every_pin_has_hashes_and_no_host_is_named() -> None:
    assert len(PIN.findall(PINNED)) == len(re.findall(r"^[A-Za-z0-9].*==", PINNED, re.M))
    assert "://" not in PINNED
    assert not re.search(r"^--", PINNED, re.M)


def test_readme_says_how_to_install_them_and_contributing_how_to_renew_them() -> None:
    assert "pip install --require-hashes -r worker/requirements.txt" in (ROOT / "README.md").read_text("utf-8")
    assert "-o worker/requirements.txt" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
