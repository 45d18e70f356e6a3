"""The least that a process has to do to see a user's model run: import, build, one loss and gradient, jitted."""

FLOOR = """
import importlib.util, sys
import jax, numpy as np, optax
from flax import nnx
spec = importlib.util.spec_from_file_location("user_program", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["user_program"] = module
spec.loader.exec_module(module)
config = module.Config()
model = getattr(module, sys.argv[2])(config, nnx.Rngs(0))
batch = 7
inputs = {
    "mlp": lambda: (np.zeros((batch, 30), np.float32),),
    "lenet": lambda: (np.zeros((batch, 28, 28, 1), np.float32),),
    "lstm": lambda: (np.zeros((batch, 20, 2), np.float32),),
    "multimodal": lambda: (np.zeros((batch, 28, 28, 1), np.float32), np.zeros((batch, 5), np.int32)),
}[sys.argv[3]]()
labels = np.zeros((batch, 1), np.float32) if sys.argv[3] == "lstm" else np.zeros(batch, np.int32)
loss, grads = nnx.jit(nnx.value_and_grad(module.loss_fn))(model, *inputs, labels)
jax.block_until_ready(grads)
"""

DEEP = '''"""A residual MLP of my own."""
import jax
import jax.numpy as jnp

WIDTH, DEPTH = 32, {depth}


def init_params(key):
    keys = jax.random.split(key, DEPTH)
    return [(jax.random.normal(k, (WIDTH, WIDTH)) * 0.1, jnp.zeros(WIDTH)) for k in keys]


def block(layer, x, scale):
    weights, bias = layer
    hidden = jnp.tanh(x @ weights + bias)
    return x + scale * hidden


def forward(params, x):
    for number, layer in enumerate(params):
        x = block(layer, x, {scale})
    return x


def loss_fn(params, x, y):
    return jnp.mean((forward(params, x) - y) ** 2)
'''

DEEP_FLOOR = """
import importlib.util, sys
import jax, numpy as np
spec = importlib.util.spec_from_file_location("user_program", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
params = jax.jit(module.init_params)(jax.random.key(0))
x = np.zeros((7, module.WIDTH), np.float32)
jax.block_until_ready(jax.jit(jax.value_and_grad(module.loss_fn))(params, x, x))
"""


def deep_program(depth: int, planted: bool) -> str:
    """A residual network; with the bug, the middle block is subtracted."""
    scale = f"-0.1 if number == {depth // 2} else 0.1" if planted else "0.1"
    return DEEP.format(depth=depth, scale=scale)
