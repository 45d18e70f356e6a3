"""The rungs `update` and `train-eval`: right steps of every style pass, and what is wrong is named on its line."""

import datetime
import functools
import os
import random

import pytest

import refkit
from tests.checks.plain_model import plain_model
from tests.programs import measure

SEED = os.environ.get("REFKIT_SAMPLE_SEED") or "{0}-{1}".format(*datetime.date.today().isocalendar())
RUNGS = ("update", "train-eval")
RIGHT = [case for case in measure.correct_cases() if case.rung == "update"]
WRONG = [case for case in measure.bug_cases() if case.rung in RUNGS]
SIZE = 3

PLAIN = (
    plain_model(30, 64, 2)
    + """
tx = OPTIMIZER

@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return STEPPED, opt_state, loss
"""
)
STEPPED = "optax.apply_updates(params, updates)"
OPTIMIZERS = (
    "optax.sgd(0.1)",
    "optax.sgd(0.1, momentum=0.9, nesterov=True)",
    "optax.adamw(3e-4, weight_decay=1e-2)",
    "optax.lion(1e-4)",
    "optax.MultiSteps(optax.adam(1e-3), every_k_schedule=4)",
    "optax.adafactor(1e-3)",
    "optax.adam(optax.linear_schedule(0.0, 1e-3, 100))",
    "optax.chain(optax.clip(1.0), optax.rmsprop(1e-3))",
)


def ids_of(tmp_path, optimizer: str, stepped: str = STEPPED, rung: str = "update") -> list[tuple[str, int]]:
    file = tmp_path / "mine.py"
    file.write_text(PLAIN.replace("OPTIMIZER", optimizer).replace("STEPPED", stepped), encoding="utf-8")
    report = refkit.compare(str(file), "mlp", only=rung)
    assert report.rungs[0].status != "not-run", report.rungs[0].reason
    return [(finding.id, finding.line) for finding in report.findings]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_another_optimizer_is_no_bug(tmp_path, optimizer):
    assert ids_of(tmp_path, optimizer) == []


def test_the_wrong_sign_is_named_where_it_is_chosen(tmp_path):
    line = PLAIN.splitlines().index("tx = OPTIMIZER") + 1
    assert ids_of(tmp_path, "optax.chain(optax.scale_by_adam(), optax.scale(1e-3))") == [("gradient-ascent", line)]


def test_old_parameters_given_back(tmp_path):
    line = PLAIN.splitlines().index("    return STEPPED, opt_state, loss") + 1
    assert ids_of(tmp_path, "optax.adam(1e-3)", "params") == [("parameters-not-updated", line)]


def sample(cases: list) -> list:
    return random.Random(SEED).sample(cases, SIZE)


@functools.cache
def judged(case) -> dict:
    return measure.run_case(case, "")


@pytest.mark.parametrize("case", sample(RIGHT), ids=lambda case: case.name)
def test_a_right_program_passes(case):
    assert judged(case).get("verdict") == "same", judged(case)


@pytest.mark.parametrize("case", sample(WRONG), ids=lambda case: case.name)
def test_a_planted_bug_is_detected(case):
    assert judged(case).get("detected"), judged(case)
