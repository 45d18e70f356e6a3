"""The command `reproduce`: its sentences, and what it writes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*words, **environment):
    command = [sys.executable, "scripts/reproduce.py", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, env=os.environ | environment)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "no reference is named"),
        (("lennet",), "no reference is called `lennet`"),
        (("mlp", "--data", "cats"), "`mlp` has no experiment on `cats`; it has them on `breast_cancer`"),
        (("mlp", "--check", "--plot"), "exclude one another"),
        (("mlp", "--seeds", "0"), "0 is not in the range"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence):
    done = run(*words)
    assert done.returncode == 2 and sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout


def test_no_data_set_is_said_at_once(tmp_path):
    began = time.monotonic()
    done = run("lenet", "--data", "mnist", "--out", str(tmp_path / "out"), TFDS_DATA_DIR=str(tmp_path))
    assert done.returncode == 2 and "mnist" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert time.monotonic() - began < 60  # imports on a busy machine, and none of the retries
    assert not (tmp_path / "out").exists()


def test_a_result_is_written_checked_and_drawn(tmp_path):
    folders = ("--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs"))
    done = run("mlp", "--seeds", "2", *folders)
    assert done.returncode == 0 and "mlp on breast_cancer: accuracy" in done.stdout
    assert "2 seeds" in run("--list", *folders).stdout
    checked = run("mlp", "--check", *folders)
    assert checked.returncode == 0 and "inside the 99 % prediction interval" in checked.stdout
    drawn = run("mlp", "--plot", *folders)
    (picture,) = (Path(line) for line in drawn.stdout.split())
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_nothing_to_check_or_draw_is_said(tmp_path):
    for option in ("--check", "--plot"):
        done = run("mlp", option, "--out", str(tmp_path))
        assert done.returncode == 2 and "known result" in done.stderr
