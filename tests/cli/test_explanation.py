"""`--list` and `--explain`."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from refkit import cli, explanation
from refkit.edits.bugs import BUGS
from refkit.edits.catalogue import REFERENCES
from refkit.edits.choices import CHOICES
from refkit.errors import RefkitError

FORWARD = SimpleNamespace(
    name="forward",
    compares="every value",
    catches="the first line that departs",
    looks_like="a line",
    fix="mend the line",
)
MISSING = SimpleNamespace(
    id="missing-activation",
    group="architecture",
    rung="forward",
    what="a layer without\n    its nonlinearity",
    shows="negative values",
    harm="two layers act as one",
    mend="apply one",
    edits=(SimpleNamespace(reference="mlp"), SimpleNamespace(reference="lenet"), SimpleNamespace(reference="lenet")),
    alike=("layer-omitted",),
)
POOLS = tuple(
    SimpleNamespace(option="pool", reference=name, values=("avg", *"bcdefg"), what="which pooling")
    for name in ("lenet", "multimodal")
)


@pytest.fixture
def registries(monkeypatch):
    monkeypatch.setattr(explanation, "checks", lambda: (FORWARD,))
    monkeypatch.setattr(explanation, "BUGS", (MISSING,))
    monkeypatch.setattr(explanation, "CHOICES", POOLS)
    monkeypatch.setattr(explanation, "REFERENCES", ("lenet", "mlp"))
    monkeypatch.setattr(explanation, "title", {"lenet": "LeNet: for images.", "mlp": "MLP: for the rest."}.get)
    monkeypatch.setattr(explanation, "choices_for", lambda reference: [c for c in POOLS if c.reference == reference])


def test_list(registries):
    assert explanation.listing() == (
        """\
references, with their options as in `lenet:pool=max`
  lenet: LeNet: for images.
    pool  avg|b|c|d|e|f|… (`--explain pool` has all)
  mlp: MLP: for the rest.

checks, in the order of the ladder
  forward  the first line that departs

known bugs, the check that catches each first, the references it is known on
  missing-activation  forward: lenet, mlp"""
    )


def test_explain_a_bug(registries):
    assert explanation.explain("missing-activation") == (
        """\
missing-activation: a known bug (architecture), caught first by `forward`, known on lenet, mlp
  what   a layer without its nonlinearity
  shows  negative values
  harm   two layers act as one
  mend   apply one
  alike  `layer-omitted`"""
    )


def test_explain_a_check(registries):
    assert explanation.explain("forward") == (
        """\
forward: a check
  compares    every value
  catches     the first line that departs
  looks like  a line
  fix         mend the line"""
    )


def test_explain_an_option_of_several_references(registries):
    assert explanation.explain("pool") == (
        """\
pool: an option of `lenet`
  what    which pooling
  values  avg, b, c, d, e, f, g

pool: an option of `multimodal`
  what    which pooling
  values  avg, b, c, d, e, f, g"""
    )


@pytest.mark.parametrize(
    "wanted, advice", [("missing-activations", ": did you mean `missing-activation`?"), ("zzzz", "")]
)
def test_explain_what_nobody_knows(registries, wanted, advice):
    with pytest.raises(RefkitError) as error:
        explanation.explain(wanted)
    assert str(error.value) == (f"no check, known bug or option is called `{wanted}`{advice}; `--list` shows them all")


def test_both_by_command(registries):
    assert "missing-activation" in CliRunner().invoke(cli.compare, ["--list"]).output
    result = CliRunner().invoke(cli.compare, ["--explain", "forwards"])
    assert (result.exit_code, result.stderr) == (
        2,
        "error: no check, known bug or option is called `forwards`: did you mean `forward`?; `--list` shows them all\n",
    )


def test_every_entry_can_be_explained():
    for entry in [*(bug.id for bug in BUGS), *(choice.option for choice in CHOICES)]:
        assert explanation.explain(entry).startswith(entry)


def test_the_real_listing_names_every_entry():
    text = explanation.listing()
    for entry in [*REFERENCES, *(bug.id for bug in BUGS), *(choice.option for choice in CHOICES)]:
        assert entry in text
