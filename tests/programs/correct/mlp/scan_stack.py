"""Deep equal-width MLP: hidden weights stacked in one array, applied with lax.scan."""
import chex
import jax
import jax.numpy as jnp
import optax
from jax import lax


@chex.dataclass
class Params:
    w_in: chex.Array
    b_in: chex.Array
    w_mid: chex.Array      # [depth, width, width]
    b_mid: chex.Array      # [depth, width]
    w_out: chex.Array
    b_out: chex.Array


FEATURES, WIDTH, DEPTH, CLASSES = 30, 36, 2, 2
he = jax.nn.initializers.he_normal()


def init_params(key: chex.PRNGKey) -> Params:
    k_in, k_mid, k_out = jax.random.split(key, 3)
    mid_keys = jax.random.split(k_mid, DEPTH)
    return Params(
        w_in=he(k_in, (FEATURES, WIDTH)),
        b_in=jnp.zeros(WIDTH),
        w_mid=jax.vmap(lambda k: he(k, (WIDTH, WIDTH)))(mid_keys),
        b_mid=jnp.zeros((DEPTH, WIDTH)),
        w_out=he(k_out, (WIDTH, CLASSES)) / jnp.sqrt(2.0),
        b_out=jnp.zeros(CLASSES),
    )


def forward(params: Params, x: chex.Array) -> chex.Array:
    chex.assert_rank(x, 2)
    h = jax.nn.relu(jnp.einsum("bf,fw->bw", x, params.w_in) + params.b_in)

    def block(carry, layer):
        w, b = layer
        pre = jnp.einsum("bi,ij->bj", carry, w) + b
        return jax.nn.relu(pre), None

    h, _ = lax.scan(block, h, (params.w_mid, params.b_mid))
    logits = jnp.einsum("bw,wc->bc", h, params.w_out) + params.b_out
    return logits


def cross_entropy(logits: chex.Array, labels: chex.Array) -> chex.Array:
    """Two classes, so the logistic loss of the margin of the right class over the other."""
    sign = jnp.where(labels == 1, 1.0, -1.0)
    margin = sign * (logits[:, 1] - logits[:, 0])
    losses = jnp.logaddexp(0.0, -margin)
    return losses.mean()


opt = optax.sgd(0.05, momentum=0.9)


@jax.jit
def train_step(params, opt_state, batch):
    inputs, labels = batch

    def objective(p):
        return cross_entropy(forward(p, inputs), labels)

    loss, grads = jax.value_and_grad(objective)(params)
    updates, opt_state = opt.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, {"loss": loss}


def compute_metrics(logits, labels):
    hits = logits.argmax(-1) == labels
    return {"accuracy": hits.mean()}
