"""The report for machines is the contract's, to the key."""

import dataclasses
import json
import os

import pytest

from refkit.errors import RefkitError
from refkit.report import json_report
from refkit.report.finding import Candidate, Report, Side
from tests.report.constructed import DIFFERENT, MISSING_ACTIVATION, NOTHING_COMPARED


def only_finding(**changes):
    report = dataclasses.replace(DIFFERENT, findings=(dataclasses.replace(MISSING_ACTIVATION, **changes),))
    (finding,) = json_report.to_dict(report)["findings"]
    return finding


def test_whole_report():
    report = dataclasses.replace(DIFFERENT, rungs=DIFFERENT.rungs[3:], findings=(MISSING_ACTIVATION,))
    assert json_report.to_dict(report) == {
        "schema": 1,
        "reference": "lenet",
        "options": {"pool": "max"},
        "target": "my_lenet.py:LeNet",
        "framework": "linen",
        "verdict": "different",
        "rungs": [
            {"name": "forward", "status": "fail", "reason": "1 bug, 1 choice"},
            {"name": "gradients", "status": "not-run", "reason": "my_lenet.py has no loss; name it with `--loss`"},
        ],
        "findings": [
            {
                "rung": "forward",
                "kind": "bug",
                "id": "missing-activation",
                "candidates": [
                    {"id": "missing-activation", "distance": 0.0},
                    {"id": "layer-omitted", "distance": 0.031},
                ],
                "file": "my_lenet.py",
                "line": 28,
                "end_line": 28,
                "source": "h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))",
                "time_step": None,
                "yours": {"dtype": "float32", "shape": [7, 5, 5, 16], "min": -1.25, "max": 3.5},
                "reference": {
                    "dtype": "float32",
                    "shape": [7, 5, 5, 16],
                    "min": 0.0,
                    "max": 3.5,
                    "file": "lenet.py",
                    "line": 52,
                },
                "max_abs": 1.25,
                "max_rel": 0.35714,
                "allowed": 3.5e-6,
                "message": "the activation after `conv2` is missing",
                "help": "apply the activation to what my_lenet.py:27 makes",
            }
        ],
    }


def test_nothing_compared():
    assert json_report.to_dict(NOTHING_COMPARED)["verdict"] == "could-not-compare"


def test_numbers_that_are_not_finite():
    nan, inf = float("nan"), float("inf")
    finding = only_finding(
        yours=Side("float32", (3,), -inf, nan),
        max_abs=nan,
        candidates=(Candidate("log-of-zero", inf), Candidate("x", 1.0)),
    )
    assert finding["yours"] == {"dtype": "float32", "shape": [3], "min": None, "max": None, "finite": False}
    assert finding["candidates"] == [
        {"id": "log-of-zero", "distance": None, "finite": False},
        {"id": "x", "distance": 1.0},
    ]
    assert (finding["max_abs"], finding["max_rel"], finding["finite"]) == (None, 0.35714, False)
    assert "finite" not in finding["reference"]


def test_what_a_finding_may_lack():
    finding = only_finding(file=None, line=None, yours=None, reference=None, max_abs=None)
    assert [finding[key] for key in ("file", "line", "yours", "reference", "max_abs")] == [None] * 5
    assert "finite" not in finding


def test_files_are_relative_to_where_the_command_was_run(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    finding = only_finding(file=str(tmp_path / "my_lenet.py"))
    assert finding["file"] == "../my_lenet.py"


def test_a_shipped_reference_goes_by_its_name():
    shipped = str(json_report.__file__).replace("report/json_report.py", "references/lenet.py")
    finding = only_finding(reference=Side("float32", (), 0.0, 1.0, shipped, 52))
    assert finding["reference"]["file"] == "lenet.py"


def test_written_whole(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    json_report.write(DIFFERENT, str(path))
    assert json.loads(path.read_text()) == json_report.to_dict(DIFFERENT)
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    json_report.write(DIFFERENT, str(tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["schema"] == 1


def test_a_device_is_written_to_as_it_is():
    json_report.write(Report("mlp", "my.py"), os.devnull)
    assert not os.path.isfile(os.devnull)


@pytest.mark.parametrize("path, reason", [("missing/report.json", "no such folder"), (".", "is a directory")])
@pytest.mark.parametrize("act", [json_report.require_writable, lambda path: json_report.write(DIFFERENT, path)])
def test_an_unwritable_path_is_one_sentence(tmp_path, monkeypatch, path, reason, act):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        RefkitError, match=rf"`--json {path}` cannot be written \((.*)\); name a file in a folder that is there"
    ):
        act(path)
    assert os.listdir(tmp_path) == []
