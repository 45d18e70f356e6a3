"""Parts that one function makes with two seeds are apart, however often one of an example's inputs repeats."""

import ast

import numpy as np

from refkit.adapters.parts.made import made_part
from refkit.diagnosis.data.making import observe_made
from refkit.diagnosis.data.situation import Situation
from refkit.implementation import Input

INPUTS = (Input("image", "image", (4, 4, 1)), Input("words", "tokens", (6,), dtype="int32", high=50))


def load(n, seed):
    """Few pictures, many questions."""
    rng = np.random.default_rng(seed)
    image = np.zeros((n, 4, 4, 1), np.float32)
    image[np.arange(n), rng.integers(4, size=n)] = 1
    return image, rng.integers(1, 50, (n, 6)).astype(np.int32), rng.integers(0, 5, n).astype(np.int32)


def symptoms(text):
    part = made_part({"load": load}.get, ast.parse("def load(n, seed): ...\n" + text))
    found, _ = observe_made(part, Situation("multimodal", INPUTS, 5, False, "mine.py", text))
    return [symptom.kind for symptom in found]


def test_pictures_that_repeat_are_no_test_examples_in_training():
    assert symptoms("train, test = load(400, 0), load(50, 1)") == []


def test_one_seed_for_both_is():
    assert symptoms("train, test = load(400, 0), load(400, 0)") == ["overlap"]
