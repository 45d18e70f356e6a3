"""The whole text of the report, as it comes out of a pipe."""

import dataclasses
import io

from rich.console import Console

from refkit.report.finding import Finding, Report, Rung
from refkit.report.terminal import print_report, to_text
from tests.report.constructed import DIFFERENT, LINES, NOTHING_COMPARED, SAME, UNEXPLAINED


def test_bug_and_choices():
    assert to_text(DIFFERENT) == (
        """\
my_lenet.py:LeNet (linen) beside lenet:pool=max

pass     runs            61,706 parameters
pass     structure
choice   initialization  1 choice
fail     forward         1 bug, 1 choice
not-run  gradients       my_lenet.py has no loss; name it with `--loss`
note: the image is handed over as NCHW

my_lenet.py:28: bug in forward
  28 | h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))
  yours       f32[7,5,5,16], -1.25 to 3.5
  reference   f32[7,5,5,16], 0 to 3.5, lenet.py:52
  difference  1.25, relative 0.357
  allowed     3.5e-06
  note: the activation after `conv2` is missing
  help: looks like `missing-activation`: apply the activation to what my_lenet.py:27 makes

choices, none of them wrong
  initialization                  lecun_normal where the reference has he_normal
  pool            my_lenet.py:25  max pooling where the reference has average pooling

different: mend my_lenet.py:28, then compare again (`--explain missing-activation` says more)
"""
    )


def test_unexplained_in_a_recurrence():
    assert to_text(UNEXPLAINED) == (
        """\
my_lstm.py:Net (jax) beside lstm

fail     forward  1 unexplained

my_lstm.py:41: unexplained in forward, time step 3
  41 | h = o * jnp.tanh(
  42 |     c + c[::-1])
  yours       f32[7,128], -1 to 1
  reference   f32[7,128], -0.5 to 0.5
  difference  0.5
  allowed     1e-06
  note: the hidden state departs
  help: nothing known reproduces it; nearest `gates-swapped`

different: read my_lstm.py:41 beside the reference (`--lines` shows both), then compare again
"""
    )


def test_same():
    assert to_text(SAME) == (
        """\
my_mlp.py (nnx) beside mlp

pass     runs
pass     forward

same: nothing to mend
"""
    )


def test_same_as_far_as_compared():
    report = dataclasses.replace(SAME, rungs=(*SAME.rungs, Rung("loss", "not-run", "my_mlp.py has no loss")))
    assert to_text(report).splitlines()[-1] == "same: nothing to mend so far; `loss` was not run: my_mlp.py has no loss"


def test_nothing_compared():
    assert to_text(NOTHING_COMPARED) == (
        """\
my_mlp.py beside mlp

not-run  runs  my_mlp.py has no model

could not compare: my_mlp.py has no model
"""
    )


def test_finding_without_a_place():
    finding = Finding(
        "metric", "bug", "it says 0.5 where 3 of 7 are right", "last-batch-only", help="add up all batches"
    )
    report = Report("mlp", "my_mlp.py", rungs=(Rung("metric", "fail"),), findings=(finding,))
    assert to_text(report).splitlines()[4:] == [
        "bug in metric",
        "  note: it says 0.5 where 3 of 7 are right",
        "  help: looks like `last-batch-only`: add up all batches",
        "",
        "different: mend what `metric` found, then compare again (`--explain last-batch-only` says more)",
    ]


def test_lines():
    text = to_text(dataclasses.replace(SAME, lines=LINES))
    assert [line.rstrip() for line in text.splitlines()[:8]] == [
        "my_mlp.py (nnx) beside mlp",
        "",
        "    my_mlp.py                                                    mlp                                         "
        "value           agree",
        "24  h = x[:, [0]]                                            48  x = activation(x)  # f32[batch, 28, 28, 6]  "
        "f32[7,28,28,6]  yes",
        "28  h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))  52  x = pool(x)                                 "
        "f32[7,5,5,16]   no",
        "30  n = 3                                                                                                    "
        "                —",
        "                                                             53  x = activation(x)                           "
        "f32[7,5,5,16]   —",
        "",
    ]


def test_a_narrow_pipe_cuts_nothing(monkeypatch):
    wide = to_text(dataclasses.replace(DIFFERENT, lines=LINES))
    monkeypatch.setenv("COLUMNS", "20")
    assert to_text(dataclasses.replace(DIFFERENT, lines=LINES)) == wide


def test_colour_on_a_terminal_alone():
    assert "\x1b[" not in to_text(DIFFERENT)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=200, highlight=False)
    print_report(DIFFERENT, console)
    assert "\x1b[1;31mbug\x1b[0m" in console.file.getvalue()


def test_no_path_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finding = dataclasses.replace(DIFFERENT.findings[1], file=str(tmp_path / "models" / "my_lenet.py"))
    target = str(tmp_path / "models" / "my_lenet.py") + ":LeNet"
    text = to_text(dataclasses.replace(DIFFERENT, target=target, findings=(finding,)))
    assert str(tmp_path) not in text
    assert "models/my_lenet.py:28: bug" in text
    assert text.startswith("models/my_lenet.py:LeNet (linen)")
