"""Getting started with optax: fit a small network to one real-valued target."""
import jax
import jax.numpy as jnp
import optax

N_FEATURES, N_HIDDEN = 30, 48

initializer = jax.nn.initializers.glorot_uniform()


def init(rng, n_out=1):
    rng_hidden, rng_readout = jax.random.split(rng)
    return {
        'hidden': {'kernel': initializer(rng_hidden, (N_FEATURES, N_HIDDEN), jnp.float32),
                   'bias': jnp.zeros((N_HIDDEN,), jnp.float32)},
        'readout': {'kernel': initializer(rng_readout, (N_HIDDEN, n_out), jnp.float32),
                    'bias': jnp.zeros((n_out,), jnp.float32)},
    }


def affine(layer, x):
    return jnp.einsum('bi,io->bo', x, layer['kernel']) + layer['bias']


def apply(params, x):
    hidden = jnp.tanh(affine(params['hidden'], x))
    y_hat = affine(params['readout'], hidden)
    return y_hat


def mse_loss(params, x, y):
    y_hat = apply(params, x)
    error = y_hat - y[:, None]
    squared = jnp.sum(error ** 2, axis=-1)
    return jnp.mean(squared)


schedule = optax.constant_schedule(3e-4)
tx = optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(schedule), optax.scale(-1.0))


@jax.jit
def step(params, opt_state, x, y):
    loss_value, grads = jax.value_and_grad(mse_loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss_value


def main(x, y, steps=100):
    params = init(jax.random.PRNGKey(42))
    opt_state = tx.init(params)
    for i in range(steps):
        params, opt_state, loss_value = step(params, opt_state, x, y)
        if i % 20 == 0:
            print(f'step {i}, loss: {loss_value}')
    return params
