# Assignment 4: a convolutional network without a framework.
# Convention of the course: fully connected activations have shape (units, m),
# one COLUMN per example; weights are (units_out, units_in), biases (units_out, 1).
import jax
import jax.numpy as jnp

EPS = 1e-9


def glorot(key, *shape, fan_in, fan_out):
    limit = (6.0 / (fan_in + fan_out)) ** 0.5
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


def init_params(key):
    keys = iter(jax.random.split(key, 5))
    return {
        "K1": glorot(next(keys), 5, 5, 1, 6, fan_in=25, fan_out=150),
        "k1": jnp.zeros(6),
        "K2": glorot(next(keys), 5, 5, 6, 16, fan_in=150, fan_out=400),
        "k2": jnp.zeros(16),
        "W3": glorot(next(keys), 120, 400, fan_in=400, fan_out=120),
        "b3": jnp.zeros((120, 1)),
        "W4": glorot(next(keys), 84, 120, fan_in=120, fan_out=84),
        "b4": jnp.zeros((84, 1)),
        "W5": glorot(next(keys), 10, 84, fan_in=84, fan_out=10),
        "b5": jnp.zeros((10, 1)),
    }


def im2col(x, f):
    m, h, w, c = x.shape
    ho, wo = h - f + 1, w - f + 1
    patches = [x[:, i:i + ho, j:j + wo, :] for i in range(f) for j in range(f)]
    return jnp.stack(patches, axis=3).reshape(m, ho, wo, f * f * c)


def conv_forward(x, kernel, bias):
    f, _, _, c_out = kernel.shape
    return im2col(x, f) @ kernel.reshape(-1, c_out) + bias


def pool_forward(x):
    m, h, w, c = x.shape
    return x.reshape(m, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))


def softmax(z):
    """Column-wise: z is (classes, m)."""
    e = jnp.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def forward(params, x):
    """x: (m, 28, 28, 1). Returns class probabilities, one row per example."""
    m = x.shape[0]
    a = jnp.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    a = pool_forward(jnp.tanh(conv_forward(a, params["K1"], params["k1"])))
    a = pool_forward(jnp.tanh(conv_forward(a, params["K2"], params["k2"])))
    a0 = a.reshape(m, -1).T
    a1 = jnp.tanh(params["W3"] @ a0 + params["b3"])
    a2 = jnp.tanh(params["W4"] @ a1 + params["b4"])
    y_hat = softmax(params["W5"] @ a2 + params["b5"])
    return y_hat.T


def cross_entropy_cost(y_hat, labels):
    Y = jnp.eye(10)[labels]
    per_example = jnp.sum(Y * jnp.log(y_hat + EPS), axis=1)
    return -jnp.mean(per_example)


@jax.jit
def update(params, x, y, alpha=0.1):
    def J(p):
        return cross_entropy_cost(forward(p, x), y)

    cost, grads = jax.value_and_grad(J)(params)
    return {k: params[k] - alpha * grads[k] for k in params}, cost


if __name__ == "__main__":
    p = init_params(jax.random.key(1))
    print(forward(p, jnp.ones((2, 28, 28, 1))).sum(axis=1))
