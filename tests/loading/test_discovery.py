"""Which of a file's names are its model and its parts."""

import pytest

from refkit.errors import RefkitError
from refkit.loading import load
from refkit.loading.discovery import find_models, find_part, the_model

LINEN = "import jax, jax.numpy as jnp, flax.linen as nn, optax\nfrom functools import partial\n"


def linen(*names, base="nn.Module"):
    return LINEN + "".join(
        f"class {name}({base}):\n    @nn.compact\n    def __call__(self, x): return nn.Dense(2)(x)\n" for name in names
    )


def functions(*names):
    return LINEN + "".join(f"def {name}(params, x): return x\n" for name in names)


def models(program, text, spec="", **neighbours):
    program(text, neighbours=neighbours)
    return [(model.name, model.kind, model.line) for model in find_models(load("program.py" + spec))]


PAIRS = {
    "init apply": "init/apply",
    "init_params forward": "init_params/forward",
    "init_fun apply_fun": "init_fun/apply_fun",
    "init_network_params predict": "init_network_params/predict",
    "initialize model": "initialize/model",
    "initialise_weights net": "initialise_weights/net",
    "create_params logits": "create_params/logits",
    "get_random_params call": "get_random_params/call",
    "initParams forwardPass": "initParams/forwardPass",
    "mlp_init mlp_apply": "mlp_init/mlp_apply",
    "init_lstm apply_lstm": "init_lstm/apply_lstm",
    "init_cnn_params cnn_forward": "init_cnn_params/cnn_forward",
    "init_all_params run_network": "init_all_params/run_network",
    "initialize_mlp feedforward forward": "initialize_mlp/forward",
    "init apply loss update accuracy evaluate": "init/apply",
    "init_params forward forward_train_step save_params load_params": "init_params/forward",
    "init_optimizer init_params init_state forward": "init_params/forward",
    "model_init model_apply": "model_init/model_apply",
}


@pytest.mark.parametrize("names", PAIRS)
def test_pairs_by_name(names, program):
    found = models(program, functions(*names.split()))
    assert [name for name, _, _ in found] == [PAIRS[names]]


def test_layers_are_no_models(program):
    text = (
        LINEN
        + """
def init_dense(key, n): return n
def dense_apply(params, x): return x
def init_conv(key, n): return n
def conv_forward(params, x): return x
def init_params(key): return [init_dense(key, 1), init_conv(key, 2)]
def forward(params, x): return dense_apply(params, conv_forward(params, x))
"""
    )
    assert models(program, text) == [("init_params/forward", "functions", 9)]


@pytest.mark.parametrize("wrap", ["jax.vmap(forward, in_axes=(None, 0))", "jax.jit(forward)", "partial(forward)"])
def test_the_batched_one_is_the_model_where_the_loss_calls_it(wrap, program):
    text = functions("init_params", "forward") + f"batched_forward = {wrap}\n"
    assert models(program, text)[0][0] == "init_params/batched_forward"
    assert models(program, text + "def loss(p, x, y): return forward(p, x)\n")[0][0] == "init_params/forward"
    assert (
        models(program, text + "def loss(p, x, y): return batched_forward(p, x)\n")[0][0]
        == "init_params/batched_forward"
    )


def test_a_forward_pass_of_any_name_that_the_loss_calls(program):
    text = (
        LINEN
        + "def init_params(key): return 1\ndef tagger(params, x): return x\n"
        + "def loss(params, x): return tagger(params, x)\n"
    )
    assert models(program, text) == [("init_params/tagger", "functions", 4)]


def test_predictions_computed_at_the_top_are_no_model(program):
    text = functions("init_params", "forward") + "x = open('nowhere').read()\nlogits = forward(init_params(1, 2), x)\n"
    assert models(program, text) == [("init_params/forward", "functions", 4)]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (":mlp_apply", "mlp_init/mlp_apply"),
        (":mlp_init", "mlp_init/mlp_apply"),
        (":lstm_forward", "init_lstm/lstm_forward"),
        (":mlp_init/mlp_apply", "mlp_init/mlp_apply"),
        (":mlp_init,mlp_apply", "mlp_init/mlp_apply"),
        (":init_lstm/mlp_apply", "init_lstm/mlp_apply"),
    ],
)
def test_a_pair_is_named_by_either_or_both(spec, found, program):
    assert [
        name for name, _, _ in models(program, functions("mlp_init", "mlp_apply", "init_lstm", "lstm_forward"), spec)
    ] == [found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (linen("A"), ["A"]),
        (linen("A", "B"), ["A", "B"]),
        (linen("Block") + linen("Net").replace("nn.Dense(2)(x)", "Block()(x)"), ["Net"]),
        (linen("Base") + linen("Net", base="Base"), ["Net"]),
        (
            linen("Block") + "def block(x): return Block()(x)\n" + linen("Net").replace("nn.Dense(2)(x)", "block(x)"),
            ["Net"],
        ),
        (
            linen("Block") + "blocks = [Block, Block]\n" + linen("Net").replace("nn.Dense(2)(x)", "blocks[0]()(x)"),
            ["Net"],
        ),
        (linen("Block") + linen("Net").replace("    @nn.compact", "    block: Block = None\n    @nn.compact"), ["Net"]),
        (linen("A") + "model = A()\nother = A()\n", ["A"]),
        (linen("A") + "class Config:\n    pass\nclass Error(ValueError): pass\n", ["A"]),
        (linen("A") + functions("init_params", "forward"), ["A"]),
        (linen("A").replace("class A", "@jax.tree_util.Partial\nclass A") + linen("B"), ["B"]),
        (LINEN + "model = nn.Dense(3)\n", ["model"]),
        (LINEN + "net, other = nn.Dense(3), 4\n", []),
        (LINEN + "Net = nn.Sequential([nn.Dense(3)])\n", ["Net"]),
        (LINEN + "def make_net(key): return nn.Dense(3)\n", ["make_net"]),
        (LINEN + "def make_net(width): return nn.Dense(width)\n", []),
        (
            LINEN + "from flax import nnx\ndef build_model(rngs, width=3): return nnx.Linear(2, width, rngs=rngs)\n",
            ["build_model"],
        ),
        (
            LINEN
            + "import collections\nModel = collections.namedtuple('Model', 'init apply')\n"
            + "net = Model(lambda k: 1, lambda p, x: x)\n",
            ["net"],
        ),
    ],
)
def test_which_names_are_models(text, found, program):
    assert [name for name, _, _ in models(program, text)] == found


def test_classes_of_a_neighbour_count_where_the_file_has_none(program):
    text = "from nets import Net, Config as C\nfrom flax.linen import Dense\nmodel = Net()\n"
    nets = linen("Block") + "class Config: pass\n" + linen("Net").replace("nn.Dense(2)(x)", "Block()(x)")
    assert models(program, text, **{"nets.py": nets}) == [("Net", "linen", 1)]
    assert models(
        program, "from nets import init_params, forward\n", **{"nets.py": functions("init_params", "forward")}
    ) == [("init_params/forward", "functions", 1)]
    assert models(program, "from nets import *\n", **{"nets.py": linen("Net")}) == [("Net", "linen", 1)]
    assert models(program, "import nets\nmodel = nets.Net()\n", **{"nets.py": linen("Net")}) == [("model", "linen", 2)]


def test_any_kind_may_be_named(program):
    text = (
        linen("A", "B")
        + "small = partial(A)\nmodel = B()\npair = (lambda k: 1), (lambda p, x: x)\nclass holder:\n    net = A\n"
    )
    program(text)
    kinds = {name: the_model(load(f"program.py:{name}")).kind for name in ("A", "small", "model", "pair", "holder.net")}
    assert kinds == {"A": "linen", "small": "linen", "model": "linen", "pair": "functions", "holder.net": "linen"}


def test_one_implementation_wins(program):
    text = (
        linen("A", "B")
        + "from refkit.implementation import Implementation\n"
        + "implementation = Implementation(lambda k: 1, lambda p, x: x)\n"
    )
    assert models(program, text) == [("implementation", "implementation", 10)]


def test_a_function_that_is_asked_for_alone(program):
    program(functions("forward"))
    with pytest.raises(RefkitError, match="is a function without another that makes its parameters"):
        the_model(load("program.py:forward"))
    program(functions("forward") + "params = {}\n")
    found = the_model(load("program.py:forward"))
    assert found.name == "params/forward" and found.objects[0] == {}


PARTS = [
    ("loss", "def loss_fn(l, y): pass\ndef cross_entropy(l, y): pass\n", "loss_fn"),
    ("loss", "def cross_entropy_loss(l, y): pass\ndef mse_loss(l, y): pass\n", "cross_entropy_loss"),
    ("loss", "criterion = optax.softmax_cross_entropy_with_integer_labels\n", "criterion"),
    ("loss", "def mse(l, y): pass\nloss_grad = jax.grad(mse)\n", "mse"),
    (
        "loss",
        "def cross_entropy(l, y): pass\ndef objective(p, b): pass\nf = jax.value_and_grad(objective)\n",
        "objective",
    ),
    ("loss", "def batch_cost(p, b): pass\nf = jax.value_and_grad(batch_cost)\n", "batch_cost"),
    ("loss", "loss = 0.0\nloss_history = []\nloss_scale = 2.0\n", None),
    (
        "loss",
        "def train_step(s, b):\n    def my_loss(p): return p\n    return jax.grad(my_loss)(s)\n",
        "train_step.my_loss",
    ),
    (
        "loss",
        "def main():\n    def f(p): return p\n    def step(s): return jax.value_and_grad(f, has_aux=True)(s)\n",
        "main.f",
    ),
    ("loss", "def loss_a(): pass\nfor loss in [1, 2]: pass\n", "loss_a"),
    ("loss", "class Loss:\n    def __call__(self, a): pass\nloss = jax.jit(lambda a, b: a)\n", "loss"),
    ("optimizer", "tx = optax.adam(1e-3)\n", "tx"),
    (
        "optimizer",
        "optimizer = optax.chain(optax.clip(1.0), optax.sgd(0.1))\nopt_state = optimizer.init({})\n",
        "optimizer",
    ),
    ("optimizer", "def make_optimizer(lr=1e-3): return optax.adam(lr)\n", "make_optimizer"),
    ("optimizer", "schedule = optax.cosine_decay_schedule(1.0, 10)\nopt = optax.adamw(schedule)\n", "opt"),
    ("optimizer", "optimizer = 'adam'\n", None),
    ("optimizer", "import argparse\nopt = argparse.ArgumentParser().parse_args()\n", None),
    ("train_step", "@jax.jit\ndef update(p, x, y): return p\n", "update"),
    ("train_step", "def train_step_fn(s, b): return s\ntrain_step = jax.jit(train_step_fn)\n", "train_step"),
    ("train_step", "step = 0\nfor step in range(3): pass\n", None),
    ("train_step", "def make_train_step(m): return 1\n", None),
    ("preprocess", "def normalize_images(x): return x / 255\n", "normalize_images"),
    ("preprocess", "def preprocess_fn(d): return d\ndef normalize(x): return x\n", "normalize"),
    ("preprocess", "x = [1]\nnormalized = normalize(x)\ntransform = lambda x: x\n", "transform"),
    ("metric", "def compute_accuracy(l, y): pass\n", "compute_accuracy"),
    ("metric", "@jax.jit\ndef eval_step(p, b): pass\ndef accuracy(l, y): pass\n", "accuracy"),
    ("batches", "def iterate_minibatches(x, y, n): yield\n", "iterate_minibatches"),
    ("batches", "def data_loader(x, n): yield\n", "data_loader"),
    ("batches", "train_batches = list(range(9))\n", None),
    ("split", "from sklearn.model_selection import train_test_split\n", None),
    ("split", "def load_mnist_data(): pass\n", "load_mnist_data"),
    ("split", "def train_test_split(x, y): pass\ndef load_data(): pass\n", "train_test_split"),
    ("train", "def train_model(m): pass\ndef main(): pass\n", "main"),
    ("train", "train = 3\n", None),
]


@pytest.mark.parametrize(("role", "text", "name"), PARTS)
def test_parts_by_name(role, text, name, program):
    program(LINEN + text)
    found = find_part(load("program.py"), role)
    assert (found and found.name) == name
    if found is not None:
        assert found.kind == ("closure" if "." in name else role) and callable(found.object) or role == "optimizer"


def test_a_part_that_the_user_names(program):
    program(
        LINEN
        + "def mine(l, y): pass\ndef loss(l, y): pass\nN = 3\nclass T:\n    @staticmethod\n    def step(s): pass\n"
    )
    loaded = load("program.py")
    assert find_part(loaded, "loss", "mine").name == "mine"
    assert find_part(loaded, "train_step", "T.step").line == 6
    assert find_part(load("program.py", roles={"loss": "mine"}), "loss").name == "mine"
    with pytest.raises(RefkitError, match="`program.py` has no `other`: it has `mine`, `loss`, `T`"):
        find_part(loaded, "loss", "other")
    with pytest.raises(RefkitError, match="`N` of `program.py` is a `int`: --train-step wants a function"):
        find_part(loaded, "train_step", "N")


def test_parts_in_neighbours(program):
    program(
        "from losses import loss_fn as loss\nfrom steps import *\n",
        neighbours={
            "losses.py": "def loss_fn(l, y): return 7\n",
            "steps.py": "def train_step(s): return 8\ndef _update(): pass\n",
        },
    )
    loaded = load("program.py")
    assert find_part(loaded, "loss").object(1, 2) == 7
    step = find_part(loaded, "train_step")
    assert (step.object(1), step.line) == (8, 2)
