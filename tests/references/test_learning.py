"""What the references learn, where a simpler answer cannot."""

import pytest
from flax import nnx
from sklearn.datasets import make_moons

from baselines import scores
from baselines.logistic_regression import LOGISTIC_REGRESSION
from refkit.references import mlp, multimodal


def test_mlp_beats_logistic_regression_where_no_line_parts_the_classes():
    x, labels = make_moons(1_000, noise=0.1, random_state=0)
    (x, labels), (test_x, test_labels) = mlp.split(x, labels)
    config = mlp.Config(features=2, epochs=60, learning_rate=1e-2)
    model = mlp.MLP(config, nnx.Rngs(0))
    optimizer = mlp.make_optimizer(model, config)
    for epoch in range(config.epochs):
        for batch in mlp.batches(mlp.preprocess(x, x), labels, config.batch_size, seed=epoch):
            mlp.train_step(model, optimizer, *batch)
    floor = scores.accuracy(LOGISTIC_REGRESSION.fit((x,), labels)((test_x,)), test_labels)
    assert mlp.accuracy(model, mlp.preprocess(test_x, x), test_labels) > floor + 0.08


@pytest.mark.slow
@pytest.mark.parametrize("blank, most", [("image", 0.47), ("words", 0.3)])
def test_one_modality_alone_is_not_enough_for_the_network_either(blank, most):
    """With the picture blank it can only know the sentences (5/12 right), with the words blank only the shapes (1/4)."""
    config = multimodal.Config(epochs=4)
    parts = [
        list(multimodal.shapes_and_questions(10_000, seed=0)),
        list(multimodal.shapes_and_questions(2_000, seed=1)),
    ]
    for part in parts:
        part[0] = multimodal.preprocess(part[0])
        part[("image", "words").index(blank)][:] = 0
    model = multimodal.Multimodal(config, nnx.Rngs(0))
    optimizer = multimodal.make_optimizer(model, config)
    for epoch in range(config.epochs):
        for batch in multimodal.batches(*parts[0], config.batch_size, seed=epoch):
            multimodal.train_step(model, optimizer, *batch)
    right = multimodal.accuracy(model, *parts[1])
    assert right < most
