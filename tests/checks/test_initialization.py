"""The rung `initialization`: families are choices, what breaks the start is a bug on its line, no more is said."""

import textwrap
from pathlib import Path

import jax
import numpy as np
import pytest

from refkit.checks.initialization import INITIALIZATION
from refkit.checks.matter import Matter
from refkit.comparison import implementation_of
from refkit.diagnosis.starts.fans import (
    convolution_fans,
    dense_fans,
    family_names,
    is_glorot_over_gates,
    recurrent_fans,
    wrong_fan,
)
from refkit.diagnosis.starts.makers import looping_lines
from refkit.diagnosis.starts.spread import QUANTILES, Spread, spread_of
from refkit.edits.catalogue import REFERENCES, parse_options, reference_source
from refkit.loading import load
from refkit.loading.discovery import the_model
from refkit.subjects import BY_NAME

MODELS = {"mlp": "MLP", "lenet": "LeNet", "lstm": "LSTM", "multimodal": "Multimodal"}

MLP_NNX = """
    import jax
    import jax.numpy as jnp
    from flax import nnx

    init = nnx.initializers

    class Net(nnx.Module):
        def __init__(self, features=30, hidden=64, classes=2, *, rngs: nnx.Rngs):
            first = init.he_normal()
            last = init.he_normal()
            self.first = nnx.Linear(features, hidden, kernel_init=first, rngs=rngs)
            self.last = nnx.Linear(hidden, classes, kernel_init=last, rngs=rngs)

        def __call__(self, x):
            return self.last(nnx.relu(self.first(x)))
"""

MLP_LINEN = """
    import jax.numpy as jnp
    from flax import linen as nn

    class Net(nn.Module):
        def setup(self):
            self.hidden = nn.Dense(64, kernel_init=nn.initializers.he_normal())
            self.readout = nn.Dense(2, kernel_init=nn.initializers.he_normal())

        def __call__(self, x):
            x = nn.relu(self.hidden(x))
            return self.readout(x)
"""

MLP_JAX = """
    import jax
    import jax.numpy as jnp
    import numpy as np

    def layer(key, rows, columns):
        scale = np.sqrt(2 / rows)
        weight = scale * jax.random.normal(key, (rows, columns))
        return {"w": weight, "b": jnp.zeros(columns)}

    def init_params(key, features=30, hidden=64, classes=2):
        k1, k2 = jax.random.split(key)
        return {
            "first": layer(k1, features, hidden),
            "last": layer(k2, hidden, classes),
        }

    def forward(params, x):
        x = jax.nn.relu(x @ params["first"]["w"] + params["first"]["b"])
        return x @ params["last"]["w"] + params["last"]["b"]
"""

LSTM_JAX = """
    import jax
    import jax.numpy as jnp

    glorot = jax.nn.initializers.glorot_uniform()

    def gates(key, rows, hidden):
        return jnp.concatenate([glorot(k, (rows, hidden)) for k in jax.random.split(key, 4)], axis=1)

    def init_params(key, features=2, hidden=24, outputs=1):
        kx, kh, ko = jax.random.split(key, 3)
        return {
            "x": gates(kx, features, hidden),
            "h": gates(kh, hidden, hidden),
            "b": jnp.zeros(4 * hidden),
            "w": glorot(ko, (hidden, outputs)),
            "c": jnp.zeros(outputs),
        }

    def apply(params, xs):
        def step(state, x):
            c, h = state
            i, f, g, o = jnp.split(x @ params["x"] + h @ params["h"] + params["b"], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (c, h), None

        zeros = jnp.zeros((xs.shape[0], params["h"].shape[0]))
        (_, h), _ = jax.lax.scan(step, (zeros, zeros), xs.swapaxes(0, 1))
        return h @ params["w"] + params["c"]
"""

LENET_JAX = """
    import jax
    import jax.numpy as jnp

    he = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)
    he_dense = jax.nn.initializers.he_normal()

    def init_params(key):
        k = jax.random.split(key, 5)
        return {
            "conv1": (he(k[0], (6, 1, 5, 5)), jnp.zeros((6, 1, 1))),
            "conv2": (he(k[1], (16, 6, 5, 5)), jnp.zeros((16, 1, 1))),
            "dense1": (he_dense(k[2], (400, 120)), jnp.zeros(120)),
            "dense2": (he_dense(k[3], (120, 84)), jnp.zeros(84)),
            "logits": (he_dense(k[4], (84, 10)), jnp.zeros(10)),
        }

    def convolve(x, layer, padding):
        x = jax.lax.conv_general_dilated(x, layer[0], (1, 1), padding, dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return x + layer[1]

    def pool(x):
        return jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4

    def forward(params, x):
        x = x.transpose(0, 3, 1, 2)
        x = pool(jax.nn.relu(convolve(x, params["conv1"], "SAME")))
        x = pool(jax.nn.relu(convolve(x, params["conv2"], "VALID")))
        x = x.transpose(0, 2, 3, 1).reshape(len(x), -1)
        x = jax.nn.relu(x @ params["dense1"][0] + params["dense1"][1])
        x = jax.nn.relu(x @ params["dense2"][0] + params["dense2"][1])
        return x @ params["logits"][0] + params["logits"][1]
"""


MLP_HANDED = """
    import jax
    import jax.numpy as jnp
    import numpy as np

    def bell(key, shape, std):
        return std * jax.random.normal(key, shape)

    def layer(key, rows, columns, gain=2):
        std = np.sqrt(gain / rows)
        return {"w": bell(key, (rows, columns), std), "b": jnp.zeros(columns)}

    def head(key, rows, columns):
        std = np.sqrt(2 / rows)
        return {"w": bell(key, (rows, columns), std), "b": jnp.zeros(columns)}

    def init_params(key, features=30, hidden=64, classes=2):
        k1, k2 = jax.random.split(key)
        return {"first": layer(k1, features, hidden),
                "last": head(k2, hidden, classes)}

    def forward(params, x):
        x = jax.nn.relu(x @ params["first"]["w"] + params["first"]["b"])
        return x @ params["last"]["w"] + params["last"]["b"]
"""

MLP_LISTED = """
    from jax.example_libraries import stax
    from jax.nn.initializers import he_normal

    def block(width, init):
        return stax.serial(stax.Dense(width, W_init=init), stax.Relu)

    init_fun, predict = stax.serial(
        block(64, he_normal()),
        stax.Dense(2, W_init=he_normal()),
    )

    def init_params(key):
        return init_fun(key, (-1, 30))[1]

    def forward(params, x):
        return predict(params, x)
"""

MLP_SEQUENTIAL = """
    from flax import linen as nn

    he = nn.initializers.he_normal()

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Sequential([
                nn.Dense(64, kernel_init=he),
                nn.relu,
                nn.Dense(2, kernel_init=nn.initializers.he_normal()),
            ])(x)
"""

MLP_BLOCKS = """
    from flax import linen as nn

    class Block(nn.Module):
        width: int
        gain: float = 2.0

        @nn.compact
        def __call__(self, x):
            init = nn.initializers.variance_scaling(self.gain, "fan_in", "normal")
            return nn.Dense(self.width, kernel_init=init)(x)

    class Net(nn.Module):
        def setup(self):
            self.hidden = Block(64)
            self.readout = Block(2)

        def __call__(self, x):
            return self.readout(nn.relu(self.hidden(x)))
"""


@pytest.fixture
def climb(tmp_path):
    """The rung's outcome for a program, with texts in it replaced."""

    def run(program: str, reference: str, replaced: dict[str, str] | None = None, target: str = ""):
        source = textwrap.dedent(program).lstrip("\n")
        for old, new in (replaced or {}).items():
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        file = tmp_path / "program.py"
        file.write_text(source)
        name, given = parse_options(reference)
        loaded = load(f"{file}{target}", roles={})
        with loaded.active():
            matter = Matter(implementation_of(loaded, the_model, BY_NAME[name], None, {}), BY_NAME[name], given)
            return INITIALIZATION.run(matter)

    return run


def found(outcome) -> list[tuple[str, str]]:
    """Every finding as its id and its source."""
    return [(finding.id, finding.source) for finding in outcome.findings]


def chosen(outcome) -> list[str]:
    """Every choice as `option=value`."""
    assert all(finding.kind == "choice" for finding in outcome.findings)
    return [finding.message.partition(":")[0] for finding in outcome.findings]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_begins_as_itself(climb, reference):
    outcome = climb(reference_source(reference), reference, target=f":{MODELS[reference]}")
    assert (outcome.rung.status, outcome.findings) == ("pass", ())


@pytest.mark.parametrize(
    ("program", "reference"),
    [(MLP_NNX, "mlp"), (MLP_LINEN, "mlp"), (MLP_JAX, "mlp"), (LSTM_JAX, "lstm"), (LENET_JAX, "lenet")],
    ids=["mlp-nnx", "mlp-linen", "mlp-jax", "lstm-jax", "lenet-jax"],
)
def test_the_same_start_in_other_words_is_no_finding(climb, program, reference):
    outcome = climb(program, reference)
    assert (outcome.rung.status, outcome.findings) == ("pass", ())


FAMILIES = {
    "init.he_uniform()": "he-uniform",
    "init.glorot_normal()": "glorot-normal",
    "init.glorot_uniform()": "glorot-uniform",
    "init.lecun_normal()": "lecun-normal",
    "init.lecun_uniform()": "lecun-uniform",
    "init.orthogonal()": "orthogonal",
    "init.variance_scaling(1 / 3, 'fan_in', 'uniform')": "torch",
    "init.variance_scaling(2.0, 'fan_out', 'normal')": "he-normal-fan-out",
    "init.normal(0.05)": "normal-0.05",
    "init.truncated_normal(0.1)": "truncated-normal-0.1",
    "lambda key, shape, dtype: jax.random.uniform(key, shape, dtype, -0.1, 0.1)": "uniform-0.1",
}


@pytest.mark.parametrize("function", FAMILIES, ids=FAMILIES.values())
def test_another_family_is_one_choice(climb, function):
    both = {"first = init.he_normal()": f"first = {function}", "last = init.he_normal()": "last = first"}
    outcome = climb(MLP_NNX, "mlp", both)
    assert chosen(outcome) == [f"initialization={FAMILIES[function]}"]
    assert outcome.findings[0].source.startswith(("self.first = nnx.Linear(", "first = lambda "))


HARMLESS = {
    "another seed": (MLP_JAX, "mlp", {"jax.random.split(key)": "jax.random.split(jax.random.fold_in(key, 7))"}, []),
    "a fixed seed": (MLP_JAX, "mlp", {"jax.random.split(key)": "jax.random.split(jax.random.key(3))"}, []),
    "one bell for another": (
        MLP_JAX, "mlp", {"normal(key,": "truncated_normal(key, -2, 2,", "2 / rows": "2.5854 / rows"}, [],
    ),
    "small random biases": (
        MLP_JAX, "mlp", {"jnp.zeros(columns)": "0.01 * jax.random.normal(jax.random.fold_in(key, 1), (columns,))"},
        ["bias-initialization=normal-0.01"],
    ),
    "constant biases": (
        MLP_JAX, "mlp", {"jnp.zeros(columns)": "jnp.full(columns, 0.1)"}, ["bias-initialization=constant-0.1"],
    ),
    "forget gate open": (
        LSTM_JAX, "lstm", {"jnp.zeros(4 * hidden)": "jnp.zeros(4 * hidden).at[hidden : 2 * hidden].set(1.0)"},
        ["forget-bias=1"],
    ),
    "fused, one fan-in for all": (
        LSTM_JAX, "lstm",
        {"jnp.concatenate([glorot(k, (rows, hidden)) for k in jax.random.split(key, 4)], axis=1)":
         "jax.nn.initializers.lecun_normal()(key, (rows, 4 * hidden))"},
        ["initialization=lecun-normal"],
    ),
    "Glorot over all four gates": (
        LSTM_JAX, "lstm",
        {"jnp.concatenate([glorot(k, (rows, hidden)) for k in jax.random.split(key, 4)], axis=1)":
         "glorot(key, (rows, 4 * hidden))"},
        ["initialization=glorot-uniform-over-gates"],
    ),
    "as Keras has it": (
        LSTM_JAX, "lstm",
        {'"x": gates(kx, features, hidden)': '"x": glorot(kx, (features, 4 * hidden))',
         '"h": gates(kh, hidden, hidden)': '"h": jax.nn.initializers.orthogonal()(kh, (hidden, 4 * hidden))'},
        ["recurrent-initialization=orthogonal", "initialization=glorot-uniform-over-gates"],
    ),
    "drawn by NumPy": (
        MLP_JAX, "mlp",
        {"weight = scale * jax.random.normal(key, (rows, columns))":
         "weight = jnp.asarray(scale * np.random.default_rng(rows).normal(size=(rows, columns)), jnp.float32)"},
        [],
    ),
    "two draws of one array": (
        MLP_JAX, "mlp",
        {'"first": layer(k1, features, hidden),':
         '"first": {"w": 0.2582 * jax.random.normal(k1, (2, features, hidden))[1], "b": jnp.zeros(hidden)},'},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_a_choice_at_most(climb, name):
    program, reference, replaced, choices = HARMLESS[name]
    assert chosen(climb(program, reference, replaced)) == choices


def test_an_option_given_is_what_the_start_is_compared_with(climb):
    other = {"first = init.he_normal()": "first = init.glorot_uniform()", "last = init.he_normal()": "last = first"}
    assert climb(MLP_NNX, "mlp:initialization=glorot-uniform", other).rung.status == "pass"
    assert chosen(climb(MLP_NNX, "mlp:initialization=glorot-uniform")) == ["initialization=he-normal"]


BUGS = {
    "zeros in a constructor": (
        MLP_NNX, "mlp", {"first = init.he_normal()": "first = init.zeros"},
        "initialised-to-constant", "self.first = nnx.Linear(features, hidden, kernel_init=first, rngs=rngs)",
    ),
    "zeros in the last layer": (
        MLP_NNX, "mlp", {"last = init.he_normal()": "last = init.zeros"},
        "initialised-to-constant", "self.last = nnx.Linear(hidden, classes, kernel_init=last, rngs=rngs)",
    ),
    "a constant in setup": (
        MLP_LINEN, "mlp", {"64, kernel_init=nn.initializers.he_normal()": "64, kernel_init=nn.initializers.ones"},
        "initialised-to-constant", "self.hidden = nn.Dense(64, kernel_init=nn.initializers.ones)",
    ),
    "one gate constant": (
        LSTM_JAX, "lstm", {'"h": gates(kh, hidden, hidden)': '"h": gates(kh, hidden, hidden).at[:, :hidden].set(0.0)'},
        "initialised-to-constant", '"h": gates(kh, hidden, hidden).at[:, :hidden].set(0.0),',
    ),
    "ten times too large": (
        MLP_NNX, "mlp", {"last = init.he_normal()": "last = init.variance_scaling(200.0, 'fan_in', 'normal')"},
        "initialisation-too-large", "last = init.variance_scaling(200.0, 'fan_in', 'normal')",
    ),
    "all above zero": (
        MLP_NNX, "mlp", {"last = init.he_normal()": "last = init.uniform(1.0)"},
        "initialisation-too-large", "last = init.uniform(1.0)",
    ),
    "a root upside down": (
        MLP_JAX, "mlp", {"np.sqrt(2 / rows)": "np.sqrt(2 * rows)"},
        "initialisation-too-large", "scale = np.sqrt(2 * rows)",
    ),
    "far too small": (
        MLP_JAX, "mlp", {"scale * jax.random.normal": "1e-3 * jax.random.normal"},
        "initialisation-too-small", "weight = 1e-3 * jax.random.normal(key, (rows, columns))",
    ),
    "one layer of a function": (
        MLP_JAX, "mlp", {"layer(k2, hidden, classes)": "jax.tree.map(lambda w: 1e-3 * w, layer(k2, hidden, classes))"},
        "initialisation-too-small", '"last": jax.tree.map(lambda w: 1e-3 * w, layer(k2, hidden, classes)),',
    ),
    "OIHW for HWIO": (
        LENET_JAX, "lenet", {"he_normal(in_axis=1, out_axis=0)": "he_normal()"},
        "initialisation-wrong-fan", '"conv1": (he(k[0], (6, 1, 5, 5)), jnp.zeros((6, 1, 1))),',
    ),
    "a convolution without its window": (
        LENET_JAX, "lenet",
        {"(he(k[1], (16, 6, 5, 5)),": "(jax.random.normal(k[1], (16, 6, 5, 5)) * jnp.sqrt(2 / 6),"},
        "initialisation-wrong-fan",
        '"conv2": (jax.random.normal(k[1], (16, 6, 5, 5)) * jnp.sqrt(2 / 6), jnp.zeros((16, 1, 1))),',
    ),
    "four gates as one layer's inputs": (
        LSTM_JAX, "lstm",
        {"jnp.concatenate([glorot(k, (rows, hidden)) for k in jax.random.split(key, 4)], axis=1)":
         "jax.nn.initializers.lecun_normal(in_axis=-1, out_axis=-2)(key, (rows, 4 * hidden))"},
        "initialisation-wrong-fan",
        "return jax.nn.initializers.lecun_normal(in_axis=-1, out_axis=-2)(key, (rows, 4 * hidden))",
    ),
    "a scale handed on": (
        MLP_HANDED, "mlp", {"    std = np.sqrt(2 / rows)": "    std = 30.0"}, "initialisation-too-large", "std = 30.0",
    ),
    "a scale that the function itself changes": (
        MLP_HANDED, "mlp", {"return std * jax": "return 30 * std * jax"},
        "initialisation-too-large", "return 30 * std * jax.random.normal(key, shape)",
    ),
    "a gain that one call gives": (
        MLP_HANDED, "mlp", {"head(k2, hidden, classes)": "layer(k2, hidden, classes, gain=900)"},
        "initialisation-too-large", '"last": layer(k2, hidden, classes, gain=900)}',
    ),
    "a layer of stax": (
        MLP_LISTED, "mlp", {"stax.Dense(2, W_init=he_normal())": "stax.Dense(2, W_init=stax.randn(9.0))"},
        "initialisation-too-large", "stax.Dense(2, W_init=stax.randn(9.0)),",
    ),
    "a layer of an inline list": (
        MLP_SEQUENTIAL, "mlp", {"2, kernel_init=nn.initializers.he_normal()": "2, kernel_init=nn.initializers.normal(9.0)"},
        "initialisation-too-large", "nn.Dense(2, kernel_init=nn.initializers.normal(9.0)),",
    ),
    "a gain given in setup": (
        MLP_BLOCKS, "mlp", {"Block(2)": "Block(2, gain=900.0)"},
        "initialisation-too-large", "self.readout = Block(2, gain=900.0)",
    ),
    "one key handed to two functions": (
        MLP_HANDED, "mlp",
        {'return {"first": layer(k1, features, hidden),\n            "last": head(k2, hidden, classes)}':
         'made = zip((layer, head), (features, hidden), (hidden, classes))\n'
         '    return dict(zip(("first", "last"), [make(key, rows, columns) for make, rows, columns in made]))'},
        "initialised-with-one-key",
        'return dict(zip(("first", "last"), [make(key, rows, columns) for make, rows, columns in made]))',
    ),
    "one key for two layers": (
        MLP_JAX, "mlp", {"layer(k2, hidden, classes)": "layer(k1, hidden, classes)"},
        "initialised-with-one-key", '"last": layer(k1, hidden, classes),',
    ),
    "one key for four gates": (
        LSTM_JAX, "lstm", {"for k in jax.random.split(key, 4)]": "for k in [key] * 4]"},
        "initialised-with-one-key", "return jnp.concatenate([glorot(k, (rows, hidden)) for k in [key] * 4], axis=1)",
    ),
    "one seed of Flax's": (
        MLP_NNX, "mlp",
        {"=first, rngs=rngs": "=first, rngs=nnx.Rngs(0)", "=last, rngs=rngs": "=last, rngs=nnx.Rngs(0)"},
        "initialised-with-one-key", "self.last = nnx.Linear(hidden, classes, kernel_init=last, rngs=nnx.Rngs(0))",
    ),
    "one seed of NumPy's": (
        MLP_JAX, "mlp",
        {"weight = scale * jax.random.normal(key, (rows, columns))":
         "weight = jnp.asarray(scale * np.random.default_rng(0).normal(size=(rows, columns)), jnp.float32)"},
        "initialised-with-one-key", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found_once_under_its_name_and_on_its_line(climb, name):
    program, reference, replaced, id, source = BUGS[name]
    outcome = climb(program, reference, replaced)
    (finding,) = [finding for finding in outcome.findings if finding.kind != "choice"]
    assert outcome.rung.status == "fail"
    assert (finding.kind, finding.id, finding.candidates[0].id) == ("bug", id, id)
    if source is not None:
        assert finding.source == source
        assert Path(finding.file).read_text().splitlines()[finding.line - 1].strip() == source


def test_the_picture_is_no_fan():
    fans = convolution_fans((5, 5, 6, 16), False, (14, 14))
    assert wrong_fan(exact((2 / (14 * 14 * 6)) ** 0.5), fans)
    assert wrong_fan(exact((2 / (14 * 14 * 6)) ** 0.5), convolution_fans((5, 5, 6, 16), False)) is None


def test_two_bugs_are_two_findings(climb):
    replaced = {"first = init.he_normal()": "first = init.zeros", "last = init.he_normal()": "last = init.normal(10.0)"}
    outcome = climb(MLP_NNX, "mlp", replaced)
    assert [finding.id for finding in outcome.findings] == ["initialised-to-constant", "initialisation-too-large"]


def test_the_message_names_the_parameter_its_scale_and_the_references(climb):
    (finding,) = climb(MLP_NNX, "mlp", {"last = init.he_normal()": "last = init.normal(10.0)"}).findings
    assert finding.message == (
        "looks like `initialisation-too-large`: `last.kernel` begins with standard deviation 10, "
        "56.6 times the reference's 0.177"
    )
    assert finding.help.startswith("Scale by the number of inputs")
    assert finding.yours.shape == (64, 2)


def test_an_init_that_raises_is_not_run(climb, monkeypatch):
    def refuse(program):
        raise ValueError("no such primitive\nmore")

    monkeypatch.setattr("refkit.diagnosis.starts.initial.draw", refuse)
    outcome = climb(MLP_NNX, "mlp")
    assert outcome.rung.status == "not-run"
    assert outcome.rung.reason == "your init could not be evaluated: no such primitive"


def quantiles_of(draw, shape) -> tuple[np.ndarray, list[np.ndarray]]:
    generator = np.random.default_rng(0)
    return draw(generator.uniform(size=shape)), [draw(np.full(shape, share)) for share in QUANTILES]


@pytest.mark.parametrize("scale", [1e-4, 0.05, 3.0])
def test_a_spread_is_told_exactly_from_quantiles(scale):
    normal, uniform = jax.scipy.special.ndtri, lambda share: 2 * share - 1
    for kind, quantile, deviation in (("normal", normal, scale), ("uniform", uniform, scale / 3**0.5)):
        spread = spread_of(*quantiles_of(lambda share: scale * np.asarray(quantile(share), np.float64), (20, 10)))
        assert (spread.kind, spread.center) == (kind, 0.0)
        assert spread.deviation == pytest.approx(deviation, rel=1e-5)
    above = spread_of(*quantiles_of(lambda share: scale * share, (20, 10)))
    assert above.words == f"uniform from 0 to {scale:.3g}"


def test_quantiles_that_do_not_speak_for_the_draw_are_not_believed():
    draw = np.random.default_rng(0).normal(size=(40, 40))
    lying = [np.full((40, 40), value) for value in (-5.0, 5.0, 5 * 1.75)]
    assert not spread_of(draw, lying).exact
    assert spread_of(draw, []).deviation == pytest.approx(1, rel=0.1)
    assert spread_of(np.linalg.qr(draw)[0], []).kind == "orthogonal"


def exact(deviation: float, kind: str = "normal") -> Spread:
    return Spread(kind, deviation, scale=deviation * (3**0.5 if kind == "uniform" else 1))


@pytest.mark.parametrize("shape", [(30, 64), (64, 2), (5, 7)])
def test_dense_fans_are_never_wrong(shape):
    fans = dense_fans(shape, shape)
    for fan in (shape[0], shape[1], sum(shape) / 2):
        for gain in (1, 2):
            assert family_names(exact((gain / fan) ** 0.5), fans)
            assert wrong_fan(exact((gain / fan) ** 0.5), fans) is None


def test_a_convolutions_fan_counts_its_window():
    fans = convolution_fans((5, 5, 6, 16), matrix=False)
    assert family_names(exact((2 / 150) ** 0.5), fans) == ["he-normal"]
    assert family_names(exact((2 / 550) ** 0.5), fans) == ["glorot-normal"]
    assert wrong_fan(exact((2 / 6) ** 0.5), fans) == ("the channels without the window", 6)
    assert wrong_fan(exact((2 / 30) ** 0.5), fans)[1] == 30
    assert wrong_fan(exact(0.05), fans) is None


def test_a_gates_fan_counts_no_other_gate():
    fans = recurrent_fans((2, 128), joined=0, fused=(2, 512))
    assert "glorot-uniform" in family_names(exact((2 / 130) ** 0.5, "uniform"), fans)
    assert is_glorot_over_gates(exact((2 / 514) ** 0.5, "uniform"), fans)
    assert wrong_fan(exact((1 / 512) ** 0.5), fans) == ("all four gates", 512)
    joined = recurrent_fans((2, 128), joined=130, fused=(130, 512))
    assert "lecun-normal" in family_names(exact((1 / 130) ** 0.5), joined)


def test_loops_are_known_by_their_lines():
    source = "a = 1\nb = [f(x)\n     for x in y]\nfor k in z:\n    g(k)\nh()\n"
    assert looping_lines(source) == {2, 3, 4, 5}
