"""The rung `runs`: memory of a step, and models that raise, with their shapes beside the reference's."""

from pathlib import Path

import pytest

import refkit
from refkit.checks.runs import in_words
from refkit.diagnosis.memory import LIMIT
from refkit.diagnosis.raised import beside, symbols
from refkit.diagnosis.shapes_by_line import Given, Recorder

PROGRAMS = Path(__file__).resolve().parents[1] / "programs" / "correct"
FLATTEN = "x = x.reshape(x.shape[0], -1)"
PLANTED = (  # program, its line, what is written there instead, and the bug that it is
    ("multimodal/nnx_encoder_modules.py", "text_features], axis=1)", "text_features], axis=0)", "concat-on-wrong-axis"),
    ("multimodal/linen_train_state.py", "question], axis=-1)", "question], axis=0)", "concat-on-wrong-axis"),
    ("multimodal/jax_einsum_fusion.py", "(both, axis=-1)", "(both, axis=0)", "concat-on-wrong-axis"),
    ("multimodal/jax_deep_question.py", FLATTEN, "x = x.reshape(-1)", "flatten-across-batch"),
    ("multimodal/jax_deep_question.py", FLATTEN, "x = x.reshape(1, -1)", "flatten-across-batch"),
    ("lenet/nnx_explicit.py", FLATTEN, "", "layer-omitted"),
    ("lenet/nnx_explicit.py", FLATTEN, "x = x.reshape(x.shape[0], -1)[:, :390]", None),
)


def planted(program, old, new, tmp_path):
    """A program with one line changed, and the number of that line."""
    text = (PROGRAMS / program).read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / Path(program).name
    file.write_text(text.replace(old, new), encoding="utf-8")
    return str(file), text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("program, old, new, bug", PLANTED, ids=[f"{Path(p[0]).stem}-{p[3]}" for p in PLANTED])
def test_a_model_that_raises_is_named(program, old, new, bug, tmp_path):
    file, line = planted(program, old, new, tmp_path)
    report = refkit.compare(file, program.split("/")[0])
    (finding,) = report.findings
    assert report.exit_status == 1
    assert (finding.rung, finding.id) == ("runs", bug)
    assert line <= finding.line <= line + 4
    assert report.lines[-1].line == finding.line


def test_shapes_up_to_the_raise_are_said(tmp_path):
    file, line = planted("lenet/nnx_explicit.py", FLATTEN, f"{FLATTEN}[:, :390]", tmp_path)
    report = refkit.compare(file, "lenet")
    (finding,) = report.findings
    assert f"line {line} gives f32[7,390], the reference's line 65 f32[7,400]" in finding.message
    row = report.lines[-2]
    assert (row.line, row.reference_line, row.shape, row.dtype, row.agree) == (line, 65, (7, 390), "float32", False)
    assert report.lines[0].agree or report.lines[1].agree


def test_memory_is_said():
    report = refkit.compare(str(PROGRAMS / "mlp" / "nnx_two_layers.py"), "mlp", only="runs")
    (rung,) = report.rungs
    assert rung.status == "pass"
    assert rung.reason.startswith("builds; one step on 32 examples needs ") and rung.reason.endswith("B")


def test_a_step_that_is_too_large_names_lines_and_a_batch(monkeypatch):
    monkeypatch.setenv(LIMIT, "2e6")
    report = refkit.compare(str(PROGRAMS / "lenet" / "nnx_explicit.py"), "lenet", only="runs")
    (finding,) = report.findings
    assert report.exit_status == 1
    assert (finding.rung, finding.kind) == ("runs", "unexplained")
    assert "one step on 32 examples needs" in finding.message and "the device has 2 MB" in finding.message
    assert f"line {finding.line} gives f32[32,28,28,6], 602 kB" in finding.message
    words = finding.help.split()
    assert words[:3] == ["use", "batches", "of"] and 1 <= int(words[3]) < 32


def test_a_model_that_never_fits_is_said_so(monkeypatch):
    monkeypatch.setenv(LIMIT, "1000")
    report = refkit.compare(str(PROGRAMS / "mlp" / "nnx_two_layers.py"), "mlp", only="runs")
    assert report.findings[0].help == "make the model smaller: not even one example fits"


@pytest.mark.parametrize(
    "size, words", [(12, "12 bytes"), (999, "999 bytes"), (4_100_000, "4.1 MB"), (99.7e6, "100 MB"), (2.5e13, "25 TB")]
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words


def test_symbols_of_axes():
    assert symbols((7, 784), 7) == ("batch", "other")
    assert symbols((14, 400), 7) == ("batches", "other")
    assert symbols((1, 2800), 7) == ("one", "batches")


def given(line, *shape):
    return Given(line, "float32", shape)


def test_shapes_are_laid_beside_each_other():
    yours = [given(1, 7, 10, 10, 16), given(2, 7, 1600)]
    pictures = [given(11, 7, 10, 10, 16), given(12, 7, 10, 10, 16), given(13, 7, 5, 5, 16)]
    reference = [*pictures, given(14, 7, 400), given(15, 7, 120)]
    rows, rest = beside(yours, reference)
    pairs = [(row.yours and row.yours.line, row.reference and row.reference.line) for row in rows if row.yours]
    assert pairs == [(1, 12), (2, 14)]
    assert [value.line for value in rest] == [15]


def test_a_recorder_hears_only_its_file_and_gives_the_shapes_up_to_the_raise(tmp_path):
    import jax
    import jax.numpy as jnp

    file = str(tmp_path / "program.py")
    source = "def run(x, w):\n    v = w\n    y = x @ w\n    y = y.T\n    return y.reshape(5)\n"
    namespace = {}
    exec(compile(source, file, "exec"), namespace)
    recorder = Recorder(file, source, lambda seen: seen.error is not None)
    found = recorder.listen(lambda: jax.eval_shape(namespace["run"], jnp.zeros((7, 3)), jnp.zeros((3, 2))))
    assert found.line == 5
    assert [value.shape for value in found.entered] == [(7, 3), (3, 2)]
    assert [(value.line, value.shape) for value in found.given] == [(3, (7, 2)), (4, (2, 7))]
