"""What is wrong with the labels of the parts of a data set."""

import re

import numpy as np

from refkit.diagnosis.data.parts_of_data import labelled
from refkit.diagnosis.data.recording import last_return
from refkit.diagnosis.data.split_examples import Examined
from refkit.diagnosis.data.symptom import Symptom
from refkit.probes.tagged_identity import Identity

ALIKE = 0.9  # correlation of the ranks of targets that may have been transformed
APART = 0.5  # half of the summed differences of the shares of classes: two random parts of these sizes stay below
MIRRORS = re.compile(r"autoencod|reconstruct|copy|denois|identity", re.IGNORECASE)


class LabelJudge(Examined):
    """Labels beside the raw ones, and beside those of the other parts."""

    def of_labels(self) -> list[Symptom]:
        symptoms = []
        for piece, known in zip(self.found, self.known):
            if piece.labels is None:
                continue
            if (
                piece.labels.shape == piece.inputs.shape
                and not MIRRORS.search(self.situation.source)
                and np.array_equal(piece.labels, piece.inputs)
            ):
                return [
                    self.symptom(
                        "target is input",
                        message="the target of every example is its own input",
                        line=last_return(self.steps),
                    )
                ]
            labels = labelled(piece.labels)
            if labels is not None and self.situation.regression and known is not None:
                symptoms += self.targets_beside_raw(labels, known)
                if symptoms:
                    return symptoms
            if labels is None or labels.dtype.kind not in "iu" or self.situation.regression:
                continue
            if known is not None and self.raw is not None:
                symptoms += self.beside_raw(labels, known)
            if (
                not symptoms
                and labels.size
                and self.situation.outputs > 2
                and (labels.max() == self.situation.outputs and labels.min() == 1)
            ):
                line = self.made(
                    lambda value: (
                        value.dtype.kind in "iu"
                        and value.ndim == 1
                        and len(value) >= len(labels)
                        and value.max() == self.situation.outputs
                        and value.min() == 1
                    )
                )
                symptoms = [self.symptom("labels shifted", message=f"labels reach from 1 to {labels.max()}", line=line)]
            if symptoms:
                return symptoms
        return self.of_classes()

    def of_labels_beside(self) -> list[Symptom]:
        """Labels of the training examples beside those that were read with them."""
        labels, known = self.found[0].labels, self.known[0]
        labels = None if labels is None else labelled(labels)
        if labels is None or known is None:
            return []
        return (
            self.beside_raw(labels, known) if not self.situation.regression else self.targets_beside_raw(labels, known)
        )

    def targets_beside_raw(self, labels: np.ndarray, known: Identity) -> list[Symptom]:
        """Targets beside the raw ones of the same examples, by their ranks: a scale, or a logarithm, is a choice."""
        good, raw = known.rows >= 0, np.asarray(self.raw[1], np.float64)
        if raw.ndim != 1 or labels.ndim != 1 or len(labels) != len(good) or good.sum() < 10:
            return []
        ranks = [np.argsort(np.argsort(array, kind="stable")) for array in (raw[known.rows[good]], labels[good])]
        if not np.ptp(labels) or abs(np.corrcoef(*ranks)[0, 1]) > ALIKE:
            return []
        line = self.made(lambda value: value.size == labels.size and np.array_equal(value.ravel(), labels))
        return [self.symptom("labels apart", message="the examples have the targets of others", line=line)]

    def beside_raw(self, labels: np.ndarray, known: Identity) -> list[Symptom]:
        good = known.rows >= 0
        raw = np.asarray(self.raw[1])
        if raw.dtype.kind not in "iu" or raw.ndim != 1 or len(labels) != len(good):
            return []
        right, mine = raw[known.rows[good]], labels[good].astype(np.int64)
        if np.array_equal(right, mine) or (len(np.unique(raw)) == 2 and np.array_equal(right, 1 - mine)):
            return []
        apart = np.unique(mine - right)
        if len(apart) == 1 and abs(apart[0]) == 1:
            line = self.made(
                lambda value: (
                    value.dtype.kind in "iu"
                    and value.shape == raw.shape
                    and np.array_equal(np.sort(value), np.sort(raw + apart[0]))
                )
            )
            return [self.symptom("labels shifted", message=f"every label comes out as {apart[0]:+d}", line=line)]
        pairs = {(a, b) for a, b in zip(right.tolist(), mine.tolist())}
        if len(pairs) == len({a for a, _ in pairs}):
            return []  # classes under other numbers, or fewer of them
        if len(self.situation.data_inputs) > 1:
            return []  # answers follow from all inputs together, and what was read is the class of one of them
        wrong = (right != mine).mean()
        if wrong < 0.1:
            return []
        line = self.made(lambda value: value.shape == labels.shape and np.array_equal(value, labels))
        return [
            self.symptom("labels apart", message=f"{100 * wrong:.0f} % of the examples have another's label", line=line)
        ]

    def of_classes(self) -> list[Symptom]:
        every = [labelled(piece.labels) for piece in self.found if piece.labels is not None]
        if (
            len(self.found) < 2
            or len(every) < 2
            or any(label is None or label.dtype.kind not in "iu" for label in every)
        ):
            return []
        classes = set(np.unique(np.concatenate(every)).tolist())
        shares = [np.array([(labels == one).mean() for one in sorted(classes)]) for labels in every[:2]]
        if len(classes) <= 20 and min(len(labels) for labels in every[:2]) >= 3 * len(classes):
            apart = np.abs(shares[0] - shares[1]).sum() / 2
            if apart > APART:
                most = int(np.abs(shares[0] - shares[1]).argmax())
                message = (
                    f"class {sorted(classes)[most]} has {100 * shares[0][most]:.0f} % of the training examples and "
                    f"{100 * shares[1][most]:.0f} % of the others"
                )
                return [self.symptom("classes apart", message=message, line=self.index_line())]
        return []

    def index_line(self) -> int:
        """The line that put the examples into the order in which they are cut."""
        count = sum(len(piece.inputs) for piece in self.found)
        return self.made(
            lambda value: (
                value.shape == (count,)
                and value.dtype.kind in "iu"
                and np.array_equal(np.sort(value), np.arange(count))
            )
        )
