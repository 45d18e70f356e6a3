"""A model that raises is told by the user's line; one that cannot be called, or is of another kind, by a sentence."""

import pathlib

import pytest

from refkit.adapters import ModelRaised
from refkit.errors import RefkitError
from tests.adapters.seeing import see, write

LENET = """
class LeNet(nnx.Module):
    def __init__(self, rngs):
        self.conv = nnx.Conv(1, 6, (5, 5), rngs=rngs)
        self.dense = nnx.Linear({rows}, 10, rngs=rngs)
    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv(x)), (2, 2), (2, 2))
        x = x.reshape(x.shape[0], -1)
        return self.dense(x)  # here
"""


def line_of(file: str, words: str) -> int:
    lines = pathlib.Path(file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_the_line_is_that_of_the_attempt_that_got_furthest(tmp_path):
    file = write(tmp_path, LENET.format(rows=400))
    with pytest.raises(ModelRaised) as raised:
        see(file, "lenet")
    assert (raised.value.line, raised.value.stage) == (line_of(file, "# here"), "forward")
    assert raised.value.source == "return self.dense(x)  # here"
    assert raised.value.inputs == ("f32[batch,28,28,1]",)
    assert raised.value.tried[0] == "NHWC"


def test_a_constructor_that_raises(tmp_path):
    file = write(tmp_path, LENET.format(rows="1 // 0"))
    with pytest.raises(ModelRaised) as raised:
        see(file, "lenet")
    assert (raised.value.line, raised.value.stage) == (line_of(file, "1 // 0"), "constructor")
    assert isinstance(raised.value.error, ZeroDivisionError)


def test_a_batch_that_is_flattened_is_no_single_example(tmp_path):
    text = LENET.format(rows=6 * 14 * 14).replace("x.reshape(x.shape[0], -1)", "x.reshape(-1)")
    text += "def train_step(model, optimizer, batch):\n    return model(batch['image'])\n"
    file = write(tmp_path, text)
    with pytest.raises(ModelRaised) as raised:
        see(file, "lenet")
    assert raised.value.line == line_of(file, "# here")


def test_a_model_for_another_reference(tmp_path):
    with pytest.raises(
        RefkitError, match=r"`LeNet` of `.*` takes image `f32\[batch,28,28,1\]`, and not the reference's features"
    ):
        see(write(tmp_path, LENET.format(rows=6 * 14 * 14)), "mlp")


def test_a_call_that_no_layout_fits(tmp_path):
    text = "class Net(nnx.Module):\n    def __init__(self, rngs):\n        pass\n"
    text += "    def __call__(self, x, wibble, wobble):\n        return x\n"
    with pytest.raises(RefkitError, match="could not be called .*`refkit.Implementation`"):
        see(write(tmp_path, text), "mlp")


def test_an_implementation_passes_through(tmp_path):
    text = "import refkit\nimplementation = refkit.Implementation(init=lambda key: {}, apply=lambda params, x: x)\n"
    seen = see(write(tmp_path, text), "mlp")
    assert seen.name.endswith("mine.py:implementation")
    assert seen.file == str(tmp_path / "mine.py")
    assert seen.inputs[0].shape == (30,)


def test_a_loss_that_raises_leaves_the_model(tmp_path):
    text = (
        LENET.format(rows=6 * 14 * 14)
        + "def loss_fn(model, x, y):\n    return jnp.mean(model(x) @ y.wibble)  # there\n"
    )
    file = write(tmp_path, text)
    seen = see(file, "lenet")
    assert seen.loss is None
    assert (seen.raised.stage, seen.raised.line) == ("loss", line_of(file, "# there"))
