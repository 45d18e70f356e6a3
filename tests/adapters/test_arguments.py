"""Constructor arguments are filled in from the file and the names that we know; what stays unknown is asked for."""

import pytest

from refkit.errors import RefkitError
from tests.adapters.seeing import output_shape, see, write

NET = """
class Net(nnx.Module):
    def __init__(self, {parameters}):
        {before}
        self.one = nnx.Linear({sizes[0]}, {sizes[1]}, rngs={rngs})
        self.two = nnx.Linear({sizes[1]}, {sizes[2]}, rngs={rngs})
    def __call__(self, x):
        return self.two(nnx.relu(self.one(x)))
{after}
"""
CASES = {
    "plain": (
        "in_features: int, hidden: int, out_features: int, rngs: nnx.Rngs",
        ("in_features", "hidden", "out_features"),
    ),
    "short": ("din, dmid, dout, *, rngs", ("din", "dmid", "dout")),
    "counted": ("n_inputs, n_hidden, n_outputs, rngs", ("n_inputs", "n_hidden", "n_outputs")),
    "classes": ("num_features, hidden_size, num_classes, rngs", ("num_features", "hidden_size", "num_classes")),
    "dimensions": ("input_dim, hidden_dim, output_dim, rngs", ("input_dim", "hidden_dim", "output_dim")),
    "layer sizes": ("layer_sizes: list[int], rngs", ("layer_sizes[0]", "layer_sizes[1]", "layer_sizes[-1]")),
    "widths": (
        "input_size, hidden_sizes: tuple[int, ...], n_classes, rngs",
        ("input_size", "hidden_sizes[0]", "n_classes"),
    ),
    "rate": ("d_in, d_hidden, d_out, dropout_rate, rngs", ("d_in", "d_hidden", "d_out")),
}


@pytest.mark.parametrize(("parameters", "sizes"), CASES.values(), ids=CASES)
def test_names(parameters, sizes, tmp_path):
    text = NET.format(parameters=parameters, sizes=sizes, rngs="rngs", before="pass", after="")
    seen = see(write(tmp_path, text), "mlp")
    assert output_shape(seen) == (7, 2)
    assert seen.inputs[0].shape == (30,)


@pytest.mark.parametrize(
    ("parameters", "before"),
    [
        ("key", "rngs = nnx.Rngs(key)"),
        ("rng", "rngs = rng"),
        ("rng", "rngs = nnx.Rngs(params=rng)"),
        ("seed: int", "rngs = nnx.Rngs(seed)"),
        ("seed=3", "rngs = nnx.Rngs(jax.random.key(seed))"),
        ("seed=3", "np.random.default_rng(seed); rngs = nnx.Rngs(seed)"),
        ("rngs: nnx.Rngs = nnx.Rngs(0)", "pass"),
    ],
)
def test_randomness(parameters, before, tmp_path):
    text = NET.format(parameters=parameters, sizes=(30, 8, 2), rngs="rngs", before=before, after="")
    assert output_shape(see(write(tmp_path, text), "mlp")) == (7, 2)


CALLS = {
    "module": "net = Net(12, 24, n_out=3, rngs=nnx.Rngs(0))",
    "main": "def main(width=24):\n    n = [12, width]\n    return Net(n[0], n[1], n_out=3, rngs=nnx.Rngs(0))",
    "constants": "IN, WIDTH, OUT = 12, 24, 3\ndef make(seed):\n    return Net(IN, WIDTH, OUT, rngs=nnx.Rngs(seed))",
    "config": """
@dataclasses.dataclass
class Config:
    width: int = 24
config = Config()
def make():
    return Net(12, config.width, 3, rngs=nnx.Rngs(0))""",
}


@pytest.mark.parametrize("after", CALLS.values(), ids=CALLS)
def test_the_files_own_call_counts(after, tmp_path):
    parameters, sizes = "n_in, n_mid, n_out, rngs", ("n_in", "n_mid", "n_out")
    text = NET.format(parameters=parameters, sizes=sizes, rngs="rngs", before="pass", after=after)
    seen = see(write(tmp_path, text) + ":Net", "mlp")
    assert output_shape(seen) == (7, 3)
    assert seen.inputs[0].shape == (12,)


CONFIGURATIONS = {
    "annotated": ("cfg: Settings, rngs", "cfg.width"),
    "named": ("config, rngs", "config.width"),
    "dictionary": ("hparams, rngs", "hparams['width']"),
}


@pytest.mark.parametrize(("parameters", "width"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configurations(parameters, width, tmp_path):
    before = (
        "@dataclasses.dataclass\nclass Settings:\n    n_hidden: int\n    width: int = 24\nhparams = {'width': 24}\n"
    )
    text = NET.format(parameters=parameters, sizes=(30, width, 2), rngs="rngs", before="pass", after="")
    if parameters.startswith("config"):
        before = before.replace("Settings", "ModelConfig")
    assert output_shape(see(write(tmp_path, before + text) + ":Net", "mlp")) == (7, 2)


def test_kwargs_come_first(tmp_path):
    parameters, sizes = CASES["short"]
    after = "net = Net(30, 8, 2, rngs=nnx.Rngs(0))"
    text = NET.format(parameters=parameters, sizes=sizes, rngs="rngs", before="pass", after=after)
    assert output_shape(see(write(tmp_path, text) + ":Net", "mlp", {"dout": 4, "din": 11})) == (7, 4)


def test_an_unknown_argument_is_asked_for(tmp_path):
    text = NET.format(parameters="wibble, rngs", sizes=(30, "wibble", 2), rngs="rngs", before="pass", after="")
    with pytest.raises(RefkitError) as raised:
        see(write(tmp_path, text), "mlp")
    assert str(raised.value) == (
        "`Net` needs `wibble`, which no name we know tells (it takes `wibble`, `rngs`): "
        "give it as `--kwargs 'wibble=…'`"
    )


def test_an_argument_too_many_is_told(tmp_path):
    text = NET.format(parameters="rngs", sizes=(30, 8, 2), rngs="rngs", before="pass", after="")
    with pytest.raises(RefkitError, match="`Net` takes no argument `width` given by `--kwargs`: it takes `rngs`"):
        see(write(tmp_path, text), "mlp", {"width": 3})
