"""What bad input gets: one sentence and an exit status, never a bare traceback, and nothing written beside TARGET."""

import json
import os
import random
import sys
import textwrap

import jax
import numpy as np
import pytest
from click.testing import CliRunner

import refkit
from refkit import cli, loading, process
from refkit.errors import RefkitError

NETWORK = """
import jax
import jax.numpy as jnp
from flax import nnx

class Network(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(30, 64, rngs=rngs)
        self.out = nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.hidden(x))
        return self.out(x)
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a program into an empty working directory; afterwards nothing else may lie there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "prepare", lambda: None)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    written = set()

    def write_program(text, name="net.py"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text), encoding="utf-8")
        written.add(place)
        return name

    yield write_program
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == written


def run(*arguments):
    return CliRunner().invoke(cli.compare, [*arguments, "--reference", "mlp", "--until", "structure"])


def sentence(*arguments):
    """The one sentence of a comparison that could not be made."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    (line,) = result.stderr.splitlines()
    return line


def report_of(target, until="structure", **options):
    return refkit.compare(target, "mlp", until=until, **options)


def test_no_such_file(write):
    assert sentence("nowhere.py").startswith("error: there is no file `nowhere.py`")


def test_a_syntax_error_has_its_line(write):
    write("import jax\n\nclass Net(:\n    pass\n")
    said = sentence("net.py")
    assert "`net.py`" in said and "3" in said


def test_no_model(write):
    write("x = 3\n")
    assert "`net.py` has no model" in sentence("net.py") or "no model" in sentence("net.py")


def test_several_models_are_listed(write):
    write(NETWORK + NETWORK[NETWORK.index("class") :].replace("Network", "Other"))
    said = sentence("net.py")
    assert "`Network`" in said and "`Other`" in said and "net.py:Other" in said
    assert run("net.py:Other").exit_code == 0


def test_an_argument_that_cannot_be_known(write):
    write(NETWORK.replace("rngs: nnx.Rngs", "frobnication, rngs: nnx.Rngs"))
    said = sentence("net.py")
    assert "`frobnication`" in said and "--kwargs" in said
    assert run("net.py", "--kwargs", "frobnication=3").exit_code == 0


def test_other_input_sizes_are_read_off_the_model(write):
    write(NETWORK.replace("30", "17"))
    report = report_of("net.py")
    assert report.verdict == "same"
    assert report.options["features"] == "17"


def test_another_input_rank_is_said_so(write):
    write(NETWORK.replace("x = nnx.relu", "b, t, f = x.shape\n        x = nnx.relu"))
    said = sentence("net.py")
    assert "takes sequence" in said and "not the reference's features" in said


def test_a_rank_that_no_reference_takes_is_a_finding(write):
    write(NETWORK.replace("x = nnx.relu", "a, b, c, d, e, f = x.shape\n        x = nnx.relu"))
    result = run("net.py")
    assert result.exit_code == 1
    assert "net.py:12: unexplained in runs" in result.output
    assert "not enough values to unpack" in result.output


def test_a_model_that_raises_is_a_finding(write):
    write(NETWORK.replace("return self.out(x)", "return self.out(x) + jnp.zeros((3, 5))"))
    result = run("net.py")
    assert result.exit_code == 1
    assert "net.py:13: unexplained in runs" in result.output
    assert "line 12 gives f32[7,64]" in result.output
    assert "Traceback" not in result.output


def test_an_api_that_only_moved_is_run_and_named(write):
    write(NETWORK.replace("return self.out(x)", "return jax.tree_map(lambda x: x, self.out(x))"))
    report = report_of("net.py", until="forward")
    assert report.exit_status == 0
    assert "`jax.tree_map`" in " ".join(report.notes) and "`jax.tree.map`" in " ".join(report.notes)


def test_an_api_that_is_gone_is_named(write):
    write(NETWORK.replace("return self.out(x)", "return jax.mask(self.out)(x)"))
    (finding,) = report_of("net.py").findings
    assert "`jax.mask` is gone" in finding.help


def test_nan_inside_is_a_finding_on_its_line(write):
    write(NETWORK.replace("return self.out(x)", "x = jnp.log(x - x)\n        return self.out(x)"))
    report = report_of("net.py", until="forward")
    assert report.exit_status == 1
    assert report.wrong[0].line == 13
    assert "not finite" in report.wrong[0].message


def test_an_endless_import_is_ended(write, monkeypatch):
    write("import itertools\nsize = sum(1 for _ in itertools.count())\n" + NETWORK.replace("64", "size"))
    with pytest.raises(RefkitError, match=r"took longer than 1 s at `net.py` line 2|took longer than 1 s"):
        loading.load("net.py:Network", limit_s=1).get("Network")


def test_what_a_target_does_to_its_process_stays_with_it(write, capsys):
    write(
        "import os, random, sys\nimport jax\nimport numpy as np\n"
        "print('loaded')\nrandom.seed(1)\nnp.random.seed(1)\n"
        "jax.config.update('jax_enable_x64', True)\njax.config.update('jax_debug_nans', True)\n"
        "os.environ['REFKIT_TEST'] = 'set'\nsys.path.append('/nowhere')\n" + NETWORK + "\nsys.exit(3)\n"
    )
    random.seed(5)
    np.random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), jax.config.jax_enable_x64, list(sys.path)
    report = report_of("net.py")
    assert report.verdict == "same"
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), jax.config.jax_enable_x64, list(sys.path))
    assert not jax.config.jax_debug_nans and "REFKIT_TEST" not in os.environ
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_model_that_exits_is_a_finding(write):
    write("import sys\n" + NETWORK.replace("x = nnx.relu", "sys.exit(0)\n        x = nnx.relu"))
    result = run("net.py")
    assert result.exit_code == 1
    assert "net.py:13: unexplained in runs" in result.output
    assert "the model raises in its forward: SystemExit: 0" in result.output


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_model_that_never_ends_is_a_finding(write, monkeypatch):
    write(NETWORK.replace("x = nnx.relu", "while True:\n            x = x + 0\n        x = nnx.relu"))
    monkeypatch.setattr("refkit.comparison.LIMIT_S", 3.0)
    result = run("net.py")
    assert result.exit_code == 1
    assert "the model raises in its forward: TimeoutError: one call was not through after 3 s" in result.output
    assert "net.py:12" in result.output or "net.py:13" in result.output


def test_a_model_that_prints_and_writes_leaves_the_report_clean(write):
    write(NETWORK.replace("x = nnx.relu", "print('inside')\n        x = nnx.relu"))
    result = run("net.py")
    assert result.exit_code == 0
    assert "inside" not in result.output


def test_a_second_target_has_its_own_neighbours(write):
    script = "from layers import WIDTH\n" + NETWORK.replace("64", "WIDTH")
    write(script, "one/net.py")
    write("WIDTH = 24\n", "one/layers.py")
    write(script, "two/net.py")
    write("WIDTH = 48\n", "two/layers.py")
    assert [report_of(f"{folder}/net.py").options["hidden"] for folder in ("one", "two", "one")] == ["24", "48", "24"]


def test_the_json_of_what_could_not_be_compared(write, tmp_path_factory):
    file = tmp_path_factory.mktemp("reports") / "report.json"
    assert run("nowhere.py", "--json", str(file)).exit_code == 2
    assert json.loads(file.read_text())["verdict"] == "could-not-compare"
