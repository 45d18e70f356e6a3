"""Easy-VQA baseline: LeNet-like image tower + LSTM question tower (Flax Linen)."""
from typing import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState


class ImageTower(nn.Module):
    features: Sequence[int] = (8, 16)

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.features[0], kernel_size=(3, 3), padding="SAME", kernel_init=nn.initializers.he_normal())(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(self.features[1], kernel_size=(3, 3), padding="SAME", kernel_init=nn.initializers.he_normal())(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        return x.reshape((x.shape[0], -1))


class QuestionTower(nn.Module):
    vocab_size: int = 32
    embed_dim: int = 16
    hidden_dim: int = 32

    @nn.compact
    def __call__(self, words):
        x = nn.Embed(self.vocab_size, self.embed_dim, name="embed")(words)
        rnn = nn.RNN(nn.OptimizedLSTMCell(self.hidden_dim), return_carry=True, name="lstm")
        (_, hidden), _ = rnn(x)
        return hidden


class VQANet(nn.Module):
    num_classes: int = 5
    dense_dim: int = 64

    @nn.compact
    def __call__(self, image, question):
        image = image.astype(jnp.float32)  # already in [0, 1]
        img_vec = ImageTower(name="image_tower")(image)
        txt_vec = QuestionTower(name="question_tower")(question)
        merged = jnp.concatenate([img_vec, txt_vec], axis=-1)
        merged = nn.Dense(self.dense_dim, name="fc1")(merged)
        merged = nn.relu(merged)
        return nn.Dense(self.num_classes, name="fc2")(merged)


def cross_entropy_loss(logits, labels):
    one_hot = jax.nn.one_hot(labels, num_classes=logits.shape[-1])
    nll = -jnp.sum(one_hot * nn.log_softmax(logits), axis=-1)
    return jnp.mean(nll)


def compute_metrics(logits, labels):
    return {
        "loss": cross_entropy_loss(logits, labels),
        "accuracy": jnp.mean(jnp.argmax(logits, -1) == labels),
    }


def create_state(key, lr=3e-4):
    net = VQANet()
    variables = net.init(key, jnp.zeros((1, 28, 28, 1)), jnp.zeros((1, 6), jnp.int32))
    return TrainState.create(apply_fn=net.apply, params=variables["params"], tx=optax.adam(lr))


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"], batch["question"])
        return cross_entropy_loss(logits, batch["answer"]), logits

    (_, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state, compute_metrics(logits, batch["answer"])
