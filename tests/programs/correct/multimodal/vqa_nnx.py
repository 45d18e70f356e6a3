"""Toy visual question answering: small CNN for the picture, LSTM for the question, MLP on both."""
import jax
import jax.numpy as jnp
import optax
from flax import nnx

VOCAB_SIZE = 20
NUM_ANSWERS = 10


class ImageEncoder(nnx.Module):
    def __init__(self, rngs):
        self.conv1 = nnx.Conv(1, 6, kernel_size=(5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", rngs=rngs)

    def __call__(self, img):
        y = nnx.relu(self.conv1(img))
        y = nnx.avg_pool(y, window_shape=(2, 2), strides=(2, 2))
        y = nnx.relu(self.conv2(y))
        y = nnx.avg_pool(y, window_shape=(2, 2), strides=(2, 2))
        return y.reshape(y.shape[0], -1)


class QuestionEncoder(nnx.Module):
    def __init__(self, vocab_size, embed_dim, hidden_dim, rngs):
        self.embedding = nnx.Embed(vocab_size, embed_dim, rngs=rngs)
        self.lstm = nnx.RNN(nnx.LSTMCell(embed_dim, hidden_dim, rngs=rngs), return_carry=True)

    def __call__(self, question):
        embedded = self.embedding(question)
        (cell, hidden), _ = self.lstm(embedded)
        return hidden


class VQAModel(nnx.Module):
    def __init__(self, vocab_size=VOCAB_SIZE, num_answers=NUM_ANSWERS, *, rngs: nnx.Rngs):
        self.image_encoder = ImageEncoder(rngs)
        self.question_encoder = QuestionEncoder(vocab_size, 32, 64, rngs)
        self.fc1 = nnx.Linear(400 + 64, 128, rngs=rngs)
        self.fc2 = nnx.Linear(128, num_answers, rngs=rngs)

    def __call__(self, image, question):
        img_feat = self.image_encoder(image)
        txt_feat = self.question_encoder(question)
        fused = jnp.concatenate([img_feat, txt_feat], axis=-1)
        hidden = nnx.relu(self.fc1(fused))
        return self.fc2(hidden)


def loss_fn(model, batch):
    logits = model(batch["image"], batch["question"])
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
    return loss.mean(), logits


@nnx.jit
def train_step(model, optimizer, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    return loss, (logits.argmax(-1) == batch["label"]).mean()


if __name__ == "__main__":
    model = VQAModel(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    key = jax.random.key(1)
    for step in range(200):
        key, ki, kq = jax.random.split(key, 3)
        image = jax.random.uniform(ki, (32, 28, 28, 1))
        question = jax.random.randint(kq, (32, 6), 0, VOCAB_SIZE)
        label = question[:, 0] % NUM_ANSWERS
        loss, acc = train_step(model, optimizer, {"image": image, "question": question, "label": label})
    print(loss, acc)
