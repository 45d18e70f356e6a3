"""What holds for every reference."""

import ast
import math
from pathlib import Path

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from refkit.subjects.learner import OTHERS
from tests.references.stand_alone import FOLDER, NAMES
from tests.references.subjects import SUBJECTS

each = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


def test_no_reference_is_left_out():
    assert {subject.name for subject in SUBJECTS} == set(NAMES)
    assert {file.stem for file in FOLDER.glob("[!_]*.py")} == {*NAMES, *OTHERS}  # the others have tests of their own


@each
def test_number_of_parameters(subject):
    assert sum(leaf.size for leaf in jax.tree.leaves(nnx.state(subject.build(), nnx.Param))) == subject.parameters


@each
def test_fewer_than_200_lines(subject):
    assert len(Path(subject.module.__file__).read_text(encoding="utf-8").splitlines()) < 200


@each
def test_imports_nothing_of_refkit(subject):
    tree = ast.parse(Path(subject.module.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("refkit" in ast.unparse(node) for node in imports)


@each
def test_docstring_names_paper_task_command_and_known_result(subject):
    lines = subject.module.__doc__.splitlines()
    assert [line.partition(":")[0] for line in lines[2:6]] == ["Paper", "Task", "Run", "Known result"]
    assert lines[4] == f"Run: python {subject.name}.py"


@each
def test_with_jit_as_without(subject):
    model, examples = subject.build(), subject.examples(5)
    plain, jitted = (nnx.value_and_grad(subject.module.loss_fn), nnx.jit(nnx.value_and_grad(subject.module.loss_fn)))
    chex.assert_trees_all_close(jitted(model, *examples), plain(model, *examples), rtol=1e-5, atol=1e-6)


@each
def test_first_loss(subject):
    """Before it has learned, a classifier knows nothing: ln C, and a little more for the spread of its logits."""
    examples = subject.examples(200)
    losses = [float(subject.module.loss_fn(subject.build(seed), *examples)) for seed in range(3)]
    assert math.isclose(np.mean(losses), subject.first_loss, abs_tol=0.5)


@each
def test_a_train_step_lowers_the_loss(subject):
    model, examples = subject.build(), subject.examples(20)
    optimizer = subject.module.make_optimizer(model, subject.module.Config())
    losses = [float(subject.module.train_step(model, optimizer, *examples)) for _ in range(5)]
    assert losses[-1] < losses[0]


@each
def test_batches_hold_every_example_once(subject):
    *inputs, _ = subject.examples(11)
    numbers = np.arange(11)
    batches = [batch[-1] for batch in subject.module.batches(*inputs, numbers, batch_size=4, seed=1)]
    assert [len(batch) for batch in batches] == [4, 4, 3]
    assert sorted(np.concatenate(batches)) == list(numbers) != list(np.concatenate(batches))


@each
def test_batches_keep_inputs_and_targets_together(subject):
    examples = subject.examples(11)
    for batch in subject.module.batches(*examples, batch_size=4, seed=0):
        for row in zip(*batch, strict=True):
            assert any(
                all(np.array_equal(a, b) for a, b in zip(row, one, strict=True)) for one in zip(*examples, strict=True)
            )


@each
def test_a_wrong_shape_does_not_pass_in_silence(subject):
    (first, *others), targets = (examples := subject.examples(3))[:-1], examples[-1]
    with pytest.raises(AssertionError):
        subject.module.loss_fn(
            subject.build(), np.delete(first, 0, axis=-1 if subject.name in ("mlp", "lstm") else 1), *others, targets
        )
    with pytest.raises(AssertionError):
        subject.module.loss_fn(subject.build(), first, *others, np.stack([targets, targets], axis=-1))


@each
def test_metric(subject):
    """The oracle: a model that is right on 2 of 5 examples."""
    *inputs, targets = subject.examples(5)
    right = np.arange(5) < 2
    if targets.dtype == np.float32:
        answers = np.where(right[:, None], targets + 0.039, targets + 0.041)
    else:
        answers = np.eye(int(targets.max()) + 2)[np.where(right, targets, targets + 1)]
    assert subject.module.accuracy(lambda *_: jnp.asarray(answers), *inputs, targets) == pytest.approx(0.4)
