"""The same MLP in each framework is the same function of the same parameters."""

import jax
import numpy as np
import pytest

from tests.adapters.seeing import initial, output_shape, run, see, values, write

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
    normal = jax.random.normal
    first = {"w": normal(one, (n_in, n_hidden)), "b": jnp.zeros(n_hidden), "activation": "relu"}
    second = {"w": normal(two, (n_hidden, n_out)), "b": jnp.zeros(n_out), "activation": None}
    return {"params": {"one": first, "two": second}}
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
    tree = initial(seen)
    assert set(tree) == {"parameters"}
    drawn = {shape: np.random.default_rng(0).normal(size=shape) for shape in ((30, 64), (64,), (64, 2), (2,))}
    filled = jax.tree.map(lambda leaf: drawn[leaf.shape] if leaf.shape in drawn else drawn[leaf.shape[::-1]].T, tree)
    filled = jax.tree.map(lambda leaf: leaf.astype(np.float32), filled)
    (x,) = values(seen)
    hidden = np.maximum(x @ drawn[30, 64] + drawn[64,], 0)
    np.testing.assert_allclose(run(seen.apply, filled, x), hidden @ drawn[64, 2] + drawn[2,], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_parameters_follow_the_key(text, tmp_path):
    seen = see(write(tmp_path, text), "mlp")
    first, second = (jax.tree.leaves(initial(seen, seed)) for seed in (0, 1))
    assert differ(first, second)
    assert not differ(first, jax.tree.leaves(run(seen.init, jax.random.PRNGKey(0))))


def differ(first: list, second: list) -> bool:
    return any(not np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_training_draws_and_evaluation_does_not(tmp_path):
    seen = see(write(tmp_path, LINEN), "mlp")
    tree, (x,) = initial(seen), values(seen)
    train = lambda tree, x, key: seen.apply(tree, x, training=True, key=key)
    one, other = (run(train, tree, x, jax.random.key(seed)) for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert "random_bits" not in str(jax.make_jaxpr(seen.apply)(tree, x))
    assert output_shape(seen, training=True) == (7, 2)


def test_statistics_and_constants_are_told_from_parameters(tmp_path):
    text = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.one, self.two = nnx.Linear(30, 8, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.drop, self.offset = nnx.Dropout(0.5, rngs=rngs), jnp.arange(30.0)
    def __call__(self, x):
        return self.two(self.drop(self.norm(self.one(x - self.offset))))
"""
    seen = see(write(tmp_path, text), "mlp")
    tree = jax.eval_shape(seen.init, jax.random.key(0))
    assert jax.tree.map(np.shape, tree["statistics"]) == {"norm": {"mean": (8,), "var": (8,)}}
    assert jax.tree.map(np.shape, tree["constants"]) == {"offset": (30,)}
    assert sorted(tree["parameters"]) == ["norm", "one", "two"]


NNX_INSTANCE = """
rngs = nnx.Rngs(0)
model = nnx.Sequential(nnx.Linear(30, 64, rngs=rngs), nnx.relu, nnx.Linear(64, 2, rngs=rngs))
"""
BUILDER = """
def create_model(rngs, width=64):
    return nnx.Sequential(nnx.Linear(30, width, rngs=rngs), nnx.relu, nnx.Linear(width, 2, rngs=rngs))
"""
PARAMETERS = """
key = jax.random.PRNGKey(42)
one, two = jax.random.split(key)
W1, W2 = jax.random.normal(one, (30, 64)), jax.random.normal(two, (64, 2))
params = {"W1": W1, "b1": jnp.zeros(64), "W2": W2, "b2": jnp.zeros(2)}
def predict(params, x):
    return jax.nn.relu(x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
"""
OWN_VARIABLES = """
class Weight(nnx.Variable):
    pass
class MLP(nnx.Module):
    def __init__(self, rngs):
        self.w1, self.w2 = Weight(rngs.params.normal((30, 64))), Weight(rngs.params.normal((64, 2)))
    def __call__(self, x):
        return nnx.relu(x @ self.w1) @ self.w2
"""
FURTHER_ARGUMENTS = """
def init(key, n_layers, width):
    sizes = [30] + [width] * n_layers + [2]
    keys = jax.random.split(key, len(sizes))
    return [jax.random.normal(k, (m, n)) for k, m, n in zip(keys, sizes, sizes[1:])]
def forward(params, x, n_layers, activation):
    for layer in params[:n_layers]:
        x = activation(x @ layer)
    return x @ params[n_layers]
def main():
    return forward(init(jax.random.key(0), 2, 16), jnp.ones((2, 30)), 2, jax.nn.relu)
"""
MADE_AGAIN = {
    "instance": NNX_INSTANCE,
    "builder": BUILDER,
    "parameters": PARAMETERS,
    "variables of its own": OWN_VARIABLES,
    "further arguments": FURTHER_ARGUMENTS,
}


@pytest.mark.parametrize("text", MADE_AGAIN.values(), ids=MADE_AGAIN)
def test_what_is_made_on_import_is_made_again_from_the_key(text, tmp_path):
    seen = see(write(tmp_path, text), "mlp")
    assert output_shape(seen) == (7, 2)
    first, second = (jax.tree.leaves(initial(seen, seed)) for seed in (0, 1))
    assert differ(first, second)
