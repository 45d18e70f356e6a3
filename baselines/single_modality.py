"""One modality alone: what can be told from the picture without the words, or the other way round."""

import numpy as np

from baselines.baseline import Baseline, Inputs, Predict, are_classes
from baselines.logistic_regression import fit as fit_logistic_regression
from baselines.majority import fit as fit_majority


def is_words(part: np.ndarray) -> bool:
    return np.issubdtype(part.dtype, np.integer) and part.dtype != np.uint8


def has_both(inputs: Inputs, targets: np.ndarray) -> bool:
    return are_classes(inputs, targets) and sorted(map(is_words, inputs)) == [False, True]


def fit_picture(inputs: Inputs, targets: np.ndarray) -> Predict:
    """Logistic regression on the pixels."""
    keep = lambda parts: tuple(part for part in parts if not is_words(part))
    predict = fit_logistic_regression(keep(inputs), targets)
    return lambda parts: predict(keep(parts))


def fit_words(inputs: Inputs, targets: np.ndarray) -> Predict:
    """The commonest answer to each sentence: nothing that sees the words alone does better on many examples."""
    (sentences,) = (part for part in inputs if is_words(part))
    otherwise = fit_majority(inputs, targets)(inputs)[0]
    known, which = np.unique(sentences, axis=0, return_inverse=True)
    answers = {tuple(words): np.bincount(targets[which == k]).argmax() for k, words in enumerate(known)}

    def predict(parts: Inputs) -> np.ndarray:
        (sentences,) = (part for part in parts if is_words(part))
        return np.array([answers.get(tuple(words), otherwise) for words in sentences])

    return predict


PICTURE_ALONE = Baseline(
    "picture-alone", "Logistic regression on the pixels, without the words.", fit_picture, has_both
)
WORDS_ALONE = Baseline(
    "words-alone", "The commonest answer to each sentence, without the picture.", fit_words, has_both
)
