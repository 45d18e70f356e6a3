"""Programs as people write them: the model and what surrounds it are found, and nothing else is run."""

import dataclasses

import jax
import pytest

from refkit.loading import load
from refkit.loading.discovery import find_part, the_model


@dataclasses.dataclass
class Messy:
    """A program and what is found in it.

    Args:
        text: the program.
        model: name of its model.
        kind: kind of it.
        parts: names of its parts by role.
        stubs: packages replaced.
        neighbours: files beside it.
        spec: what stands after the file's name.
    """

    text: str
    model: str
    kind: str
    parts: dict[str, str | None] = dataclasses.field(default_factory=dict)
    stubs: tuple[str, ...] = ()
    neighbours: dict[str, str] = dataclasses.field(default_factory=dict)
    spec: str = ""


MESSY = {
    "linen_mnist_example": Messy(
        '''
        """MNIST example.

        Library file which executes the training and evaluation loop for MNIST.
        """
        from absl import logging
        from flax import linen as nn
        from flax.metrics import tensorboard
        from flax.training import train_state
        import jax
        import jax.numpy as jnp
        import ml_collections
        import numpy as np
        import optax
        import tensorflow_datasets as tfds


        class CNN(nn.Module):
          """A simple CNN model."""

          @nn.compact
          def __call__(self, x):
            x = nn.Conv(features=32, kernel_size=(3, 3))(x)
            x = nn.relu(x)
            x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
            x = x.reshape((x.shape[0], -1))  # flatten
            x = nn.Dense(features=10)(x)
            return x


        @jax.jit
        def apply_model(state, images, labels):
          """Computes gradients, loss and accuracy for a single batch."""
          def loss_fn(params):
            logits = state.apply_fn({'params': params}, images)
            one_hot = jax.nn.one_hot(labels, 10)
            loss = jnp.mean(optax.softmax_cross_entropy(logits=logits, labels=one_hot))
            return loss, logits

          grad_fn = jax.value_and_grad(loss_fn, has_aux=True)
          (loss, logits), grads = grad_fn(state.params)
          accuracy = jnp.mean(jnp.argmax(logits, -1) == labels)
          return grads, loss, accuracy


        @jax.jit
        def update_model(state, grads):
          return state.apply_gradients(grads=grads)


        def train_epoch(state, train_ds, batch_size, rng):
          train_ds_size = len(train_ds['image'])
          perms = jax.random.permutation(rng, len(train_ds['image']))
          return state


        def get_datasets():
          ds_builder = tfds.builder('mnist')
          ds_builder.download_and_prepare()
          return ds_builder


        def create_train_state(rng, config):
          cnn = CNN()
          params = cnn.init(rng, jnp.ones([1, 28, 28, 1]))['params']
          tx = optax.sgd(config.learning_rate, config.momentum)
          return train_state.TrainState.create(apply_fn=cnn.apply, params=params, tx=tx)


        def train_and_evaluate(config: ml_collections.ConfigDict, workdir: str):
          train_ds, test_ds = get_datasets()
          summary_writer = tensorboard.SummaryWriter(workdir)
          return None
        ''',
        "CNN",
        "linen",
        {"train": "train_and_evaluate", "train_step": "update_model", "split": "get_datasets", "optimizer": None},
    ),
    "stax_mnist_classifier": Messy(
        """
        import time
        import itertools
        import numpy.random as npr
        import jax.numpy as jnp
        from jax import jit, grad, random
        from jax.example_libraries import optimizers
        from jax.example_libraries import stax
        from jax.example_libraries.stax import Dense, Relu, LogSoftmax
        from examples import datasets

        def loss(params, batch):
          inputs, targets = batch
          preds = predict(params, inputs)
          return -jnp.mean(jnp.sum(preds * targets, axis=1))

        def accuracy(params, batch):
          inputs, targets = batch
          target_class = jnp.argmax(targets, axis=1)
          predicted_class = jnp.argmax(predict(params, inputs), axis=1)
          return jnp.mean(predicted_class == target_class)

        init_random_params, predict = stax.serial(
            Dense(1024), Relu,
            Dense(1024), Relu,
            Dense(10), LogSoftmax)

        if __name__ == "__main__":
          rng = random.PRNGKey(0)
          step_size = 0.001
          train_images, train_labels, test_images, test_labels = datasets.mnist()
          while True: pass
        """,
        "init_random_params/predict",
        "functions",
        {"loss": "loss", "metric": "accuracy", "optimizer": None},
    ),
    "jax_tutorial_from_scratch": Messy(
        """
        # -*- coding: utf-8 -*-
        import jax.numpy as jnp
        from jax import grad, jit, vmap
        from jax import random
        from jax.scipy.special import logsumexp
        import tensorflow as tf
        tf.config.set_visible_devices([], device_type='GPU')
        import tensorflow_datasets as tfds
        import time

        def random_layer_params(m, n, key, scale=1e-2):
          w_key, b_key = random.split(key)
          return scale * random.normal(w_key, (n, m)), scale * random.normal(b_key, (n,))

        def init_network_params(sizes, key):
          keys = random.split(key, len(sizes))
          return [random_layer_params(m, n, k) for m, n, k in zip(sizes[:-1], sizes[1:], keys)]

        layer_sizes = [784, 512, 512, 10]
        step_size = 0.01
        num_epochs = 8
        batch_size = 128
        n_targets = 10
        params = init_network_params(layer_sizes, random.key(0))

        def relu(x):
          return jnp.maximum(0, x)

        def predict(params, image):
          activations = image
          for w, b in params[:-1]:
            outputs = jnp.dot(w, activations) + b
            activations = relu(outputs)
          final_w, final_b = params[-1]
          logits = jnp.dot(final_w, activations) + final_b
          return logits - logsumexp(logits)

        random_flattened_image = random.normal(random.key(1), (28 * 28,))
        preds = predict(params, random_flattened_image)
        print(preds.shape)

        random_flattened_images = random.normal(random.key(1), (10, 28 * 28))
        try:
          preds = predict(params, random_flattened_images)
        except TypeError:
          print('Invalid shapes!')

        batched_predict = vmap(predict, in_axes=(None, 0))
        batched_preds = batched_predict(params, random_flattened_images)
        print(batched_preds.shape)

        def one_hot(x, k, dtype=jnp.float32):
          return jnp.array(x[:, None] == jnp.arange(k), dtype)

        def accuracy(params, images, targets):
          target_class = jnp.argmax(targets, axis=1)
          predicted_class = jnp.argmax(batched_predict(params, images), axis=1)
          return jnp.mean(predicted_class == target_class)

        def loss(params, images, targets):
          preds = batched_predict(params, images)
          return -jnp.mean(preds * targets)

        @jit
        def update(params, x, y):
          grads = grad(loss)(params, x, y)
          return [(w - step_size * dw, b - step_size * db) for (w, b), (dw, db) in zip(params, grads)]

        data_dir = '/tmp/tfds'
        mnist_data, info = tfds.load(name="mnist", batch_size=-1, data_dir=data_dir, with_info=True)
        mnist_data = tfds.as_numpy(mnist_data)
        train_data, test_data = mnist_data['train'], mnist_data['test']
        num_labels = info.features['label'].num_classes
        train_images, train_labels = train_data['image'], train_data['label']

        def get_train_batches():
          ds = tfds.load(name='mnist', split='train', as_supervised=True, data_dir=data_dir)
          return tfds.as_numpy(ds.batch(batch_size).prefetch(1))

        for epoch in range(num_epochs):
          start_time = time.time()
          for x, y in get_train_batches():
            y = one_hot(y, num_labels)
            params = update(params, x, y)
          print("Epoch {} in {:0.2f} sec".format(epoch, time.time() - start_time))
        """,
        "init_network_params/batched_predict",
        "functions",
        {"loss": "loss", "train_step": "update", "metric": "accuracy", "batches": "get_train_batches"},
    ),
    "argparse_at_the_top": Messy(
        """
        import argparse
        import jax, jax.numpy as jnp, optax
        from flax import nnx

        parser = argparse.ArgumentParser(description='MLP')
        parser.add_argument('data', help='path of the data set')
        parser.add_argument('--hidden', type=int, default=48)
        parser.add_argument('--lr', type=float, default=1e-3)
        parser.add_argument('--out', required=True)
        args = parser.parse_args()

        class MLP(nnx.Module):
            def __init__(self, rngs):
                self.a = nnx.Linear(30, args.hidden, rngs=rngs)
                self.b = nnx.Linear(args.hidden, 2, rngs=rngs)
            def __call__(self, x):
                return self.b(nnx.relu(self.a(x)))

        tx = optax.adam(args.lr)
        model = MLP(nnx.Rngs(0))
        print(args)
        """,
        "MLP",
        "nnx",
        {"optimizer": "tx"},
    ),
    "absl_flags": Messy(
        """
        from absl import app, flags, logging
        import optax
        from flax import linen as nn

        FLAGS = flags.FLAGS
        flags.DEFINE_integer('hidden', default=24, help='width')
        flags.DEFINE_float('learning_rate', 0.1, 'step', short_name='l')
        flags.DEFINE_enum('activation', 'relu', ['relu', 'tanh'], 'which')
        _DEPTH = flags.DEFINE_integer('depth', 2, 'layers')
        flags.mark_flag_as_required('hidden')

        class MLP(nn.Module):
            @nn.compact
            def __call__(self, x):
                for _ in range(_DEPTH.value):
                    x = getattr(nn, FLAGS.activation)(nn.Dense(FLAGS.hidden)(x))
                return nn.Dense(2)(x)

        def make_optimizer():
            return optax.sgd(FLAGS.learning_rate)

        def main(argv):
            logging.info('hello')

        app.run(main)
        """,
        "MLP",
        "linen",
        {"optimizer": "make_optimizer", "train": "main"},
    ),
    "wandb_and_matplotlib": Messy(
        """
        import wandb
        import matplotlib.pyplot as plt
        import flax.linen as nn
        import jax.numpy as jnp

        wandb.login()
        run = wandb.init(project="mnist", config=dict(hidden=100))
        config = wandb.config
        HIDDEN = 100

        class Net(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(10)(nn.relu(nn.Dense(HIDDEN)(x)))

        losses = []
        for i in range(1000000):
            losses.append(i ** 2)
            wandb.log({"loss": i})
        plt.plot(losses)
        plt.show()
        """,
        "Net",
        "linen",
        stubs=(),
    ),
    "sys_exit_and_usage": Messy(
        """
        import sys
        if len(sys.argv) < 2:
            print("usage: program.py EPOCHS")
            sys.exit(1)
        epochs = int(sys.argv[1])
        from flax import nnx

        class Net(nnx.Module):
            def __init__(self, *, rngs: nnx.Rngs):
                self.layer = nnx.Linear(4, 2, rngs=rngs)
            def __call__(self, x):
                return self.layer(x)

        sys.exit(0)
        """,
        "Net",
        "nnx",
    ),
    "while_true_at_import": Messy(
        """
        import time
        import flax.linen as nn

        class Net(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(1)(x)

        while True:
            time.sleep(1)
            print("training")
        """,
        "Net",
        "linen",
    ),
    "torchvision_loader": Messy(
        """
        import torch
        from torch.utils import data
        from torchvision.datasets import MNIST
        from torchvision import transforms
        import numpy as np
        import jax.numpy as jnp
        from jax import jit, vmap, random
        import jax

        def numpy_collate(batch):
            return jax.tree.map(np.asarray, data.default_collate(batch))

        class NumpyLoader(data.DataLoader):
            def __init__(self, dataset, batch_size=1, **kwargs):
                super(self.__class__, self).__init__(dataset, batch_size=batch_size, collate_fn=numpy_collate)

        class FlattenAndCast(object):
            def __call__(self, pic):
                return np.ravel(np.array(pic, dtype=jnp.float32))

        mnist_dataset = MNIST('/tmp/mnist/', download=True, transform=FlattenAndCast())
        training_generator = NumpyLoader(mnist_dataset, batch_size=128, num_workers=0)
        train_images = np.array(mnist_dataset.train_data).reshape(len(mnist_dataset.train_data), -1)

        def init_params(key, sizes=(784, 10)):
            return {"w": random.normal(key, sizes), "b": jnp.zeros(sizes[1])}

        def forward(params, x):
            return x @ params["w"] + params["b"]

        def mse_loss(params, x, y):
            return jnp.mean((forward(params, x) - y) ** 2)
        """,
        "init_params/forward",
        "functions",
        {"loss": "mse_loss"},
    ),
    "model_in_a_neighbour": Messy(
        """
        import jax
        import optax
        from model import LeNet, Config
        from losses import *
        import helpers

        cfg = Config(width=8)
        model = LeNet(cfg)
        optimizer = optax.adam(cfg.lr)
        state = helpers.load_checkpoint("best.pkl")
        """,
        "LeNet",
        "linen",
        {"loss": "loss_fn", "optimizer": "optimizer"},
        neighbours={
            "model.py": """
                from dataclasses import dataclass
                import flax.linen as nn
                print("importing model")

                @dataclass(frozen=True)
                class Config:
                    width: int = 6
                    lr: float = 1e-3

                class Block(nn.Module):
                    width: int
                    @nn.compact
                    def __call__(self, x):
                        return nn.relu(nn.Conv(self.width, (3, 3))(x))

                class LeNet(nn.Module):
                    config: Config = Config()
                    @nn.compact
                    def __call__(self, x):
                        x = Block(self.config.width)(x)
                        return nn.Dense(10)(x.reshape((x.shape[0], -1)))

                raise RuntimeError("this file is not meant to be imported")
            """,
            "losses.py": """
                import optax
                def loss_fn(logits, labels):
                    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
            """,
            "helpers.py": """
                import pickle
                def load_checkpoint(path):
                    return pickle.load(open(path, "rb"))
            """,
        },
    ),
    "package_with_relative_imports": Messy(
        """
        from __future__ import annotations
        import dataclasses
        import flax.linen as nn
        from .layers import ConvBlock
        from ..settings import CHANNELS
        from . import activations
        from proj.models.layers import Head

        @dataclasses.dataclass
        class Settings:
            classes: int = 10

        class Net(nn.Module):
            settings: Settings = dataclasses.field(default_factory=Settings)

            @nn.compact
            def __call__(self, x: jnp.ndarray) -> jnp.ndarray:
                for c in CHANNELS:
                    x = ConvBlock(c)(x)
                return Head(self.settings.classes)(activations.act(x))
        """,
        "Net",
        "linen",
        neighbours={
            "proj/__init__.py": "from .train import main\n",
            "proj/train.py": "raise SystemExit('no')\n",
            "proj/settings.py": "CHANNELS = [4, 8]\n",
            "proj/models/__init__.py": "",
            "proj/models/activations.py": "from jax.nn import relu as act\n",
            "proj/models/layers.py": """
                import flax.linen as nn
                class ConvBlock(nn.Module):
                    width: int
                    @nn.compact
                    def __call__(self, x):
                        return nn.relu(nn.Conv(self.width, (3, 3))(x))
                class Head(nn.Module):
                    classes: int
                    @nn.compact
                    def __call__(self, x):
                        return nn.Dense(self.classes)(x.mean((1, 2)))
            """,
        },
        spec="proj/models/net.py",
    ),
    "notebook_exported": Messy(
        """
        #!/usr/bin/env python
        # coding: utf-8

        # # MNIST with Flax

        # In[1]:
        get_ipython().run_line_magic('matplotlib', 'inline')
        get_ipython().system('pip install -q flax')
        import jax, flax.linen as nn, jax.numpy as jnp

        # In[2]:
        class CNN(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(5)(x)

        # In[3]:
        model = CNN()
        params = model.init(jax.random.PRNGKey(0), jnp.ones((1, 784)))
        params

        # In[4]: a second try
        class CNN(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(10)(x)

        # In[5]:
        model = CNN()
        params = model.init(jax.random.PRNGKey(0), jnp.ones((1, 784)))
        jax.tree_map(lambda x: x.shape, params)

        # In[ ]:
        """,
        "CNN",
        "linen",
    ),
    "colab_with_shell_commands": Messy(
        """
        !pip install -q flax optax \\
            tensorflow
        %matplotlib inline
        import flax.linen as nn
        %timeit 1 + 1

        class MLP(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(10)(x)
        MLP?
        """,
        "MLP",
        "linen",
    ),
    "layers_collected_in_a_loop": Messy(
        """
        from jax.example_libraries import stax
        layers = []
        for width in (32, 16):
            layers.append(stax.Dense(width))
            layers.append(stax.Relu)
        layers += [stax.Dense(10)]
        init_fun, apply_fun = stax.serial(*layers)
        """,
        "init_fun/apply_fun",
        "functions",
    ),
    "hand_written_lstm": Messy(
        """
        import numpy as np, jax, jax.numpy as jnp
        np.random.seed(1)
        H = 16
        def sigmoid(x): return 1 / (1 + jnp.exp(-x))
        def init_lstm(key, n_in, n_out):
            k = jax.random.split(key, 3)
            return dict(W=jax.random.normal(k[0], (n_in + H, 4 * H)) * .1, b=jnp.zeros(4 * H),
                        V=jax.random.normal(k[1], (H, n_out)), c=jnp.zeros(n_out))
        def lstm_cell(params, carry, x):
            h, c = carry
            z = jnp.concatenate([x, h], -1) @ params['W'] + params['b']
            i, f, g, o = jnp.split(z, 4, -1)
            c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
            return (h, c), h
        def lstm_forward(params, xs):
            carry = (jnp.zeros(H), jnp.zeros(H))
            for x in xs:
                carry, h = lstm_cell(params, carry, x)
            return h @ params['V'] + params['c']
        batched = jax.vmap(lstm_forward, in_axes=(None, 0))
        def loss(params, xs, ys):
            return jnp.mean((batched(params, xs) - ys) ** 2)
        text = open('input.txt').read()
        """,
        "init_lstm/lstm_forward",
        "functions",
        {"loss": "loss"},
    ),
    "softmax_predict_beside_forward": Messy(
        """
        import jax, jax.numpy as jnp
        def init_params(rng): return [jax.random.normal(rng, (4, 2))]
        def forward(params, x): return x @ params[0]
        def predict(params, x): return jax.nn.softmax(forward(params, x))
        def predict_class(params, x): return jnp.argmax(forward(params, x), axis=-1)
        def loss_fn(params, x, y): return -jnp.mean(jax.nn.log_softmax(forward(params, x))[jnp.arange(len(y)), y])
        loss_and_grad = jax.value_and_grad(loss_fn)
        train_loss_history = []
        """,
        "init_params/forward",
        "functions",
        {"loss": "loss_fn"},
    ),
    "params_made_at_the_top": Messy(
        """
        import jax, jax.numpy as jnp
        key = jax.random.PRNGKey(0)
        key, sub = jax.random.split(key)
        params = {"w": jax.random.normal(sub, (3, 2))}
        key, sub = jax.random.split(key)
        params["b"] = jax.random.normal(sub, (2,))
        def forward(params, x): return x @ params["w"] + params["b"]
        def train(params):
            return params
        params = train(params)
        print(params)
        """,
        "params/forward",
        "functions",
    ),
    "submodules_are_no_candidates": Messy(
        """
        from typing import Any, Callable
        from functools import partial
        import flax.linen as nn
        ModuleDef = Any
        class ResNetBlock(nn.Module):
            filters: int
            conv: ModuleDef
            @nn.compact
            def __call__(self, x): return nn.relu(self.conv(self.filters, (3, 3))(x)) + x
        class Stem(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Conv(8, (3, 3))(x)
        def make_stage(block): return block(8, partial(nn.Conv, use_bias=False))
        class BaseNet(nn.Module):
            block: ModuleDef
            classes: int = 10
        class ResNet(BaseNet):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(self.classes)(make_stage(self.block)(Stem()(x)).mean((1, 2)))
        ResNet18 = partial(ResNet, block=ResNetBlock)
        """,
        "ResNet18",
        "linen",
        spec=":ResNet",
    ),
    "haiku_not_installed_beside_linen": Messy(
        """
        import haiku as hk
        import flax.linen as nn
        def hk_net(x): return hk.Linear(10)(x)
        hk_model = hk.without_apply_rng(hk.transform(hk_net))
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(10)(x)
        """,
        "Net",
        "linen",
    ),
    "clu_metrics_tutorial": Messy(
        """
        from clu import metrics
        from flax.training import train_state
        from flax import struct
        import flax.linen as nn, optax, jax.numpy as jnp, jax
        import tensorflow_datasets as tfds
        import tensorflow as tf

        class CNN(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(features=10)(x)

        @struct.dataclass
        class Metrics(metrics.Collection):
            accuracy: metrics.Accuracy
            loss: metrics.Average.from_output('loss')

        class TrainState(train_state.TrainState):
            metrics: Metrics

        def create_train_state(module, rng, learning_rate, momentum):
            params = module.init(rng, jnp.ones([1, 28, 28, 1]))['params']
            tx = optax.sgd(learning_rate, momentum)
            return TrainState.create(apply_fn=module.apply, params=params, tx=tx, metrics=Metrics.empty())

        @jax.jit
        def train_step(state, batch):
            def loss_fn(params):
                logits = state.apply_fn({'params': params}, batch['image'])
                return optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch['label']).mean()
            grad_fn = jax.grad(loss_fn)
            return state.apply_gradients(grads=grad_fn(state.params))

        @jax.jit
        def compute_metrics(*, state, batch):
            return state

        num_epochs = 10
        train_ds, test_ds = get_datasets(num_epochs, 32)
        tf.random.set_seed(0)
        init_rng = jax.random.key(0)
        state = create_train_state(cnn, init_rng, 0.01, 0.9)
        for step, batch in enumerate(train_ds.as_numpy_iterator()):
            state = train_step(state, batch)
        """,
        "CNN",
        "linen",
        {"train_step": "train_step", "metric": "compute_metrics", "loss": "train_step.loss_fn"},
        stubs=(),
    ),
    "nnx_tutorial": Messy(
        '''
        import tensorflow_datasets as tfds
        import tensorflow as tf
        tf.random.set_seed(0)
        train_steps = 1200
        train_ds: tf.data.Dataset = tfds.load('mnist', split='train')
        from flax import nnx
        from functools import partial

        class CNN(nnx.Module):
          """A simple CNN model."""
          def __init__(self, *, rngs: nnx.Rngs):
            self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
            self.avg_pool = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2))
            self.linear = nnx.Linear(32 * 14 * 14, 10, rngs=rngs)
          def __call__(self, x):
            x = self.avg_pool(nnx.relu(self.conv1(x)))
            return self.linear(x.reshape(x.shape[0], -1))

        model = CNN(rngs=nnx.Rngs(0))
        nnx.display(model)
        import jax.numpy as jnp
        y = model(jnp.ones((1, 28, 28, 1)))
        import optax
        learning_rate = 0.005
        optimizer = nnx.Optimizer(model, optax.adamw(learning_rate, 0.9), wrt=nnx.Param)
        metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average('loss'))

        def loss_fn(model: CNN, batch):
          logits = model(batch['image'])
          loss = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch['label']).mean()
          return loss, logits

        @nnx.jit
        def train_step(model: CNN, optimizer: nnx.Optimizer, metrics: nnx.MultiMetric, batch):
          grad_fn = nnx.value_and_grad(loss_fn, has_aux=True)
          (loss, logits), grads = grad_fn(model, batch)
          metrics.update(loss=loss, logits=logits, labels=batch['label'])
          optimizer.update(model, grads)

        from IPython.display import clear_output
        import matplotlib.pyplot as plt
        metrics_history = {'train_loss': []}
        for step, batch in enumerate(train_ds.as_numpy_iterator()):
          train_step(model, optimizer, metrics, batch)
          if step > 0:
            plt.show()
        model.eval()
        ''',
        "CNN",
        "nnx",
        {"optimizer": "optimizer", "loss": "loss_fn", "train_step": "train_step"},
    ),
    "downloads_by_hand": Messy(
        """
        import os, urllib.request, gzip
        import numpy as np
        import flax.linen as nn
        URL = "http://yann.lecun.com/exdb/mnist/"
        if not os.path.exists("data"):
            os.makedirs("data")
        for f in ["train-images-idx3-ubyte.gz"]:
            if not os.path.exists("data/" + f):
                urllib.request.urlretrieve(URL + f, "data/" + f)
        with gzip.open("data/train-images-idx3-ubyte.gz") as f:
            X = np.frombuffer(f.read(), np.uint8, offset=16)
        mean, std = X.mean(), X.std()
        def normalize(x):
            return (x - mean) / std
        class MLP(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(10)(x)
        """,
        "MLP",
        "linen",
        {"preprocess": "normalize"},
    ),
    "text_read_for_its_vocabulary": Messy(
        """
        import flax.linen as nn
        with open("input.txt") as f:
            text = f.read()
        chars = sorted(list(set(text)))
        vocab_size = len(chars)
        stoi = {c: i for i, c in enumerate(chars)}
        encode = lambda s: [stoi[c] for c in s]
        class CharLSTM(nn.Module):
            @nn.compact
            def __call__(self, ids):
                x = nn.Embed(vocab_size, 8)(ids)
                x = nn.RNN(nn.LSTMCell(16))(x)
                return nn.Dense(vocab_size)(x[:, -1])
        """,
        "CharLSTM",
        "linen",
        neighbours={"input.txt": "hello world"},
    ),
    "builder_functions": Messy(
        """
        import flax.linen as nn
        def create_model(classes=10):
            return nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(classes)])
        """,
        "create_model",
        "linen",
    ),
    "instance_without_a_class": Messy(
        """
        import jax, optax
        from flax import nnx
        net = nnx.Sequential(nnx.Linear(4, 8, rngs=nnx.Rngs(0)), nnx.relu, nnx.Linear(8, 2, rngs=nnx.Rngs(1)))
        opt = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))
        """,
        "net",
        "nnx",
        {"optimizer": "opt"},
    ),
    "plain_class_with_init_and_apply": Messy(
        """
        import jax, jax.numpy as jnp
        class MLP:
            def __init__(self, sizes=(4, 8, 2)):
                self.sizes = sizes
            def init(self, key):
                return [jax.random.normal(key, s) for s in zip(self.sizes[:-1], self.sizes[1:])]
            def apply(self, params, x):
                for w in params[:-1]:
                    x = jnp.tanh(x @ w)
                return x @ params[-1]
        """,
        "MLP",
        "functions",
    ),
    "refkit_implementation": Messy(
        """
        import refkit
        from refkit.implementation import Implementation
        import jax, flax.linen as nn
        class Inner(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(2)(x)
        class Other(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(3)(x)
        net = Inner()
        def init(key): return net.init(key, jax.numpy.ones((1, 4)))
        mine = Implementation(init=init, apply=lambda p, x: net.apply(p, x))
        """,
        "mine",
        "implementation",
    ),
    "old_config_import": Messy(
        """
        from jax.config import config
        config.update("jax_enable_x64", True)
        import jax
        jax.config.update("jax_debug_nans", True)
        import os
        os.environ["CUDA_VISIBLE_DEVICES"] = "0"
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        os.chdir("/")
        import random, numpy as np
        random.seed(0); np.random.seed(0)
        import flax.linen as nn
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(2)(x)
        """,
        "Net",
        "linen",
    ),
    "optional_packages": Messy(
        """
        try:
            import wandb
            USE_WANDB = True
        except ImportError:
            USE_WANDB = False
        try:
            from tqdm.auto import tqdm
        except:
            tqdm = lambda x: x
        try:
            import torchvision
        except ImportError:
            raise SystemExit("please install torchvision")
        import flax.linen as nn
        class Net(nn.Module):
            width: int = 3 if USE_WANDB else 5
            @nn.compact
            def __call__(self, x):
                for _ in tqdm(range(2)): x = nn.Dense(self.width)(x)
                return x
        """,
        "Net",
        "linen",
    ),
    "sys_path_appended": Messy(
        """
        import os, sys
        sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'shared_code'))
        sys.path.insert(0, '../lib')
        from blocks import Block
        from mathlib import WIDTH
        import flax.linen as nn
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return Block(WIDTH)(x)
        """,
        "Net",
        "linen",
        neighbours={
            "shared_code/blocks.py": """
                import flax.linen as nn
                class Block(nn.Module):
                    n: int
                    @nn.compact
                    def __call__(self, x): return nn.Dense(self.n)(x)
            """,
            "lib/mathlib.py": "WIDTH = 7\n",
        },
        spec="scripts/train.py",
    ),
    "ml_collections_config": Messy(
        """
        import ml_collections
        from ml_collections import config_dict
        import flax.linen as nn
        def get_config():
            config = ml_collections.ConfigDict()
            config.hidden = 12
            config.model = ml_collections.ConfigDict({"classes": 3})
            return config
        config = get_config()
        config.hidden = 13
        config.update({"act": "tanh"})
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x):
                return nn.Dense(config.model.classes)(getattr(nn, config.act)(nn.Dense(config.hidden)(x)))
        """,
        "Net",
        "linen",
        stubs=("ml_collections",),
    ),
    "imports_inside_functions": Messy(
        """
        def build_model():
            import flax.linen as nn
            from layers import width
            return nn.Dense(width())
        """,
        "build_model",
        "linen",
        neighbours={"layers.py": "def width():\n    from sizes import W\n    return W\n", "sizes.py": "W = 9\n"},
    ),
    "opt_triple_of_example_libraries": Messy(
        """
        import jax
        from jax.example_libraries import stax, optimizers
        net_init, net_apply = stax.serial(stax.Dense(3))
        opt_init, opt_update, get_params = optimizers.momentum(1e-3, mass=0.9)
        @jax.jit
        def step(i, opt_state, batch):
            params = get_params(opt_state)
            return opt_update(i, jax.grad(loss)(params, batch), opt_state)
        def loss(params, batch):
            x, y = batch
            return ((net_apply(params, x) - y) ** 2).mean()
        """,
        "net_init/net_apply",
        "functions",
        {"optimizer": "opt_init/opt_update/get_params", "train_step": "step", "loss": "loss"},
    ),
    "names_that_shadow_builtins": Messy(
        """
        from functools import partial
        print = partial(print, flush=True)
        import flax.linen as nn
        input = 4
        max = 3
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(input + max)(x)
        print("ready")
        """,
        "Net",
        "linen",
    ),
    "input_at_import": Messy(
        """
        import flax.linen as nn
        name = input("Which model? ")
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(2)(x)
        if name == "big":
            model = Net()
        """,
        "Net",
        "linen",
    ),
    "everything_in_main": Messy(
        """
        import jax, flax.linen as nn, optax
        from datasets import load_dataset
        class LSTM(nn.Module):
            hidden: int = 8
            @nn.compact
            def __call__(self, x):
                return nn.Dense(1)(nn.RNN(nn.OptimizedLSTMCell(self.hidden))(x)[:, -1])
        def mse(model, params, x, y): return ((model.apply(params, x) - y) ** 2).mean()
        def main():
            ds = load_dataset("imdb")
            tx = optax.adam(1e-3)
        main()
        """,
        "LSTM",
        "linen",
        {"loss": "mse", "train": "main", "optimizer": None},
    ),
    "neighbour_named_like_a_package": Messy(
        """
        import datasets
        import utils
        import flax.linen as nn
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(utils.WIDTH + datasets.CLASSES)(x)
        """,
        "Net",
        "linen",
        neighbours={"utils.py": "WIDTH = 2\n", "datasets/__init__.py": "CLASSES = 3\n"},
    ),
    "circular_neighbours": Messy(
        """
        import flax.linen as nn
        from layers import Block
        SIZE = 4
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return Block()(x)
        """,
        "Net",
        "linen",
        neighbours={
            "layers.py": """
                import flax.linen as nn
                from program import SIZE
                class Block(nn.Module):
                    @nn.compact
                    def __call__(self, x): return nn.Dense(SIZE)(x)
            """
        },
    ),
    "rebound_names": Messy(
        """
        import flax.linen as nn
        hidden = 5
        small = nn.Dense(hidden)
        hidden = 11
        class Net(nn.Module):
            @nn.compact
            def __call__(self, x): return nn.Dense(hidden + small.features)(x)
        def step(x): return x
        step = [step][0]
        hidden += 1
        """,
        "Net",
        "linen",
        {"train_step": "step"},
    ),
    "eight_bit_windows_file": Messy(
        "import flax.linen as nn\r\nclass Net(nn.Module):\r\n    @nn.compact\r\n    def __call__(self, x):\r\n"
        "        return nn.Dense(2)(x)\r\n",
        "Net",
        "linen",
    ),
}
SPECIAL_PATHS = {"package_with_relative_imports": "proj/models/net.py", "sys_path_appended": "scripts/train.py"}


def spec_of(case, program, id):
    path = program(case.text, SPECIAL_PATHS.get(id, "program.py"), case.neighbours)
    return path + case.spec if case.spec.startswith(":") else path


@pytest.mark.parametrize("id", MESSY)
def test_the_model_and_its_parts_are_found(id, program, no_trace):
    case = MESSY[id]
    spec = spec_of(case, program, id)
    before = no_trace()
    loaded = load(spec, limit_s=50)
    model = the_model(loaded)
    found = {role: part and part.name for role in case.parts for part in [find_part(loaded, role)]}
    assert (model.kind, found) == (case.kind, case.parts)
    assert model.name == (case.spec[1:] if case.spec.startswith(":") else case.model)
    assert set(case.stubs) <= set(loaded.stubs)
    assert no_trace() == before


SHAPES = {
    "linen_mnist_example": ((2, 28, 28, 1), 10),
    "argparse_at_the_top": ((2, 30), 2),
    "absl_flags": ((2, 30), 2),
    "wandb_and_matplotlib": ((2, 30), 10),
    "model_in_a_neighbour": ((2, 8, 8, 1), 10),
    "package_with_relative_imports": ((2, 8, 8, 1), 10),
    "notebook_exported": ((2, 784), 10),
    "nnx_tutorial": ((2, 28, 28, 1), 10),
    "optional_packages": ((2, 4), 5),
    "sys_path_appended": ((2, 4), 7),
    "ml_collections_config": ((2, 4), 3),
    "imports_inside_functions": ((2, 4), 9),
    "names_that_shadow_builtins": ((2, 4), 7),
    "neighbour_named_like_a_package": ((2, 4), 5),
    "circular_neighbours": ((2, 4), 4),
    "rebound_names": ((2, 4), 17),
}


@pytest.mark.parametrize("id", SHAPES)
def test_the_model_runs_with_what_its_functions_read(id, program):
    case = MESSY[id]
    shape, outputs = SHAPES[id]
    loaded = load(spec_of(case, program, id))
    found = the_model(loaded)
    x = jax.numpy.ones(shape)
    with loaded.active():
        if found.kind == "nnx":
            from flax import nnx

            arguments = (nnx.Rngs(0),) if id == "argparse_at_the_top" else ()
            model = found.object(*arguments, **({} if arguments else {"rngs": nnx.Rngs(0)}))
            y = jax.eval_shape(lambda x: model(x), x)
        else:
            model = found.object() if isinstance(found.object, type) else found.object
            y = jax.eval_shape(lambda x: model.apply(model.init(jax.random.key(0), x), x), x)
    assert y.shape == (shape[0], outputs)


def test_a_vocabulary_is_read_from_its_file(program):
    case = MESSY["text_read_for_its_vocabulary"]
    loaded = load(spec_of(case, program, "text_read_for_its_vocabulary"))
    assert loaded.module.vocab_size == len(set("hello world"))
