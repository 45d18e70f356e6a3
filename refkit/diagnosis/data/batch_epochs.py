"""What is wrong with the epochs of batches that were seen: their labels, words, ids, order and number."""

import functools
import re

import numpy as np

from refkit.adapters.parts.preprocess import takes
from refkit.diagnosis.data.arrival import Seen, as_ids, rows_of
from refkit.diagnosis.data.callsites import calls_of
from refkit.diagnosis.data.loops import left_early, loop_above
from refkit.diagnosis.data.recording import Step, first_line, last_return
from refkit.diagnosis.data.situation import Situation, widths
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_examples import Tagged
from refkit.probes.tagged_identity import identify

CHANCES = re.compile(r"permut|shuffl|choice|randint|integers\(|random_state|sample\(")
KEEPS_PADDING = re.compile(r"pad|reserv|unknown|<unk>|shift", re.IGNORECASE)


class Judge:
    """What is wrong with the epochs that were seen."""

    def __init__(
        self, part: Part, situation: Situation, data: Tagged, epochs: list[Seen], steps: list[Step], endless: bool
    ):
        self.part, self.situation, self.data, self.epochs, self.steps, self.endless = (
            part,
            situation,
            data,
            epochs,
            steps,
            endless,
        )
        self.note = ""
        self.symptom = functools.partial(Symptom, role=part.role)

    def symptoms(self) -> list[Symptom]:
        found = [*self.of_labels(), *self.of_modalities(), *self.of_ids(), *self.of_views()]
        first = self.epochs[0]
        if (first.rows < 0).mean() > 0.2:
            return found
        return [*found, *self.of_order(), *self.of_count()]

    def yielded(self) -> int:
        return last_return(self.steps)

    def of_labels(self) -> list[Symptom]:
        seen = self.epochs[0]
        if seen.labels is None:
            return []
        good = seen.rows >= 0
        if seen.labels.size == seen.inputs.size and np.array_equal(seen.labels.ravel(), seen.inputs.ravel()):
            return [
                self.symptom(
                    "target is input", message="the target of every example is its own input", line=self.yielded()
                )
            ]
        labels = as_ids(seen.labels, self.data.labels)
        if labels is None or not good.any():
            return []
        right = self.data.labels[seen.rows[good]].reshape(int(good.sum()), -1)
        mine = labels[good].reshape(int(good.sum()), -1)
        if mine.shape != right.shape or np.allclose(mine, right):
            return []
        apart = mine - right
        if np.issubdtype(self.data.labels.dtype, np.integer) and len(np.unique(apart)) == 1 and abs(apart.flat[0]) == 1:
            line = self.label_line(
                lambda value: (
                    value.shape == self.data.labels.shape
                    and np.array_equal(value, self.data.labels + int(apart.flat[0]))
                )
            )
            return [
                self.symptom(
                    "labels shifted",
                    message=f"every label comes out as {int(apart.flat[0]):+d}",
                    line=line or self.yielded(),
                )
            ]
        if self.data.labels.dtype.kind == "f":
            found = identify(self.data.labels, mine.reshape(-1, *self.data.labels.shape[1:]))
            if found is not None and np.array_equal(found.rows, seen.rows[good]):
                return []
        wrong = (np.abs(apart) > 1e-4).any(axis=1).mean()
        if wrong < 0.15:
            return []
        line = self.label_line(
            lambda value: (
                value.shape == self.data.labels.shape
                and not np.array_equal(value, self.data.labels)
                and np.array_equal(np.sort(value.ravel()), np.sort(self.data.labels.ravel()))
            )
        )
        return [
            self.symptom(
                "labels apart",
                message=f"{100 * wrong:.0f} % of the examples arrive with another's label",
                line=line or self.yielded(),
            )
        ]

    def label_line(self, wanted) -> int:
        return first_line(self.steps, wanted)

    def of_modalities(self) -> list[Symptom]:
        seen = self.epochs[0]
        if seen.words is None:
            return []
        good = (seen.rows >= 0) & (seen.words >= 0)
        wrong = (seen.rows[good] != seen.words[good]).mean() if good.any() else 0
        if wrong < 0.15:
            return []
        return [
            self.symptom(
                "words apart",
                message=f"{100 * wrong:.0f} % of the pictures arrive with another's words",
                line=self.yielded(),
            )
        ]

    def of_ids(self) -> list[Symptom]:
        seen = self.epochs[0]
        if seen.ids is None or "tokens" not in self.data.kinds:
            return []
        raw = self.data.inputs[self.data.kinds.index("tokens")]
        rows = seen.words if seen.words is not None else rows_of(raw, np.asarray(seen.ids))
        if (rows < 0).any() or seen.ids.shape[1] != raw.shape[1]:
            return []
        shift = np.unique(np.asarray(seen.ids, np.int64) - raw[rows])
        if not len(shift) or not shift.any():
            return []
        high = self.situation.words.high if self.situation.words is not None else None
        if len(shift) > 1 and high is not None and (seen.ids.max() >= high or seen.ids.min() < 0):
            return [
                self.symptom(
                    "ids out of range",
                    message=f"ids reach from {seen.ids.min()} to {seen.ids.max()}, the embedding has {high} rows",
                    line=self.yielded(),
                )
            ]
        if shift.max() > 0 and KEEPS_PADDING.search(text_around(self.situation.source, self.yielded())):
            return []
        return [
            self.symptom(
                "ids shifted", message=f"every word id comes out as {int(shift[shift != 0][0]):+d}", line=self.yielded()
            )
        ]

    def of_views(self) -> list[Symptom]:
        views = {view for epoch in self.epochs for view in epoch.views if view}
        if not views or self.situation.image is None or not self.situation.of_digits():
            return []
        upright = any(not view for epoch in self.epochs for view in epoch.views)
        kind = "turned at random" if upright or len(views) > 1 else "turned"
        line = first_line(self.steps, self.turned) or self.yielded()
        return [
            self.symptom(
                kind,
                message=f"pictures arrive {' or '.join(sorted(views))}: of a digit that is another one or none",
                line=line,
            )
        ]

    def turned(self, value: np.ndarray) -> bool:
        raw = self.data.inputs[self.data.kinds.index("image")]
        if value.ndim < 3 or widths(value) != widths(raw):
            return False
        for one in value[:8]:
            found = identify(raw, one[None].reshape(1, *raw.shape[1:]), images=True)
            if found is not None and found.view:
                return True
        return False

    def of_order(self) -> list[Symptom]:
        first, second = self.epochs[0], self.epochs[1] if len(self.epochs) > 1 else None
        in_order = len(first.rows) > 1 and bool((np.diff(first.rows) >= 0).all())
        by_class = (
            bool((np.diff(self.data.labels[first.rows].ravel()) >= 0).all())
            if self.data.labels.dtype.kind == "i"
            else False
        )
        same = second is not None and np.array_equal(first.rows, second.rows)
        chosen = self.takes_chance()
        if by_class and not in_order:
            return [self.symptom("sorted", message="examples arrive sorted by their class", line=self.order_line())]
        if not same or not (in_order or chosen or self.endless):
            return []
        if chosen or self.endless or self.trains_without_chance():
            how = "in the order in which they were handed over" if in_order else "in the same order"
            return [self.symptom("same order", message=f"examples arrive {how} in every epoch", line=self.order_line())]
        self.note = f"`{self.part.name}` does not shuffle by itself"
        return []

    def takes_chance(self) -> bool:
        """Whether what decides the order is handed over, so that another order should come of another of it."""
        return any(takes(self.part, role) for role in ("random", "epoch", "shuffle"))

    def trains_without_chance(self) -> bool:
        """Whether the file trains on these batches, and nothing in it is shuffled."""
        return (
            bool(calls_of(self.situation.source, self.part.name))
            and not CHANCES.search(self.situation.source)
            and not re.search(r"eval|test|valid", self.part.name)
        )

    def order_line(self) -> int:
        count = self.data.count

        def numbers(value: np.ndarray) -> bool:
            return (
                value.shape == (count,)
                and np.issubdtype(value.dtype, np.integer)
                and np.array_equal(np.sort(value), np.arange(count))
            )

        arrived = self.epochs[0].rows
        return (
            first_line(self.steps, lambda value: numbers(value) and np.array_equal(value, arrived))
            or first_line(self.steps, numbers)
            or self.yielded()
        )

    def of_count(self) -> list[Symptom]:
        count = self.data.count
        first = self.epochs[0]
        arrived = np.unique(np.concatenate([epoch.rows for epoch in self.epochs]))
        arrived = arrived[arrived >= 0]
        once = np.unique(first.rows[first.rows >= 0])
        if self.endless or len(once) == count or len(once) < len(first.rows):
            return []
        if len(first.sizes) == 1 and len(once) < count:
            if self.draws_one():
                return []
            return [
                self.symptom(
                    "first batch only",
                    message=f"{len(once)} of {count} examples arrive: the first batch alone",
                    line=left_early(self.situation.source, self.yielded()) or self.loop_line(),
                )
            ]
        lost = count - len(arrived)
        if lost < count - len(once) or len(once) < count - first.sizes[0]:
            if len(once) < count - first.sizes[0]:
                return [
                    self.symptom(
                        "batches lost", message=f"{len(once)} of {count} examples arrive", line=self.loop_line()
                    )
                ]
            self.note = f"`{self.part.name}` drops the short last batch, another one in each epoch"
            return []
        if takes(self.part, "drop") or re.search(r"drop_(remainder|last)", self.situation.source):
            self.note = f"`{self.part.name}` drops the short last batch, as it says"
            return []
        return [
            self.symptom(
                "remainder lost",
                message=f"the same {lost} of {count} examples arrive in no epoch: those of the short last batch",
                line=self.loop_line(),
            )
        ]

    def draws_one(self) -> bool:
        """Whether one call gives one batch drawn at random, as often as it is called."""
        return not self.part.run.many

    def loop_line(self) -> int:
        """The loop or the range that ends too early; else where batches are given."""
        return loop_above(self.situation.source, self.yielded()) or self.yielded()


def text_around(source: str, line: int) -> str:
    """A line with the one before it, comments included."""
    return "\n".join(source.splitlines()[max(line - 2, 0) : line])
