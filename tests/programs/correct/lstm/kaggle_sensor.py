# %% [markdown]
# # Sensor competition - BiLSTM baseline (Flax NNX)
# Change log: v3 bidirectional, v4 dropout in front of the head

# %%
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


# %%
class CFG:
    seed = 2024
    n_feats = 2
    hidden = 32
    n_classes = 3
    dropout = 0.2
    lr = 2e-3
    epochs = 5
    bs = 64


# %%
class SensorModel(nnx.Module):
    """BiLSTM; final states of both directions -> dropout -> linear (logits)"""

    def __init__(self, n_feats=CFG.n_feats, hidden=CFG.hidden, n_classes=CFG.n_classes, *, rngs: nnx.Rngs):
        self.fw = nnx.RNN(nnx.OptimizedLSTMCell(n_feats, hidden, rngs=rngs))
        self.bw = nnx.RNN(
            nnx.OptimizedLSTMCell(n_feats, hidden, rngs=rngs), reverse=True, keep_order=True
        )
        self.drop = nnx.Dropout(CFG.dropout, rngs=rngs)
        self.head = nnx.Linear(2 * hidden, n_classes, rngs=rngs)

    def __call__(self, x):
        hf = self.fw(x)[:, -1]   # saw everything, left to right
        hb = self.bw(x)[:, 0]    # saw everything, right to left
        h = jnp.concatenate([hf, hb], axis=1)
        h = self.drop(h)
        return self.head(h)


# %%
def loss_fn(model, x, y):
    logits = model(x)
    per_example = optax.softmax_cross_entropy_with_integer_labels(logits, y)
    loss = per_example.mean()
    return loss, logits


optimizer = optax.adamw(CFG.lr, weight_decay=1e-4)


# %%
@nnx.jit
def train_step(model, opt, x, y):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, x, y)
    opt.update(model, grads)
    acc = (logits.argmax(-1) == y).mean()
    return loss, acc


@nnx.jit
def predict(model, x):
    return model(x).argmax(-1)


# %%
def run_fold(X_tr, y_tr, X_va, y_va):
    model = SensorModel(rngs=nnx.Rngs(CFG.seed))
    opt = nnx.Optimizer(model, optimizer, wrt=nnx.Param)
    rng = np.random.default_rng(CFG.seed)
    for epoch in range(CFG.epochs):
        model.train()
        order = rng.permutation(len(X_tr))
        losses = []
        for s in range(0, len(order), CFG.bs):
            idx = order[s:s + CFG.bs]
            l, _ = train_step(model, opt, X_tr[idx], y_tr[idx])
            losses.append(float(l))
        model.eval()
        val_acc = float((predict(model, X_va) == y_va).mean())
        print(f"epoch {epoch}: loss {np.mean(losses):.4f} val acc {val_acc:.4f}")
    return model
