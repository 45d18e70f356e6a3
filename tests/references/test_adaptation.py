"""Domain adaptation: two methods that run alone, the experiments around them, and what they gave."""

import ast
import dataclasses
import os
import re
import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from refkit.experiments import training
from refkit.experiments.protocols import find_protocol
from refkit.experiments.protocols.shifted_digits import SHOTS, digits, few_of_each
from refkit.references import coral, gradient_reversal, lenet
from refkit.results import store
from tests.references.shapes import agrees, read_lines, watch
from tests.references.stand_alone import FOLDER

METHODS = {"coral": coral, "gradient_reversal": gradient_reversal}


@pytest.mark.parametrize("name", METHODS)
def test_runs_alone(name, tmp_path):
    shutil.copy(FOLDER / f"{name}.py", tmp_path)
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-I", f"{name}.py", "--epochs", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^accuracy on 359 target images: 0\.\d+\nbaseline, .+: 0\.\d+\nKnown result: .+$", done.stdout, re.M
    )


def enclosing(file, line: int) -> str:
    """The name of the function in which a line lies."""
    functions = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    return next(node.name for node in functions if node.lineno <= line <= node.end_lineno)


@pytest.mark.parametrize("name", METHODS)
def test_shape_comments_are_true(name):
    module, file = METHODS[name], FOLDER / f"{name}.py"
    lines, model = read_lines(file), METHODS[name].LeNet(METHODS[name].Config(), nnx.Rngs(0))
    x, labels = jnp.ones((3, 28, 28, 1)), jnp.zeros(3, jnp.int32)
    if name == "gradient_reversal":
        call = lambda: (model(x), model.tell_domain(model.features(x), jnp.ones(())))
        both = watch(file, lines, lambda: module.loss_fn(model, x, x, labels, jnp.ones(())))
        of_loss = [value for value in both if "loss_fn" in enclosing(file, value.line)]
    else:
        call, of_loss = (lambda: module.loss_fn(model, x, x, labels)), []
    seen = [value for value in [*watch(file, lines, call), *of_loss] if str(value.dtype) != "bool"]
    assert len(seen) > 15
    assert [value for value in seen if not agrees(value, lines[value.line], {"batch": 3, "2 batch": 6})] == []


def test_covariances_are_numpy_s_and_none_apart_is_zero():
    source, target = np.random.default_rng(0).normal(size=(2, 50, 4)).astype(np.float32)
    assert np.allclose(coral.covariance(source), np.cov(source.T), atol=1e-5)
    expected = ((np.cov(source.T) - np.cov(target.T)) ** 2).sum() / (4 * 4**2)
    assert np.allclose(coral.coral(source, target), expected, rtol=1e-4)
    assert coral.coral(source, source) == 0


def test_a_step_of_coral_brings_the_covariances_together():
    (x, target_x, labels), _ = coral.load_data("inverted")
    batch = coral.preprocess(x[:64]), coral.preprocess(target_x[:64]), labels[:64]
    apart = {}
    for weight in (0.0, 100.0):
        config = coral.Config(weight=weight)
        model = coral.LeNet(config, nnx.Rngs(0))
        optimizer = coral.make_optimizer(model, config)
        for _ in range(10):
            coral.train_step(model, optimizer, *batch)
        apart[weight] = float(coral.coral(model(batch[0]), model(batch[1])))
    assert apart[100.0] < 0.5 * apart[0.0]


def test_the_gradient_is_reversed_and_the_value_is_not():
    x = jnp.array([1.0, -2.0])
    value, grad = jax.value_and_grad(lambda x: (gradient_reversal.reverse(x, 0.3) ** 2).sum())(x)
    assert value == 5 and jnp.allclose(grad, -0.3 * 2 * x)


def test_the_features_are_pushed_away_from_what_tells_the_kinds_apart():
    model = gradient_reversal.LeNet(gradient_reversal.Config(), nnx.Rngs(0))
    x, labels = jnp.asarray(np.random.default_rng(0).random((4, 28, 28, 1))), jnp.zeros(4, jnp.int32)
    grads = {w: nnx.grad(gradient_reversal.loss_fn)(model, x, 1 - x, labels, jnp.float32(w)) for w in (0.0, 1.0, -1.0)}
    of = lambda weight, layer: np.asarray(grads[weight][layer]["kernel"][...])
    domain = of(-1.0, "conv1") - of(0.0, "conv1")  # of telling apart, as it would be learned
    assert abs(domain).max() > 0 and np.allclose(of(1.0, "conv1") - of(0.0, "conv1"), -domain, atol=1e-6)
    assert np.allclose(of(1.0, "domain1"), of(-1.0, "domain1"))  # which itself learns to tell them apart
    weights = [float(gradient_reversal.reversal_weight(step, gradient_reversal.Config())) for step in (0, 575, 5_000)]
    assert weights[0] == 0 and 0.9 < weights[1] < weights[2] <= 1


def test_no_target_label_is_learned_from_and_no_digit_is_in_two_parts():
    x, labels, target_x, _, test_x, _ = digits("inverted")
    examples = find_protocol("coral", "inverted_digits").examples(0)
    assert len(examples.train) == 3 and (examples.train[2] == labels).all() and (x != 255 - target_x).any()
    parts = [{row.tobytes() for row in part} for part in (x, 255 - target_x, 255 - test_x)]
    doubles = len(lenet.digits()[0]) - len({row.tobytes() for row in lenet.digits()[0]})
    assert sum(map(len, parts)) - len(set.union(*parts)) <= doubles and sum(map(len, parts)) > 1_700


def test_the_shifts():
    images = lenet.digits()[0][:5]
    assert (coral.shift(images, "inverted") == 255 - images).all()
    turned = coral.shift(images, "rotated")
    assert turned.shape == images.shape and turned.dtype == np.uint8 and (turned != images).any()
    assert (gradient_reversal.shift(images, "rotated") == turned).all()


def test_a_few_of_each_class_are_other_ones_for_another_seed():
    labels = np.arange(200) % 10
    assert np.bincount(labels[few_of_each(labels, 0)]).tolist() == [SHOTS] * 10
    assert set(few_of_each(labels, 0)) != set(few_of_each(labels, 1))


def test_fine_tuning_ends_on_the_target_s_few_examples():
    protocol = dataclasses.replace(find_protocol("lenet", "inverted_digits/fine_tuned"), epochs=3, then_after=1)
    given = []

    class Learner:
        batch_size, first = 32, None

        def train(self, state, batches):
            given.append(sum(len(labels) for _, labels in batches))
            return state, []

        def outputs(self, state, part):
            return np.zeros((len(part[-1]), 10))

    training.fit(protocol, 0, protocol.examples(0), Learner(), lambda share: None)
    assert given == [719, 50, 50]
    assert protocol.fingerprint != dataclasses.replace(protocol, then_after=2).fingerprint


def means(shift: str) -> dict[str, float]:
    known = store.load("lenet")
    found = {name: store.load(name)[f"{shift}_digits"].summary.mean for name in METHODS}
    return found | {
        which: known[f"{shift}_digits/{which}"].summary.mean
        for which in ("source_only", "fine_tuned", "target_trained")
    }


def test_what_is_known_of_the_rotated_digits():
    told = means("rotated")
    assert told["source_only"] < told["coral"] < told["fine_tuned"] < told["target_trained"]
    assert told["gradient_reversal"] < told["fine_tuned"]


def test_inverted_digits_are_not_told_without_labels():
    told = means("inverted")
    assert max(told["coral"], told["gradient_reversal"]) < told["fine_tuned"] < told["target_trained"]
