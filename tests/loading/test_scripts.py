"""Files as people run them: main blocks that define things, APIs that have moved, data that are not there."""

import jax
import jax.numpy as jnp
import pytest

import refkit
from refkit.errors import RefkitError
from refkit.loading import Unavailable, load
from refkit.loading.discovery import find_models, find_part
from refkit.loading.moved_apis import MOVED, REBUILT, found, has, module_of, moved_apis

NET = "import jax, jax.numpy as jnp\nfrom flax import linen as nn, nnx\n"


def test_what_a_main_block_defines_is_the_scripts_own(program):
    program("""
        def helper(): return 2
        if __name__ == "__main__":
            rate = 0.5
            def update(params, grads): return params - rate * grads
            update(1.0, 2.0)
    """)
    loaded = load("program.py")
    assert find_part(loaded, "train_step").name == "update"
    assert loaded.get("update")(jnp.float32(1), jnp.float32(1)) == 0.5
    assert loaded.program.target.source.whole is not None


def test_a_main_block_without_definitions_stays_closed(program):
    program('if __name__ == "__main__":\n    update = 3\n')
    loaded = load("program.py")
    assert find_part(loaded, "train_step") is None and loaded.program.target.source.whole is None


def test_a_neighbours_main_block_stays_closed(program):
    program("import other\nvalue = 1\n", neighbours={"other.py": 'if __name__ == "__main__":\n    def f(): pass\n'})
    with pytest.raises(Unavailable, match="runs only as a script"):
        load("program.py").get("other").f  # noqa: B018: asking is what raises


def test_what_moved_runs_under_its_old_name_and_is_told(program):
    program("""
        from jax.experimental import stax
        from jax import tree_multimap
        init_fun, apply_fun = stax.serial(stax.Dense(10))
        def added(a, b): return tree_multimap(lambda x, y: x + y, a, b)
    """)
    loaded = load("program.py")
    assert [model.name for model in find_models(loaded)] == ["init_fun/apply_fun"]
    with loaded.active():
        assert loaded.get("added")([1.0], [2.0]) == [3.0]
    said = " ".join(loaded.notes)
    assert "`jax.experimental.stax` on line 1" in said and "`jax.tree_multimap` on line 2" in said
    assert not hasattr(jax.experimental, "stax")


def test_nothing_that_is_there_is_replaced():
    before = {
        name: getattr(module_of(name.rpartition(".")[0]), name.rpartition(".")[2]) for name in found() if is_there(name)
    }
    with moved_apis():
        for name, thing in before.items():
            assert getattr(module_of(name.rpartition(".")[0]), name.rpartition(".")[2]) is thing
    assert {*MOVED, *REBUILT} >= {*found()}


def is_there(name: str) -> bool:
    place = module_of(name.rpartition(".")[0])
    return place is not None and has(place, name.rpartition(".")[2])


def test_a_module_built_while_jax_traces_counts_as_its_own(program):
    program(
        NET
        + """
class Net(nnx.Module):
    def __init__(self, rngs): self.layer = nnx.Linear(3, 2, rngs=rngs)
rngs = nnx.Rngs(0)
net = Net(rngs)
def scale(): return net.layer.kernel[...].sum() * 0 + 1.0
"""
    )
    loaded = load("program.py")
    with loaded.active():
        assert jax.make_jaxpr(lambda x: x * loaded.get("scale")())(1.0)


def test_class_names_that_only_data_would_tell(program):
    program(
        NET
        + """
from tensorflow import keras
(x, y), _ = keras.datasets.mnist.load_data()
classes = sorted(set(y))
class Net(nn.Module):
    @nn.compact
    def __call__(self, x): return nn.Dense(len(classes))(nn.relu(nn.Dense(64)(x)))
"""
    )
    report = refkit.compare("program.py", "mlp", only="forward")
    assert report.verdict == "same"
    assert any("`classes` is taken to be as many" in note for note in report.notes)


def test_data_that_a_model_needs_and_that_are_not_there_are_no_bug(program):
    program(
        NET
        + """
from tensorflow import keras
(x, y), _ = keras.datasets.mnist.load_data()
mean = x.mean()
class Net(nn.Module):
    @nn.compact
    def __call__(self, x): return nn.Dense(2)(nn.relu(nn.Dense(64)(x - mean)))
"""
    )
    with pytest.raises(RefkitError, match="could not be run: it needs `mean`.*downloads data"):
        refkit.compare("program.py", "mlp", only="forward")


def test_a_class_by_the_name_of_its_module(program):
    program("import nets\ndef build(): return nets.Net()\n", neighbours={"nets.py": NET + NETWORK})
    assert [model.name for model in find_models(load("program.py"))] == ["nets.Net"]


def test_of_a_neighbours_models_the_one_that_is_built(program):
    two = NETWORK + NETWORK.replace("Net", "Other")
    program("from nets import *\nmodel = Net()\n", neighbours={"nets.py": NET + two})
    assert [model.name for model in find_models(load("program.py"))] == ["Net"]


def test_a_forward_pass_called_as_its_init(program):
    program("""
        def init_mlp_params(key): return [1.0]
        def mlp(params, x): return x * params[0]
        def plot(data, axis): pass
    """)
    assert [model.name for model in find_models(load("program.py"))] == ["init_mlp_params/mlp"]


NETWORK = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x): return nn.Dense(2)(x)
"""
