"""Old APIs are named with what replaced them, each as the installed versions raise."""

import importlib
import re

import pytest

from refkit.loading.changed_apis import CHANGED, GONE, explain

STILL_THERE = """
jax.tree.map jax.tree.leaves jax.tree.flatten jax.tree.unflatten jax.tree.structure jax.tree.reduce jax.tree.all
jax.tree.transpose functools.partial jax.Array jax.random.permutation jax.example_libraries.stax
jax.example_libraries.optimizers jax.lax.fori_loop jax.lax.scan jax.shard_map jax.vmap jax.pure_callback
jax.debug.callback jax.lax.approx_max_k jax.enable_x64 jax.sharding.PartitionSpec jax.core.ShapedArray
jax.ShapeDtypeStruct jax.config.update jax.extend.linear_util jax.jit jax.default_backend jax.devices
jax.extend.core.Primitive jax.extend.core.Jaxpr jax.extend.core.ClosedJaxpr jax.extend.core.JaxprEqn
jax.extend.core.Literal jax.extend.core.Var jax.typeof jax.custom_vjp jax.device_put jax.lax.pcast jax.nn.standardize
jax.scipy.special.logsumexp jax.numpy.tril jax.numpy.vstack jax.numpy.trapezoid jax.numpy.isin jax.numpy.sort
jax.numpy.all jax.numpy.any jax.numpy.prod jax.numpy.cumprod jax.numpy.round jax.numpy.float32 jax.numpy.int32
flax.linen flax.training.train_state.TrainState flax.linen.RNN flax.linen.LSTMCell flax.nnx.Linear flax.nnx.RNN
flax.nnx.LSTMCell flax.nnx.Pytree flax.nnx.Variable flax.nnx.scan flax.nnx.vmap flax.nnx.jit flax.nnx.remat
flax.nnx.eval_shape flax.nnx.ModelAndOptimizer flax.nnx.List flax.nnx.Dict flax.nnx.StateAxes flax.nnx.DiffState
flax.core.unfreeze flax.core.copy flax.linen.initializers.zeros_init flax.linen.initializers.glorot_normal
optax.add_decayed_weights optax.conditionally_mask optax.conditionally_transform optax.second_order.hessian_diag
optax.second_order.fisher_diag optax.second_order.hvp optax.contrib.reduce_on_plateau optax.contrib.schedule_free
optax.contrib.sam optax.softmax_cross_entropy numpy.bool_ numpy.prod numpy.cumprod numpy.isin numpy.trapezoid
numpy.nan numpy.inf numpy.float64 numpy.float32 numpy.int32 numpy.asarray jax.scipy.integrate.trapezoid
""".split()


@pytest.fixture(autouse=True)
def no_trace():
    """Nothing is loaded here, and flax's own modules draw random numbers when they are imported."""


def get(name):
    """The object of a dotted name, by import as far as it goes and by attribute from there."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", [name for name in GONE if name != "jax.config"])
def test_what_is_said_to_be_gone_is_gone_and_explained(name):
    owner, _, last = name.rpartition(".")
    with pytest.raises((AttributeError, ImportError)) as raised:
        getattr(get(owner), last)
    assert explain(raised.value) == f"`{name}` is gone: {GONE[name]}"
    with pytest.raises((AttributeError, ImportError)) as raised:
        exec(f"from {owner} import {last}", {})
    said = explain(raised.value)
    assert said == f"`{name}` is gone: {GONE[name]}" or "gone" in said


@pytest.mark.parametrize("name", STILL_THERE)
def test_what_replaced_it_is_there(name):
    assert get(name) is not None


def test_every_replacement_named_is_checked():
    named = {
        name for cure in GONE.values() for name in re.findall(r"`((?:jax|optax|numpy|flax|functools)\.[\w.]+)", cure)
    }
    assert (
        named - set(STILL_THERE) - {"jax.extend", "jax.core", "jax.config", "jax.scipy.special", "flax.nnx", "flax.nn"}
        == set()
    )


def test_the_old_config_import():
    with pytest.raises(ImportError) as raised:
        exec("from jax.config import config", {})
    assert explain(raised.value).startswith("`jax.config` is gone: `config` is an object now")


CALLS = {
    "nnx.Optimizer(model, tx)": "wrt=nnx.Param",
    "nnx.Optimizer(model, tx, wrt=nnx.Param).update(nnx.state(model))": "`optimizer.update(model, grads)`",
    "nnx.Optimizer(model, tx, wrt=nnx.Param).update(grads=1)": "`optimizer.update(model, grads)`",
    "nnx.Optimizer(model, tx, wrt=nnx.Param).model": "nnx.ModelAndOptimizer",
    "Listed()": "`self.layers = nnx.List([…])`",
    "Filled()": "`self.blocks = nnx.List([…])`",
    "nn.LSTMCell()": "nn.LSTMCell(features=hidden)",
    "nn.OptimizedLSTMCell()": "nn.LSTMCell(features=hidden)",
    "nn.LSTMCell.initialize_carry(key, (3,), 8)": "initialize_carry(key, (batch, in_features))",
    "nn.LSTMCell(8).initialize_carry(key, (3,), 8)": "initialize_carry(key, (batch, in_features))",
    "nn.LSTMCell(8).initialize_carry(rng=key, batch_dims=(3,), size=8)": "initialize_carry(key, (batch, in_features))",
    "nnx.LSTMCell(3, 8, rngs=rngs).initialize_carry((2, 3))": "initialize_carry((batch, in_features), rngs=rngs)",
    "nnx.LSTMCell(3, 8, rngs=rngs).initialize_carry(rngs, (2, 3))": "initialize_carry((batch, in_features), rngs=rngs)",
    "nn.RNN(nn.LSTMCell(8), cell_size=8)": "`nn.RNN` takes only the cell",
    "nn.scan(nn.LSTMCell, variable_in_axes={}, split_rngs={})": "variable_axes=",
    "nnx.scan(lambda m, c: (m, c), variable_axes={}, length=3)": "nnx.StateAxes",
    "nnx.vmap(lambda m: m, variable_axes={})": "nnx.StateAxes",
    "nnx.grad(lambda m: 1.0, wrt=nnx.Param)": "nnx.DiffState",
    "nn.Dense.partial(features=3)": "`nn.Dense(features=10)`",
    "nn.Dense(3).init(key, ones).unfreeze()": "flax.core.unfreeze",
    "nn.Dense(3).init(key, ones).copy({'a': 1})": "`flax.core.copy(variables, {…})`",
    "nn.Dense(3, bias_init=nn.initializers.zeros()).init(key, ones)": "zeros_init()",
    "nn.Dense(3, kernel_init=nn.initializers.glorot_normal).init(key, ones)": "glorot_normal()",
    "jnp.clip(ones, a_min=0)": "`jnp.clip(x, min=…, max=…)`",
    "ones.clip(a_min=0)": "`jnp.clip(x, min=…, max=…)`",
    "jnp.reshape(ones, newshape=(-1,))": "`shape`",
    "jnp.sum([1, 2])": "`jnp.array(…)`",
    "jnp.mean([1, 2])": "`jnp.array(…)`",
    "ones.__setitem__(0, 1)": "`x = x.at[index].set(y)`",
    "ones.to_py()": "numpy.asarray",
    "jax.config.enable_omnistaging()": "leave the line out",
    "train_state.TrainState.create(apply_fn=None, params={}, tx=tx).optimizer": "`flax.optim` is gone",
    "jax.checkpoint(lambda x: x, concrete=True)": "static_argnums",
    "optax.softmax_cross_entropy_with_integer_labels(ones, jnp.zeros(1))": "labels.astype(int)",
}


@pytest.fixture(scope="module")
def names():
    import jax
    import jax.numpy as jnp
    import optax
    from flax import linen as nn
    from flax import nnx
    from flax.training import train_state

    class Listed(nnx.Module):
        def __init__(self):
            self.layers = [nnx.Linear(2, 2, rngs=nnx.Rngs(0))]

    class Filled(nnx.Module):
        def __init__(self):
            self.blocks = []
            self.blocks.append(nnx.Linear(2, 2, rngs=nnx.Rngs(0)))

    model, tx, rngs = nnx.Linear(2, 2, rngs=nnx.Rngs(0)), optax.sgd(0.1), nnx.Rngs(0)
    return locals() | {"nn": nn, "train_state": train_state, "key": jax.random.PRNGKey(0), "ones": jnp.ones((1, 2))}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_has_changed_is_explained(call, names):
    with pytest.raises(Exception) as raised:
        eval(call, dict(names))
    said = explain(raised.value, f"    x = {call}")
    assert said is not None and CALLS[call] in said, (str(raised.value)[:300], said)
    assert said[0].islower() or said[0] == "`" or said.startswith("JAX")
    assert not said.endswith(".") and "\n" not in said


def test_other_errors_are_left_alone():
    for error in (
        ValueError("shapes do not match"),
        AttributeError("module 'jax' has no attribute 'nope'"),
        KeyError("x"),
    ):
        assert explain(error, "x = f(y)") is None


def test_sentences_are_sentences():
    for _, _, sentence in CHANGED:
        assert not sentence.endswith(".") and len(sentence) < 200
