"""Each reference against its own file, and against that file with known bugs in it, as a user would hand it in."""

import os
import random
from pathlib import Path

import pytest

import refkit
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.subjects import SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
SEED = os.environ.get("REFKIT_SAMPLE_SEED") or "1"
RUNGS = ("runs", "structure", "initialization", "forward", "loss", "gradients")
BUGS_EACH = 3


def edits_of(subject) -> list:
    """Edits of this run: bugs that one of the rungs up to `gradients` must catch, whatever was intended."""
    fitting = [(bug, edit) for bug, edit in bugs_for(subject.name) if bug.rung_of(edit) in RUNGS and not bug.intent]
    return [(subject, bug, edit) for bug, edit in random.Random(f"{SEED} {subject.name}").sample(fitting, BUGS_EACH)]


EDITED = [found for subject in SUBJECTS for found in edits_of(subject)]


def with_options(name: str, options: dict[str, str]) -> str:
    return name + (":" + ",".join(f"{option}={value}" for option, value in options.items()) if options else "")


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_a_reference_beside_its_own_file_is_the_same(subject, monkeypatch):
    monkeypatch.chdir(ROOT)
    target = f"refkit/references/{subject.name}.py:{subject.model}"
    report = refkit.compare(target, subject.name, until="gradients")
    assert report.findings == ()
    assert report.verdict == "same"
    assert {rung.name for rung in report.rungs if rung.status == "pass"} >= {"runs", "structure", "forward", "loss"}
    assert report.exit_status == 0


@pytest.mark.parametrize(
    ("subject", "bug", "edit"), EDITED, ids=[f"{s.name}-{b.id}-{e.where}".replace(" ", "_") for s, b, e in EDITED]
)
def test_a_known_bug_in_a_reference_is_different(subject, bug, edit, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(edited_source(subject.name, edit.options, [edit]), encoding="utf-8")
    reference = with_options(subject.name, edit.options)
    report = refkit.compare(f"{file}:{subject.model}", reference, until="gradients")
    assert report.verdict == "different", f"`{bug.id}` ({edit.where}) passes as the same"
    assert report.exit_status == 1
