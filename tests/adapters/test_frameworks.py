"""The same MLP in each framework is the same function of the same parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.adapters.seeing import output_shape, see, values, write

NNX = """
class MLP(nnx.Module):
    def __init__(self, din, dmid, dout, *, rngs):
        self.one = nnx.Linear(din, dmid, rngs=rngs)
        self.two = nnx.Linear(dmid, dout, rngs=rngs)
    def __call__(self, x):
        return self.two(nnx.relu(self.one(x)))
"""
NNX_FUNCTIONAL = """
class MLP(nnx.Module):
    def __init__(self, n_features: int, hidden_size: int, num_classes: int, key):
        first, second = jax.random.split(key)
        self.kernel = nnx.Param(jax.random.normal(first, (n_features, hidden_size)))
        self.bias = nnx.Param(jnp.zeros(hidden_size))
        self.readout = nnx.Param(jax.random.normal(second, (hidden_size, num_classes)))
        self.readout_bias = nnx.Param(jnp.zeros(num_classes))
    @nnx.jit
    def __call__(self, x):
        return nnx.relu(x @ self.kernel + self.bias) @ self.readout + self.readout_bias
"""
LINEN = """
class MLP(nn.Module):
    features: tuple
    @nn.compact
    def __call__(self, x, train: bool):
        for width in self.features[:-1]:
            x = nn.relu(nn.Dense(width)(x))
            x = nn.Dropout(0.5, deterministic=not train)(x)
        return nn.Dense(self.features[-1])(x)
"""
LINEN_INSTANCE = """
model = nn.Sequential([nn.Dense(64), nn.relu, nn.Dense(2)])
"""
FUNCTIONS = """
def init_params(key, layer_sizes):
    keys = jax.random.split(key, len(layer_sizes))
    return [(jax.random.normal(k, (m, n)), jnp.zeros(n)) for k, m, n in zip(keys, layer_sizes, layer_sizes[1:])]
def forward(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b
"""
DATA_FIRST = """
def init(rng, n_in, n_hidden, n_out):
    one, two = jax.random.split(rng)
    return {"params": {"one": {"w": jax.random.normal(one, (n_in, n_hidden)), "b": jnp.zeros(n_hidden), "activation": "relu"},
                       "two": {"w": jax.random.normal(two, (n_hidden, n_out)), "b": jnp.zeros(n_out), "activation": None}}}
def apply(x, params):
    for layer in params["params"].values():
        x = x @ layer["w"] + layer["b"]
        x = getattr(jax.nn, layer["activation"])(x) if layer["activation"] else x
    return x
"""
ONE_EXAMPLE = """
def init_network_params(sizes, key):
    keys = jax.random.split(key, len(sizes))
    return [(jax.random.normal(k, (n, m)), jnp.zeros(n)) for k, m, n in zip(keys, sizes, sizes[1:])]
def predict(params, image):
    activations = image
    for w, b in params[:-1]:
        activations = jax.nn.relu(jnp.dot(w, activations) + b)
    w, b = params[-1]
    return jnp.dot(w, activations) + b
batched_predict = jax.vmap(predict, in_axes=(None, 0))
"""
STAX = """
from jax.example_libraries import stax
init_fun, apply_fun = stax.serial(stax.Dense(64), stax.Relu, stax.Dense(2))
"""
CONFIGURED = """
@dataclasses.dataclass(frozen=True)
class Config:
    width: int = 64
    classes: int = 2
class MLP(nnx.Module):
    def __init__(self, cfg: Config, rngs: nnx.Rngs):
        self.one = nnx.Linear(30, cfg.width, rngs=rngs)
        self.two = nnx.Linear(cfg.width, cfg.classes, rngs=rngs)
    def __call__(self, x):
        return self.two(nnx.relu(self.one(x)))
"""
PROGRAMS = {
    "nnx": NNX,
    "nnx with arrays of its own": NNX_FUNCTIONAL,
    "linen": LINEN,
    "linen instance": LINEN_INSTANCE,
    "functions": FUNCTIONS,
    "data first": DATA_FIRST,
    "one example": ONE_EXAMPLE,
    "stax": STAX,
    "configured": CONFIGURED,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_same_function_of_same_parameters(text, tmp_path):
    seen = see(write(tmp_path, text), "mlp")
    tree = seen.init(jax.random.key(0))
    assert set(tree) == {"parameters"}
    drawn = {shape: np.random.default_rng(0).normal(size=shape) for shape in ((30, 64), (64,), (64, 2), (2,))}
    filled = jax.tree.map(lambda leaf: jnp.asarray(drawn[leaf.shape] if leaf.shape in drawn else drawn[leaf.shape[::-1]].T), tree)
    (x,) = values(seen)
    hidden = np.maximum(np.asarray(x) @ drawn[30, 64] + drawn[64,], 0)
    np.testing.assert_allclose(seen.apply(filled, x), hidden @ drawn[64, 2] + drawn[2,], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_parameters_follow_the_key(text, tmp_path):
    seen = see(write(tmp_path, text), "mlp")
    first, second = (jax.tree.leaves(seen.init(jax.random.key(seed))) for seed in (0, 1))
    assert any(not np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    raw = jax.tree.leaves(seen.init(jax.random.PRNGKey(0)))
    assert all(np.array_equal(one, other) for one, other in zip(first, raw, strict=True))
    jax.make_jaxpr(seen.init)(jax.random.key(0))


def test_training_draws_and_evaluation_does_not(tmp_path):
    seen = see(write(tmp_path, LINEN), "mlp")
    tree, (x,) = seen.init(jax.random.key(0)), values(seen)
    one, other = (seen.apply(tree, x, training=True, key=jax.random.key(seed)) for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert np.array_equal(seen.apply(tree, x), seen.apply(tree, x))
    assert output_shape(seen, training=True) == (7, 2)


def test_statistics_and_constants_are_told_from_parameters(tmp_path):
    text = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.one, self.norm, self.two = nnx.Linear(30, 8, rngs=rngs), nnx.BatchNorm(8, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)
        self.drop, self.offset = nnx.Dropout(0.5, rngs=rngs), jnp.arange(30.0)
    def __call__(self, x):
        return self.two(self.drop(self.norm(self.one(x - self.offset))))
"""
    seen = see(write(tmp_path, text), "mlp")
    tree = seen.init(jax.random.key(0))
    assert jax.tree.map(jnp.shape, tree["statistics"]) == {"norm": {"mean": (8,), "var": (8,)}}
    assert jax.tree.map(jnp.shape, tree["constants"]) == {"offset": (30,)}
    assert sorted(tree["parameters"]) == ["norm", "one", "two"]
