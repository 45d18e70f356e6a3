"""Trials of equal shape share one compilation, and train exactly as the reference by itself does."""

import jax
import numpy as np
import pytest

from refkit.edits.catalogue import edited_source
from refkit.experiments.protocol import Examples
from refkit.experiments.training import shuffled
from refkit.subjects.learner import ReferenceLearner, module_of
from refkit.subjects.shared_learner import SCHEDULES, Shape, SharedLearners
from refkit.tuning.reference_trials import reference_subject

COMPILED: list[str] = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, seconds, **more: COMPILED.append(name) if "backend_compile" in name else None
)
SOURCE = edited_source("mlp", {})
STEPS = 12


def clouds() -> Examples:
    rng = np.random.default_rng(0)
    labels = np.arange(100, dtype=np.int32) % 2
    return Examples(((rng.normal(size=(100, 30)) + labels[:, None]).astype(np.float32), labels), None)


def outputs(learner, state) -> np.ndarray:
    examples = clouds()
    for epoch in range(3):
        state, _ = learner.train(state, shuffled(examples.train, learner.batch_size, (0, epoch)))
    return learner.outputs(state, examples.train)


def alone(rate, source=SOURCE) -> np.ndarray:
    learner = ReferenceLearner("mlp", source, module_of("mlp", source).Config(learning_rate=rate))
    return outputs(learner, learner.first)


@pytest.mark.parametrize("rate", [1e-4, 1e-2])
def test_a_traced_rate_trains_as_the_reference_does(rate):
    learner = SharedLearners().of(Shape("mlp", SOURCE, ()))
    np.testing.assert_allclose(outputs(learner, learner.start({}, rate)), alone(rate), rtol=1e-5, atol=1e-5)
    assert np.abs(alone(rate) - alone(3e-3)).max() > 0.01


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_traced_schedule_trains_as_the_reference_does_on_it(schedule):
    learner = SharedLearners().of(Shape("mlp", SOURCE, (), schedule, STEPS))
    expected = alone(SCHEDULES[schedule](1e-2, STEPS))
    np.testing.assert_allclose(outputs(learner, learner.start({}, 1e-2)), expected, rtol=1e-5, atol=1e-5)
    assert schedule == "constant" or np.abs(expected - alone(1e-2)).max() > 0.01


def test_a_traced_penalty_trains_as_the_references_option():
    learner = SharedLearners().of(Shape("mlp", SOURCE, (), penalised=True))
    for weight in (0.0, 0.1):
        expected = alone(1e-2, edited_source("mlp", {"penalty": f"half-l2-{weight:g}"}))
        found = outputs(learner, learner.start({}, 1e-2, weight))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(expected - alone(1e-2)).max() > 0.1


def test_trials_of_equal_shape_share_one_compilation():
    values = {"schedule": "cosine", "units": 32, "depth": 1, "activation": "relu", "batch_size": 64}
    subject = reference_subject("mlp", epochs=2)
    train = lambda **other: subject.run(values | other, lambda value, step: None)
    train(learning_rate=1e-3, penalty=0.0, initialization="he-normal")
    train(learning_rate=1e-3, penalty=0.0, initialization="glorot-uniform")  # compiles the initializer itself
    COMPILED.clear()
    found = {
        train(learning_rate=rate, penalty=penalty, initialization=drawn)
        for rate in (1e-5, 1e-2)
        for penalty in (0.0, 1e-3)
        for drawn in ("he-normal", "glorot-uniform")
    }
    assert COMPILED == [] and len(found) > 1
    train(learning_rate=1e-3, penalty=0.0, initialization="he-normal", units=64)
    assert COMPILED  # another shape does compile


def test_no_more_learners_are_kept_than_said():
    learners = SharedLearners(most=2)
    shapes = [Shape("mlp", SOURCE, (("batch_size", size),)) for size in (1, 2, 3)]
    made = [learners.of(shape) for shape in shapes]
    assert learners.of(shapes[2]) is made[2] and learners.of(shapes[1]) is made[1]
    assert learners.of(shapes[0]) is not made[0]
