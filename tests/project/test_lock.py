"""The locks pin everything by hash, and name no address."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock")


def pinned(lock: str) -> dict[str, list[str]]:
    """The hashes of every `name==version` in a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return {line.split()[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line) for line in lines if line}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|@ ?file|www\.", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_pinned_by_hash(lock):
    for requirement, hashes in pinned(lock).items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+", requirement)
        assert hashes


def test_all_that_the_project_asks_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {requirement.partition("==")[0] for requirement in pinned("requirements.lock")}
    assert {re.split(r"[=<>]", requirement)[0].replace("_", "-") for requirement in wanted} <= names


def test_exact_versions_asked_for_are_those_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    exact = {requirement for requirement in project["dependencies"] if "==" in requirement}
    assert exact <= set(pinned("requirements.lock"))
