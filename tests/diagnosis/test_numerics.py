"""Arithmetic that breaks at the edge of float32 is found, its guarded twin is not."""

import jax.numpy as jnp
import numpy as np
import pytest

from refkit.diagnosis.numerics import backward_program, finite_result, first_not_finite
from refkit.tracing.evaluate import evaluate
from tests.diagnosis.written import TRUSTED, compared, line_with, rewritten, wrong
from tests.tracing.executed import executed, line_of, programmed

LOGS = "    logs = jax.nn.log_softmax(logits)\n"
TANH = "    hidden = jnp.tanh(hidden)\n"
BY_HAND = "    powers = jnp.exp(logits)\n    logs = logits - jnp.log(powers.sum(1, keepdims=True))\n"
SHIFTED = "    logits = logits - logits.max(1, keepdims=True)\n"
PROBABILITIES = "    odds = jax.nn.softmax(logits)\n"
SQUARES = '    hidden = x @ params["w1"] + 0 * params["b1"]\n    squares = (hidden * hidden).sum(1, keepdims=True)\n'
BARE = SQUARES + "    hidden = hidden + jnp.sqrt(squares)\n"
GUARDED = SQUARES + (
    "    safe = jnp.where(squares > 0, squares, 1.0)\n"
    "    hidden = hidden + jnp.where(squares > 0, jnp.sqrt(safe), 0.0)\n"
)
OTHERWISE = SQUARES + "    hidden = hidden + jnp.sqrt(jnp.where(squares > 0, squares, 1.0)) * (squares > 0)\n"
FIRST = '    hidden = x @ params["w1"] + params["b1"]\n'


RELU = rewritten(TRUSTED, ("jnp.tanh(hidden)", "jax.nn.relu(hidden)"))
NETWORKS = pytest.mark.parametrize("trusted", [RELU, TRUSTED], ids=["relu", "tanh"])


@NETWORKS
def test_an_exponential_that_overflows_is_found(trusted, tmp_path):
    source = rewritten(trusted, (LOGS, BY_HAND))
    (finding,) = wrong(compared(tmp_path, source, trusted, only="loss"))
    assert (finding.rung, finding.line) == ("loss", line_with(source, "jnp.exp"))


def test_an_exponential_that_is_shifted_first_is_not(tmp_path):
    report = compared(tmp_path, rewritten(RELU, (LOGS, SHIFTED + BY_HAND)), RELU, only="loss")
    assert report.verdict == "same" and report.findings == ()


@NETWORKS
def test_a_logarithm_of_zero_is_found(trusted, tmp_path):
    source = rewritten(trusted, (LOGS, PROBABILITIES + "    logs = jnp.log(odds)\n"))
    (finding,) = wrong(compared(tmp_path, source, trusted, only="loss"))
    assert (finding.rung, finding.line) == ("loss", line_with(source, "jnp.log(odds)"))


def test_a_logarithm_that_is_guarded_is_not(tmp_path):
    source = rewritten(RELU, (LOGS, PROBABILITIES + "    logs = jnp.log(jnp.maximum(odds, 1e-30))\n"))
    report = compared(tmp_path, source, RELU, only="loss")
    assert report.verdict == "same" and report.findings == ()


def test_a_square_root_at_zero_is_found(tmp_path):
    source = rewritten(TRUSTED, (FIRST + TANH, BARE))
    (finding,) = wrong(compared(tmp_path, source, rewritten(TRUSTED, (FIRST + TANH, GUARDED)), only="gradients"))
    assert (finding.rung, finding.line) == ("gradients", line_with(source, "jnp.sqrt"))


def test_a_square_root_that_is_guarded_is_not(tmp_path):
    trusted, source = (rewritten(TRUSTED, (FIRST + TANH, text)) for text in (GUARDED, OTHERWISE))
    report = compared(tmp_path, source, trusted, only="gradients")
    assert report.verdict == "same" and report.findings == ()


def overflowing(x):
    large = jnp.exp(x * 100)
    return large / large.sum()


@pytest.mark.parametrize(("scale", "finite"), [(0.1, True), (1.0, False)])
def test_the_first_step_that_is_not_finite(scale, finite):
    trace = executed(overflowing, np.full(3, scale, np.float32), wide=False)
    assert finite_result(trace) == finite
    node = first_not_finite(trace)
    assert node is None if finite else trace.sites[node].line == line_of(overflowing, "jnp.exp")


def test_float64_hides_what_overflows_in_float32():
    assert finite_result(executed(overflowing, np.ones(3, np.float32)))


def test_a_gradient_breaks_where_the_value_does_not():
    def distance(x, y):
        return jnp.sqrt(((x - y) ** 2).sum())

    program = programmed(distance, *[np.ones(2, np.float32)] * 2)
    assert finite_result(evaluate(program, [np.ones(2)] * 2, wide=False))
    trace = evaluate(backward_program(program, (0,)), [np.ones(2)] * 2, wide=False)
    assert not finite_result(trace)
    assert trace.sites[first_not_finite(trace)].line == line_of(distance, "jnp.sqrt")
    assert finite_result(evaluate(backward_program(program, (0,)), [np.ones(2), np.zeros(2)], wide=False))
    assert backward_program(program, (0,)) is backward_program(program, (0,))
