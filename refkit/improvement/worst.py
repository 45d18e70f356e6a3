"""The examples that are answered worst, in words and as a sheet of pictures."""

from pathlib import Path

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.answers import answers_for
from refkit.evaluation.cells import row_words
from refkit.evaluation.means import of_label
from refkit.evaluation.metric import find_metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.telling import aligned

SHOWN, ON_SHEET, ACROSS = 8, 24, 8


def badness(predictions: Predictions) -> np.ndarray:
    """How bad each answer is, `f64[rows]`, 0 for right ones: 1 less the score of the label, or how far off a number is."""
    if not predictions.classes:
        return np.abs(predictions.label - predictions.prediction)
    wrong = answers_for(predictions, find_metric("accuracy")) != predictions.label
    if predictions.scores is None:
        return wrong.astype(float)
    own = of_label(predictions.label, predictions.scores)
    return np.where(wrong, 1 + own.max() - own, 0.0)


def worst(predictions: Predictions, split: str, most: int) -> np.ndarray:
    """Rows of a split, the worst first; wrong ones alone, and of equally bad ones the first."""
    rows = predictions.splits[split]
    bad = badness(predictions)[rows]
    order = np.argsort(-bad, kind="stable")[:most]
    return rows[order[bad[order] > 0]]


def tell(predictions: Predictions, split: str) -> str:
    rows = worst(predictions, split, SHOWN)
    if not len(rows):
        return f"no answer on {split} is wrong"
    answers = predictions.prediction if not predictions.classes else answers_for(predictions, find_metric("accuracy"))
    scored = predictions.scores is not None
    table = [("", "label", "prediction", *(["score of label"] if scored else []), *predictions.columns)]
    own = of_label(predictions.label, predictions.scores) if scored else None
    for row in rows:
        more = [f"{own[row]:.3g}"] if scored else []
        more += [str(column[row]) for column in predictions.columns.values()]
        table.append(
            (row_words(int(row), predictions.first_line), predictions.shown(predictions.label[row]))
            + (predictions.shown(answers[row]), *more)
        )
    return "\n".join([f"the worst answers on {split}", *aligned(table)])


def draw_sheet(predictions: Predictions, split: str, file: str) -> int:
    """Write the worst answers as pictures, each under its label and what it was taken for; how many there are.

    Raises:
        RefkitError: there are no pictures, none is wrong, or the file cannot be written.
    """
    if predictions.pictures is None:
        raise RefkitError(
            f"`{predictions.source}` has no pictures for `--sheet`: give an .npz with an array `picture` of one picture a row"
        )
    rows = worst(predictions, split, ON_SHEET)
    if not len(rows):
        raise RefkitError(f"no answer on {split} is wrong, so there is no sheet to draw")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    answers = predictions.prediction if not predictions.classes else answers_for(predictions, find_metric("accuracy"))
    down = -(-len(rows) // ACROSS)
    drawn, axes = plt.subplots(down, ACROSS, figsize=(1.3 * ACROSS, 1.6 * down), squeeze=False, layout="constrained")
    for place in axes.flat:
        place.axis("off")
    for place, row in zip(axes.flat, rows):
        place.imshow(as_shown(predictions.pictures[row]), cmap="gray")
        label, answer = predictions.shown(predictions.label[row]), predictions.shown(answers[row])
        place.set_title(f"{label} as {answer}\n{row_words(int(row), predictions.first_line)}", fontsize=7)
    drawn.suptitle(f"the worst answers on {split}: label as prediction", fontsize=9)
    try:
        drawn.savefig(Path(file), dpi=110, format="png", metadata={"Software": None})
    except OSError as error:
        raise RefkitError(f"`{file}` cannot be written: {error.strerror or error}; give another `--sheet`") from error
    finally:
        plt.close(drawn)
    return len(rows)


def as_shown(picture: np.ndarray) -> np.ndarray:
    """In 0 to 1, whatever it was scaled to; one channel as none."""
    picture = picture[..., 0] if picture.ndim == 3 and picture.shape[-1] not in (3, 4) else picture
    low, high = float(picture.min()), float(picture.max())
    return (picture - low) / ((high - low) or 1.0)
