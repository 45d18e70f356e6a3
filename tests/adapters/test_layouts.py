"""Inputs reach the model in its own axes, and outputs come back batch first."""

import numpy as np
import pytest

from tests.adapters.seeing import initial, output_shape, run, see, values, write

PICTURES = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        {take}
        x = nn.avg_pool(nn.relu(nn.Conv(6, (5, 5))(x)), (2, 2), (2, 2))
        x = x.reshape({flat}, -1)
        return nn.Dense(10)(x)
"""


@pytest.mark.parametrize(
    ("take", "flat", "note"),
    [
        ("pass", "x.shape[0]", ""),
        ("x = x.transpose(0, 2, 3, 1)", "x.shape[0]", "`x` is handed over as NCHW"),
        ("x = x[..., None]", "x.shape[0]", "`x` is handed over as [batch, height, width]"),
        ("x = x.reshape(-1, 28, 28, 1)", "x.shape[0]", ""),
        ("x = (x[None] if x.ndim == 2 else 1 / 0)[..., None]", "1", "`x` is handed over as [batch, height, width]"),
    ],
    ids=["NHWC", "NCHW", "no channel", "any", "one example without channel"],
)
def test_pictures(take, flat, note, tmp_path):
    text = PICTURES.format(take=take, flat=flat)
    if "1 / 0" in take:
        text = text.replace("nn.Dense(10)(x)", "nn.Dense(10)(x)[0]") + "batched = jax.vmap\n"
    seen = see(write(tmp_path, text), "lenet")
    assert output_shape(seen) == (7, 10)
    assert seen.inputs[0].shape == (28, 28, 1)
    assert (note in seen.notes) if note else not seen.notes


def test_pictures_of_the_users_size(tmp_path):
    text = """
class Net(nnx.Module):
    '''Colour pictures, [batch, 32, 32, 3].'''
    def __init__(self, rngs):
        self.conv = nnx.Conv(3, 6, (5, 5), padding="VALID", rngs=rngs)
        self.dense = nnx.Linear(6 * 14 * 14, 10, rngs=rngs)
    def __call__(self, x):
        x = nnx.avg_pool(self.conv(x), (2, 2), (2, 2))
        return self.dense(x.reshape(x.shape[0], -1))
"""
    assert see(write(tmp_path, text), "lenet").inputs[0].shape == (32, 32, 3)


SEQUENCES = """
class Net(nnx.Module):
    def __init__(self, input_size, hidden_size, output_size, *, rngs):
        self.rnn = nnx.RNN(nnx.LSTMCell(input_size, hidden_size, rngs=rngs), time_major={major})
        self.out = nnx.Linear(hidden_size, output_size, rngs=rngs)
    def __call__(self, x):
        return self.out(self.rnn(x){pick})
"""


@pytest.mark.parametrize(("major", "pick"), [(False, "[:, -1]"), (True, "[-1]")], ids=["batch first", "time first"])
def test_sequences(major, pick, tmp_path):
    seen = see(write(tmp_path, SEQUENCES.format(major=major, pick=pick)), "lstm")
    assert output_shape(seen) == (7, 1)
    assert bool(seen.notes) == major
    tree, (x,) = initial(seen), values(seen)
    np.testing.assert_allclose(run(seen.apply, tree, x)[:1], run(seen.apply, tree, x[:1]), rtol=1e-5, atol=1e-6)


def test_every_step_leaves_the_other_axis_as_an_alternative(tmp_path):
    seen = see(write(tmp_path, SEQUENCES.format(major=False, pick="")), "lstm")
    assert output_shape(seen) == (7, 20, 1)
    (other,) = seen.alternatives
    assert output_shape(other) == (7, 20, 1)


def test_tokens_and_their_table(tmp_path):
    text = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.table = nnx.Embed(50, 8, rngs=rngs)
        self.rnn = nnx.RNN(nnx.GRUCell(8, 16, rngs=rngs))
        self.out = nnx.Linear(16, 3, rngs=rngs)
    def __call__(self, ids, lengths):
        states = self.rnn(self.table(ids), seq_lengths=lengths)
        return self.out(states[jnp.arange(len(ids)), lengths - 1])
"""
    ids, lengths = see(write(tmp_path, text), "lstm").inputs
    assert (ids.kind, ids.dtype, ids.high) == ("tokens", "int32", 50)
    assert (lengths.kind, lengths.shape) == ("lengths", ())


STATES = """
def init_params(key, input_dim, hidden_dim, output_dim):
    one, two = jax.random.split(key)
    normal = jax.random.normal
    return {"w": normal(one, (input_dim + hidden_dim, hidden_dim)), "v": normal(two, (hidden_dim, output_dim))}
def forward(params, x, h0):
    step = lambda h, x: (jnp.tanh(jnp.concatenate([x, h], -1) @ params["w"]), None)
    h, _ = jax.lax.scan(step, h0, x.swapaxes(0, 1))
    return h @ params["v"], h
"""


def test_initial_states_are_made(tmp_path):
    seen = see(write(tmp_path, STATES), "lstm")
    assert output_shape(seen) == (7, 1)
    assert seen.notes == ["of what the model returns, `0` is taken as its output"]


BOTH = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, {parameters}):
        {take}
        seen = nn.relu(nn.Conv(4, (3, 3), strides=2)(picture)).reshape(picture.shape[0], -1)
        read = nn.RNN(nn.LSTMCell(16))(nn.Embed(20, 8)(question))[:, -1]
        return nn.Dense(5)(jnp.concatenate([seen, read], -1))
"""


@pytest.mark.parametrize(
    ("parameters", "take"),
    [
        ("picture, question", "pass"),
        ("question, picture", "pass"),
        ("one, other", "question, picture = one, other"),
        ("inputs", "picture, question = inputs"),
        ("batch", "picture, question = batch['img'], batch['q']"),
        ("question, picture, train: bool", "pass"),
    ],
)
def test_two_inputs(parameters, take, tmp_path):
    seen = see(write(tmp_path, BOTH.format(parameters=parameters, take=take)), "multimodal")
    assert output_shape(seen) == (7, 5)
    assert [given.kind for given in seen.inputs] == ["image", "tokens"]
    assert seen.inputs[1].high == 20


OUTPUTS = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.one, self.two = nnx.Linear(30, 64, rngs=rngs), nnx.Linear(64, 2, rngs=rngs)
    def __call__(self, x):
        hidden = nnx.relu(self.one(x))
        logits = self.two(hidden)
        return {returned}
"""


@pytest.mark.parametrize(
    ("returned", "shape"),
    [
        ("logits", (7, 2)),
        ("(logits, hidden)", (7, 2)),
        ("(hidden, logits)", (7, 2)),
        ("{'features': hidden, 'logits': logits}", (7, 2)),
        ("logits[:, 0]", (7,)),
    ],
)
def test_outputs(returned, shape, tmp_path):
    seen = see(write(tmp_path, OUTPUTS.format(returned=returned)), "mlp")
    assert output_shape(seen) == shape
    assert bool(seen.notes) == ("hidden" in returned)
