"""What stands in for packages that are not there."""

import pytest

from refkit.loading import load
from refkit.loading.stubs import Stub, stubbed_base


def test_anything_may_be_done_with_a_stub():
    stub = Stub("package")
    assert list(stub) == [] and len(stub) == 0 and not stub and 3 not in stub
    assert f"{stub.a.b:>3}" == "" and float(stub) == 0.0 and int(stub) == 0
    assert repr(stub.a(1)[2]) == "<stub package.a()[…]>"
    assert not stub < 1 and not stub >= 1
    with stub.open() as inside:
        inside.x = 3
        assert inside.x == 3
    assert isinstance(stub / 2 + 1 @ stub, Stub) and isinstance(-stub | None, Stub)
    assert not isinstance(3, stub) and not issubclass(int, stub.Base)
    stub["a"] = 1


def test_a_stub_decorates():
    stub = Stub("hydra")

    @stub.main(config_path="x")
    @stub.other
    def f():
        return 3

    assert f() == 3


def test_a_stub_is_a_base():
    stub = Stub("torch")

    class Plain(stub.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("a", 1)

    class Mixed(dict, stub.Mixin):
        pass

    class Twice(stub.A, stub.B[int]):
        pass

    assert (
        stubbed_base(Plain) == "torch.nn.Module"
        and isinstance(Plain().anything, Stub)
        and isinstance(Plain.empty(), Stub)
    )
    assert Mixed.__mro__[1] is dict and stubbed_base(Mixed) is None
    assert stubbed_base(Twice) == "torch.A"
    with pytest.raises(AttributeError):
        assert Plain.__wrapped__


USES = {
    "import tensorflow as tf\nN = tf": ["tensorflow"],
    "import torch.utils.data as data\nfrom torch import nn\nN = (data, nn)": ["torch"],
    "from clu import metrics, periodic_actions\nN = metrics": ["clu"],
    "from flax.metrics import tensorboard\nN = tensorboard": ["flax.metrics.tensorboard"],
    "import flax.metrics.tensorboard\nN = flax.metrics.tensorboard.SummaryWriter, flax.linen": [
        "flax.metrics.tensorboard"
    ],
    "import flax.metrics.tensorboard as tb\nN = tb.SummaryWriter": ["flax.metrics.tensorboard"],
    "from absl import app, flags\nN = flags": [],
    "import argparse\nN = argparse.Namespace()": [],
    "try:\n    import wandb\nexcept ImportError:\n    wandb = None\nN = wandb": [],
    "try:\n    import wandb\nexcept ImportError:\n    raise\nN = wandb": ["wandb"],
    "def f():\n    import gym_of_mine\n    return 1\nN = f()": ["gym_of_mine"],
    "def f():\n    try:\n        import gym_of_mine\n    except Exception:\n        return 1\nN = f()": [],
}


@pytest.mark.parametrize("text", USES)
def test_missing_packages_are_recorded(text, program):
    program(text + "\n")
    loaded = load("program.py")
    assert hasattr(loaded.module, "N")
    assert loaded.stubs == USES[text]


def test_a_bar_goes_over_what_it_is_given(program):
    program("from no_such_tqdm import tqdm\nimport tqdm as t\nN = [i for i in t.tqdm(range(3))]\n")
    assert load("program.py").module.N == [0, 1, 2]


def test_stand_ins_of_packages_that_are_missing():
    from refkit.loading.stand_ins import replacement

    tqdm, collections = replacement("tqdm"), replacement("ml_collections")
    bar = tqdm.auto.tqdm(range(3), desc="x")
    assert list(bar) == [0, 1, 2] and len(bar) == 3 and list(tqdm.trange(2)) == [0, 1]
    bar.set_postfix(loss=1)
    config = collections.config_dict.ConfigDict({"model": {"width": 3}}, lr=0.1)
    config.depth = 2
    assert (config.model.width, config["lr"], config.depth, config.lock()) == (3, 0.1, 2, config)
    assert config.to_dict() == {"model": {"width": 3}, "lr": 0.1, "depth": 2}
    assert repr(collections.placeholder(int)) == "None"


def test_flags_keep_their_defaults(program):
    program("""
        from absl import flags
        from absl.flags import FLAGS, DEFINE_bool
        import absl.flags as again
        flags.DEFINE_list("sizes", "3,4", "")
        flags.DEFINE_string("name", None, "", required=True)
        DEFINE_bool("fast", True, "")
        RATE = flags.DEFINE_float("rate", default=0.5, help="")
        flags.register_validator("rate", lambda r: True)
        def f(): return FLAGS.sizes, FLAGS.name, FLAGS.fast, RATE.value, again.FLAGS.rate
    """)
    assert load("program.py").module.f() == (["3", "4"], None, True, 0.5, 0.5)


def test_arguments_keep_their_defaults(program):
    program("""
        from argparse import ArgumentParser
        def add(parser):
            parser.add_argument("--lr", type=float, default="0.5")
        parser = ArgumentParser()
        parser.add_argument("--n", type=int, required=True)
        parser.add_argument("where")
        add(parser)
        group = parser.add_argument_group("g")
        group.add_argument("--flag", action="store_true")
        parser.set_defaults(m=3)
        args, rest = parser.parse_known_args()
        given = parser.parse_args(["--n", "3", "x"])
    """)
    module = load("program.py").module
    assert (module.args.n, module.args.where, module.args.lr, module.args.m, module.rest) == (None, None, 0.5, 3, [])
    assert (module.given.n, module.given.where) == (3, "x")
