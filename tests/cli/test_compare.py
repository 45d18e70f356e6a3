"""The command line of compare: options, sentences, exit status. The engine behind it is a stand-in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import refkit
from refkit import cli, process
from refkit.errors import RefkitError
from refkit.report.finding import Finding, LinePair, Report, Rung

ROOT = Path(__file__).resolve().parents[2]
SAME = Report("mlp", "my.py:Net", "nnx", rungs=(Rung("runs", "pass"),), lines=(LinePair(1, "x = 1"),))
BUG = Report(
    "mlp",
    "my.py",
    "nnx",
    rungs=(Rung("forward", "fail"),),
    findings=(Finding("forward", "bug", "is missing", "missing-bias"),),
)


@pytest.fixture
def compare(monkeypatch, tmp_path):
    """`compare(arguments, answer)` calls the command with a stand-in for the engine; its calls are in `compare.calls`."""
    monkeypatch.setattr(process, "prepare", lambda: None)
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    monkeypatch.chdir(tmp_path)

    def call(arguments, answer=SAME):
        def engine(*positional, **named):
            call.calls.append((positional, named))
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setattr(refkit, "compare", engine, raising=False)
        return CliRunner().invoke(cli.compare, arguments)

    call.calls = []
    return call


def one_sentence(result, status=2):
    assert result.exit_code == status
    assert "Traceback" not in result.output
    (line,) = result.stderr.splitlines()
    return line


def test_the_call_is_handed_on(compare):
    arguments = ["my.py:Net", "--reference", "mlp:hidden=8", "--quick", "--until", "loss", "--train-step", "fit_one"]
    arguments += ["--data", "iris", "--seeds", "3", "--result", "0.9", "--result", "0.8"]
    result = compare([*arguments, "--kwargs", "n=3, sizes=(8, 16), name='a'"])
    assert result.exit_code == 0, result.output
    assert compare.calls == [
        (
            ("my.py:Net", "mlp:hidden=8"),
            {
                "until": "loss",
                "only": None,
                "quick": True,
                "kwargs": {"n": 3, "sizes": (8, 16), "name": "a"},
                "names": {"train_step": "fit_one"},
                "data": "iris",
                "seeds": 3,
                "results": (0.9, 0.8),
            },
        )
    ]


@pytest.mark.parametrize(
    "answer, status", [(SAME, 0), (BUG, 1), (Report("mlp", "my.py", rungs=(Rung("runs", "not-run"),)), 2)]
)
def test_exit_status(compare, answer, status):
    assert compare(["my.py", "--reference", "mlp"], answer).exit_code == status


def test_lines_are_shown_when_asked_for(compare):
    assert "x = 1" not in compare(["my.py", "--reference", "mlp"]).output
    assert "x = 1" in compare(["my.py", "--reference", "mlp", "--lines"]).output


def test_bytecode_is_not_written_beside_target(compare, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    compare(["my.py", "--reference", "mlp"])
    assert sys.dont_write_bytecode


def test_json(compare):
    result = compare(["my.py", "--reference", "mlp", "--json", "report.json"], BUG)
    assert result.exit_code == 1
    assert json.loads(Path("report.json").read_text())["findings"][0]["id"] == "missing-bias"


def test_json_of_nothing_compared(compare):
    result = compare(["my.py", "--reference", "mlp", "--json", "report.json"], RefkitError("no model in `my.py`"))
    assert one_sentence(result) == "error: no model in `my.py`"
    report = json.loads(Path("report.json").read_text())
    assert report["verdict"] == "could-not-compare"
    assert report["rungs"] == [{"name": "runs", "status": "not-run", "reason": "no model in `my.py`"}]


def test_unwritable_json_is_said_before_any_work(compare):
    result = compare(["my.py", "--reference", "mlp", "--json", "nowhere/report.json"])
    assert one_sentence(result).startswith("error: `--json nowhere/report.json` cannot be written (no such folder)")
    assert not compare.calls


def test_refkits_own_failure_is_said_to_be_its_own(compare):
    result = compare(["my.py", "--reference", "mlp"], KeyError("conv1\nand more"))
    assert one_sentence(result) == (
        "error: refkit itself failed, through no fault of your file: `KeyError: 'conv1\\nand more'`; "
        "run it again with REFKIT_TRACEBACK=1 and report the traceback"
    )


def test_traceback_where_asked_for(compare, monkeypatch):
    monkeypatch.setenv("REFKIT_TRACEBACK", "1")
    result = compare(["my.py", "--reference", "mlp"], ValueError("odd"))
    assert result.exit_code == 2
    assert "Traceback" in result.stderr and "ValueError: odd" in result.stderr


def test_an_exit_that_escapes_is_caught(compare):
    result = compare(["my.py", "--reference", "mlp"], SystemExit(0))
    assert one_sentence(result).startswith("error: refkit itself failed")


def test_interrupted(compare):
    result = compare(["my.py", "--reference", "mlp"], KeyboardInterrupt())
    assert (result.exit_code, result.stderr.strip()) == (130, "interrupted")


@pytest.mark.parametrize("text", ["3", "a=f(2)", "a=", "**x", "a=1)(", "a=b", "lambda: 1"])
def test_kwargs_that_are_no_literals(compare, text):
    sentence = one_sentence(compare(["my.py", "--reference", "mlp", "--kwargs", text]))
    assert sentence.startswith(f"error: `--kwargs '{text}'` is not a list of Python literals")
    assert not compare.calls


@pytest.mark.parametrize(
    "arguments, start",
    [
        ([], "error: missing argument `TARGET`"),
        (["my.py"], "error: missing option `--reference`"),
        (["my.py", "--reference", "mlp", "--bogus"], "error: no such option `--bogus`"),
        (
            ["my.py", "--reference", "mlp", "--until", "top"],
            "error: invalid value for `--until`: `top` is not one of `runs`",
        ),
        (["my.py", "--reference", "mlp", "--seeds", "0"], "error: invalid value for `--seeds`"),
        (["my.py", "--reference", "mlp", "--until", "loss", "--only", "loss"], "error: `--until` and `--only` exclude"),
    ],
)
def test_usage_errors(compare, arguments, start):
    assert one_sentence(compare(arguments)).startswith(start)
    assert not compare.calls


@pytest.mark.parametrize("words", ["--quick", "--until loss", "--only loss"])
def test_options_for_a_rung_that_is_left_out(compare, words):
    result = compare(["my.py", "--reference", "mlp", "--seeds", "3", "--result", "0.9", *words.split()])
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"note: `--seeds` is for the rung `result`, which `{words}` leaves out",
        f"note: `--result` is for the rung `result`, which `{words}` leaves out",
    ]


def test_options_for_a_rung_that_is_climbed(compare):
    assert compare(["my.py", "--reference", "mlp", "--seeds", "3", "--only", "result"]).stderr == ""


def test_every_option_of_the_contract():
    options = {option for parameter in cli.compare.params for option in parameter.opts if option.startswith("--")}
    assert options == set(
        "--reference --json --lines --until --only --quick --loss --optimizer --train-step --train --preprocess "
        "--metric --batches --split --data --seeds --result --kwargs --explain --list".split()
    )


def test_the_console_command_has_the_same_subcommand(compare):
    assert cli.main.commands["compare"] is cli.compare
    compare.calls.clear()
    result = CliRunner().invoke(cli.main, ["compare"])
    assert one_sentence(result).startswith("error: missing argument `TARGET`")
    assert one_sentence(CliRunner().invoke(cli.main, [])).startswith("error: missing command")


def run_script(*arguments, **environment):
    command = [sys.executable, str(ROOT / "scripts" / "compare.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def test_the_script_is_the_same_code():
    result = run_script("my.py", "--bogus")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: no such option `--bogus`")


def test_parsing_imports_nothing_heavy():
    heavy = "{'jax', 'flax', 'numpy', 'optax', 'rich'} & set(sys.modules)"
    code = f"import sys, refkit.cli; print(sorted({heavy}))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert result.stdout.strip() == "[]"
