"""A trusted implementation of the user's own as the reference."""

import pytest

import refkit
from refkit.errors import RefkitError
from tests.diagnosis.written import TRUSTED, compared, line_with, rewritten, wrong

PLANTED = {
    "activation": ("jnp.tanh(hidden)", "jnp.sin(hidden)", "jnp.sin(hidden)", "forward"),
    "sign": ('+ params["b2"]', '- params["b2"]', '- params["b2"]', "forward"),
    "axis": ("log_softmax(logits)", "log_softmax(logits, axis=0)", "axis=0", "loss"),
    "sum": ("-picked.mean()", "-picked.sum()", "picked.sum()", "loss"),
    "stop": ("jnp.tanh(hidden)", "jnp.tanh(jax.lax.stop_gradient(hidden))", "stop_gradient", "gradients"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_on_its_line(name, tmp_path):
    old, new, text, rung = PLANTED[name]
    source = rewritten(TRUSTED, (old, new))
    report = compared(tmp_path, source, until="gradients")
    assert report.verdict == "different" and report.exit_status == 1
    first = wrong(report)[0]
    assert (first.rung, first.line) == (rung, line_with(source, text))
    assert first.source.strip() == source.splitlines()[first.line - 1].strip()


def test_two_bugs_are_two_findings(tmp_path):
    source = rewritten(TRUSTED, ("jnp.tanh(hidden)", "jnp.sin(hidden)"), ("-picked.mean()", "-picked.sum()"))
    report = compared(tmp_path, source, until="loss")
    lines = {finding.line for finding in wrong(report)}
    assert lines == {line_with(source, "jnp.sin"), line_with(source, "picked.sum")}


def test_a_program_beside_itself_is_the_same(tmp_path):
    report = compared(tmp_path, TRUSTED, until="gradients")
    assert report.verdict == "same" and report.findings == () and report.exit_status == 0
    passed = {rung.name for rung in report.rungs if rung.status == "pass"}
    assert passed >= {"runs", "structure", "forward", "loss", "gradients"}


def test_the_same_in_other_words_is_the_same(tmp_path):
    source = rewritten(
        TRUSTED,
        ('x @ params["w1"] + params["b1"]', 'jnp.einsum("oi,bi->bo", params["w1"], x) + params["b1"]'),
        ("jax.random.normal(first, (30, 8))", "jax.random.normal(first, (8, 30))"),
        ("logs = jax.nn.log_softmax(logits)", "logs = logits - jax.nn.logsumexp(logits, axis=1, keepdims=True)"),
    )
    report = compared(tmp_path, source, until="gradients")
    assert report.verdict == "same", [finding.message for finding in wrong(report)]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("X = 3\n", "`.*trusted.py` cannot be the reference: "),
        (
            "def init_params(key):\n    raise ValueError('no')\n\n\ndef forward(params, x):\n    return x\n",
            "`.*trusted.py` cannot be the reference: ",
        ),
    ],
    ids=["no-model", "raises"],
)
def test_a_reference_that_cannot_be_used_is_an_error_of_one_sentence(reference, sentence, tmp_path):
    with pytest.raises(RefkitError, match=sentence) as caught:
        compared(tmp_path, TRUSTED, reference)
    assert "Traceback" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_reference_that_is_not_there_is_named(tmp_path):
    (tmp_path / "mine.py").write_text(TRUSTED, encoding="utf-8")
    with pytest.raises(RefkitError, match="there is no file `.*absent.py`"):
        refkit.compare(str(tmp_path / "mine.py"), str(tmp_path / "absent.py"))
