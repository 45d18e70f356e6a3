"""tf.contrib.rnn.BasicLSTMCell + static_rnn, re-done in JAX (was: rnn_classifier.py, 2016).

One kernel for [inputs, h] with the columns in TensorFlow's order (i, j, f, o), and
forget_bias added when the cell runs rather than stored in the bias.
"""
import functools

import jax
import jax.numpy as jnp
from jax.nn import initializers
import optax

num_units = 96
forget_bias = 1.0
n_classes = 4
learning_rate = 0.001

kernel_initializer = initializers.variance_scaling(1.0, "fan_in", "truncated_normal", in_axis=0, out_axis=1)


def init_params(key, n_input=2, units=num_units, n_out=n_classes):
    k_cell, k_out = jax.random.split(key)
    variables = {}
    variables["rnn/basic_lstm_cell/kernel"] = kernel_initializer(k_cell, (n_input + units, 4 * units))
    variables["rnn/basic_lstm_cell/bias"] = jnp.zeros((4 * units,))
    variables["out/weights"] = initializers.glorot_uniform()(k_out, (units, n_out))
    variables["out/biases"] = jnp.zeros((n_out,))
    return variables


def basic_lstm_cell(variables, inputs, state):
    c, h = state
    kernel = variables["rnn/basic_lstm_cell/kernel"]
    gate_inputs = jnp.concatenate([inputs, h], axis=1) @ kernel
    gate_inputs += variables["rnn/basic_lstm_cell/bias"]
    i, j, f, o = jnp.split(gate_inputs, 4, axis=1)
    sigmoid = jax.nn.sigmoid
    new_c = c * sigmoid(f + forget_bias) + sigmoid(i) * jnp.tanh(j)
    new_h = jnp.tanh(new_c) * sigmoid(o)
    return new_c, new_h


def forward(variables, x):
    n_steps = x.shape[1]
    units = variables["out/weights"].shape[0]
    x = jnp.transpose(x, (1, 0, 2))
    state = (jnp.zeros((x.shape[1], units)), jnp.zeros((x.shape[1], units)))

    def body(t, state):
        x_t = jax.lax.dynamic_index_in_dim(x, t, keepdims=False)
        return basic_lstm_cell(variables, x_t, state)

    state = jax.lax.fori_loop(0, n_steps, body, state)
    return jnp.matmul(state[1], variables["out/weights"]) + variables["out/biases"]


def cross_entropy(logits, labels):
    y = jax.nn.one_hot(labels, logits.shape[-1])
    shifted = logits - jax.lax.stop_gradient(logits.max(axis=-1, keepdims=True))
    log_z = jnp.log(jnp.sum(jnp.exp(shifted), axis=-1, keepdims=True))
    xent = -jnp.sum(y * (shifted - log_z), axis=-1)
    return jnp.mean(xent)


optimizer = optax.adam(learning_rate)


@jax.jit
def train_step(variables, opt_state, x, labels):
    cost = lambda v: cross_entropy(forward(v, x), labels)
    c, grads = jax.value_and_grad(cost)(variables)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(variables, updates), opt_state, c


def accuracy(logits, labels):
    correct_pred = jnp.equal(jnp.argmax(logits, 1), labels)
    return jnp.mean(correct_pred.astype(jnp.float32))


if __name__ == "__main__":
    variables = init_params(jax.random.PRNGKey(0))
    opt_state = optimizer.init(variables)
    for step in range(200):
        k = jax.random.PRNGKey(step)
        x = jax.random.normal(k, (64, 20, 2))
        labels = (x[:, 3, 0] > 0) * 2 + (x[:, 5, 1] > 0)
        variables, opt_state, c = train_step(variables, opt_state, x, labels)
        if step % 20 == 0:
            print("Iter %d, minibatch loss %.4f" % (step, c))
