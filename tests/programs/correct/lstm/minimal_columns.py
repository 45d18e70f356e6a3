# Minimal LSTM with column vectors, in the manner of the well-known 100-line numpy gist.
# Everything is W @ column; the batch is the LAST axis.  Many to one: read left to
# right, answer from what is remembered at the end.
import jax, jax.numpy as jnp, jax.random as jr
import optax

# hyperparameters
hidden_size = 128
learning_rate = 1e-3


def init(key, D=2, H=hidden_size, K=1):
    Z = H + D
    layers = []
    for k in jr.split(key, 4):  # f, i, C, o
        W = jr.normal(k, (H, Z)) * (1.0 / Z) ** 0.5
        layers.append((W, jnp.zeros((H, 1))))
    Wy = jr.normal(jr.fold_in(key, 99), (K, H)) * (1.0 / H) ** 0.5
    layers.append((Wy, jnp.zeros((K, 1))))
    return layers


def apply(params, x):
    (Wf, bf), (Wi, bi), (WC, bC), (Wo, bo), (Wy, by) = params
    N, T, D = x.shape
    xs = x.transpose(1, 2, 0)  # T x D x N
    hs, Cs = {}, {}
    hs[-1] = jnp.zeros((Wf.shape[0], N))
    Cs[-1] = jnp.zeros_like(hs[-1])
    for t in range(T):
        z = jnp.vstack((hs[t - 1], xs[t]))
        f = sigmoid(Wf @ z + bf)
        i = sigmoid(Wi @ z + bi)
        C_bar = jnp.tanh(WC @ z + bC)
        Cs[t] = f * Cs[t - 1] + i * C_bar
        o = sigmoid(Wo @ z + bo)
        hs[t] = o * jnp.tanh(Cs[t])
    y = Wy @ hs[T - 1] + by
    return y.T


def sigmoid(a):
    return 0.5 * (1.0 + jnp.tanh(0.5 * a))


opt = optax.rmsprop(learning_rate)


@jax.jit
def update(params, opt_state, x, y):
    def objective(p):
        guess = apply(p, x)
        miss = guess.reshape(-1) - y.reshape(-1)
        return jnp.dot(miss, miss) / miss.size

    value, g = jax.value_and_grad(objective)(params)
    step, opt_state = opt.update(g, opt_state)
    return optax.apply_updates(params, step), opt_state, value


def sample(key, N=50, T=20):
    a, b = jr.split(key)
    v = jr.uniform(a, (N, T), minval=-1, maxval=1)
    p = jr.randint(b, (N, 2), 0, jnp.array([T // 4, T // 4])) + jnp.array([0, T // 4])
    m = jax.nn.one_hot(p, T).sum(1)
    return jnp.stack([v, m], -1), 0.5 + (v * m).sum(1) / 4


if __name__ == "__main__":
    key = jr.PRNGKey(0)
    params = init(key)
    opt_state = opt.init(params)
    smooth = None
    for n in range(500):
        params, opt_state, value = update(params, opt_state, *sample(jr.fold_in(key, n)))
        smooth = float(value) if smooth is None else 0.95 * smooth + 0.05 * float(value)
        if n % 50 == 0:
            print("iter %d, loss: %f" % (n, smooth))
