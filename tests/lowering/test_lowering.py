"""Lowered programs give the values of the programs as they are written: forward, gradients, three updates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refkit.benchmarks.workloads import workload
from refkit.edits.catalogue import edited_source
from refkit.lowering import convolutions, has_convolutions, lowered
from refkit.subjects.learner import ReferenceLearner, module_of

SETTINGS = {
    "mlp": ("mlp", {}),
    "lenet": ("lenet", {}),
    "lenet-max": ("lenet", {"pool": "max"}),
    "lenet-tutorial": ("lenet", {"kernel": "3", "padding": "same", "channels": "8-12"}),
    "lenet-strided": ("lenet", {"pool": "strided"}),
    "lenet-dropout": ("lenet", {"dropout": "0.5"}),
    "lstm": ("lstm", {}),
    "multimodal": ("multimodal", {}),
}


@pytest.fixture(params=SETTINGS)
def learner_and_batches(request):
    name, options = SETTINGS[request.param]
    source = edited_source(name, options)
    work = workload(name, module_of(name, source))
    learner = ReferenceLearner(name, source, module_of(name, source).Config(batch_size=4))
    return learner, [tuple(part[:4] for part in batch) for batch in zip(*(part[:3] for part in work.batches))]


def close(yours, reference):
    for mine, theirs in zip(jax.tree.leaves(yours), jax.tree.leaves(reference), strict=True):
        if jnp.issubdtype(theirs.dtype, jnp.floating):
            np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=2e-6 * max(1.0, float(jnp.abs(theirs).max())))


def test_the_forward_pass_and_three_updates_agree(learner_and_batches):
    learner, batches = learner_and_batches
    plain, faster = jax.jit(learner.step), jax.jit(lowered(learner.step))
    states = [learner.first, learner.first]
    close(
        jax.jit(lowered(learner.answer))(learner.first, *batches[0][:-1]),
        learner.answer(learner.first, *batches[0][:-1]),
    )
    for batch in batches:
        found = [step(state, batch) for step, state in zip((plain, faster), states)]
        close(found[1][1], found[0][1])
        states = [state for state, _ in found]
    close(states[1], states[0])


def convolved(x, w, padding, out=("NHWC", "HWIO", "NHWC")):
    return jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=out)


@pytest.mark.parametrize("padding", ["SAME", "VALID", [(3, 0), (1, 2)]])
@pytest.mark.parametrize("layout", [("NHWC", "HWIO", "NHWC"), ("NCHW", "OIHW", "NCHW"), ("HWNC", "HWIO", "NCHW")])
def test_every_layout_has_its_gradients(padding, layout):
    sizes, rng = {"N": 3, "H": 9, "W": 8, "C": 2}, np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=[sizes[axis] for axis in layout[0]]), jnp.float32)
    w = jnp.asarray(rng.normal(size=[{"H": 3, "W": 4, "I": 2, "O": 5}[axis] for axis in layout[1]]), jnp.float32)
    total = lambda x, w: jnp.sin(convolved(x, w, padding, layout)).sum()
    both = jax.value_and_grad(total, (0, 1))
    assert not has_convolutions(both, x, w)
    close(jax.jit(lowered(both))(x, w), jax.jit(both)(x, w))


@pytest.mark.parametrize(
    "more",
    [{"window_strides": (2, 2)}, {"rhs_dilation": (2, 2)}, {"feature_group_count": 2}],
    ids=lambda more: next(iter(more)),
)
def test_what_has_no_other_form_stays(more):
    x, w = jnp.ones((2, 9, 9, 2)), jnp.ones((3, 3, 2 // more.get("feature_group_count", 1), 4))
    given = {"window_strides": (1, 1), "padding": "SAME", "dimension_numbers": ("NHWC", "HWIO", "NHWC")} | more
    function = lambda x, w: jax.lax.conv_general_dilated(x, w, **given)
    assert has_convolutions(function, x, w)
    close(lowered(function)(x, w), function(x, w))


@pytest.mark.parametrize("layout", [("NHWC", "HWIO", "NHWC"), ("HWNC", "HWIO", "NCHW")])
@pytest.mark.parametrize(("examples", "most"), [(6, 20_000), (7, 1)])
def test_large_ones_are_carried_out_on_some_examples_after_the_other(monkeypatch, layout, examples, most):
    monkeypatch.setattr(convolutions, "MOST_BYTES", most)
    sizes, rng = {"N": examples, "H": 9, "W": 8, "C": 2}, np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=[sizes[axis] for axis in layout[0]]), jnp.float32)
    w = jnp.asarray(rng.normal(size=[3, 4, 2, 5]), jnp.float32)
    kernels = jnp.asarray(rng.normal(size=[3, 4, 5, 3]), jnp.float32)

    def twice(x, w):
        middle = jnp.tanh(convolved(x, w, "SAME", layout))
        return jnp.sin(convolved(middle, kernels, "VALID", (layout[2], "HWIO", "NHWC"))).sum()

    both = jax.value_and_grad(twice, (0, 1))
    assert " scan[" in str(jax.make_jaxpr(lowered(both))(x, w))
    assert not has_convolutions(both, x, w)
    close(jax.jit(lowered(both))(x, w), jax.jit(both)(x, w))


def test_one_flag_leaves_everything_as_it_is(monkeypatch):
    monkeypatch.setenv("REFKIT_LOWERING", "off")
    assert lowered(convolved) is convolved
