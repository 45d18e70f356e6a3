"""Which examples a split puts into which part, and what loading them has done to them."""

import functools
import re

import numpy as np

from refkit.diagnosis.data.loaded_pictures import of_pictures
from refkit.diagnosis.data.parts_of_data import Portion, pieces
from refkit.diagnosis.data.places import line_of, slice_cut_short
from refkit.diagnosis.data.recording import Step, first_line, last_return, record
from refkit.diagnosis.data.situation import NotTaken, Situation, given, widths
from refkit.diagnosis.data.split_labels import LabelJudge
from refkit.diagnosis.data.standardising import near
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_identity import Identity

COUNT = 200
LARGE = 40.0
MOST_LOST = 0.67  # share of the examples read that the parts hold together, at least
SCALES_TARGETS = re.compile(
    r"(\b|_)(y|targets?|labels?|price|prices)\w*(\[\w*\])?\)? ?(/|- \w*(mean|mu|m)\b)|(y|targets?)\w*\.std\(|log1?p?\("
    r"|(fit|fit_transform)\((y|targets?)"
)
FILLS = re.compile(r"isnan|nan_to_num|fillna|isfinite|Imputer")  # behind the split, as far as this part can tell


def observe_split(part: Part, situation: Situation, sources) -> tuple[list[Symptom], str]:
    """Symptoms of a split of what it is given, or of what it loads.

    Args:
        sources: a context in which the raw data sets that are read are put into a list.

    Raises:
        NotTaken: it cannot be observed.
    """
    if not part.run.loads:
        data = situation.data(COUNT)
        values = given(situation, data.inputs[0]) | {"labels": data.labels, "fraction": 0.2, "count": 40}
        if len(data.inputs) > 1:
            values["words"] = data.inputs[1]
        result, steps = record(situation.file, functools.partial(part.run, values))
        return judge(part, situation, result, steps, [(data.inputs[0], data.labels)])
    with sources() as read:
        result, steps = record(situation.file, functools.partial(part.run, {}))
    return judge(part, situation, result, steps, read)


def judge(part: Part, situation: Situation, result: list, steps: list[Step], read: list) -> tuple[list[Symptom], str]:
    found = pieces(result, situation)
    if not found:
        raise NotTaken("nothing that it gives is what the model takes")
    judged = Judge(part, situation, found, steps, read[-1] if read else None)
    return judged.symptoms(), f"{' and '.join(str(len(piece.inputs)) for piece in found)} examples"


class Judge(LabelJudge):
    """What is wrong with the parts of a data set, in their order: training, then the others."""

    def symptoms(self) -> list[Symptom]:
        return [
            *self.of_numbers(),
            *self.of_overlap(),
            *self.of_labels(),
            *self.of_scale(),
            *self.of_targets(),
            *self.of_loss(),
        ]

    def of_loss(self) -> list[Symptom]:
        """Whether much of what was read is in no part, where the cuts follow from how much that is."""
        if self.raw is None or not self.part.run.loads or any(known is None for known in self.known):
            return []
        kept = np.unique(np.concatenate([known.rows for known in self.known]))
        count = len(self.raw[0])
        line = slice_cut_short(self.situation.source, self.part.line)
        if (kept >= 0).sum() > MOST_LOST * count or not line:
            return []
        return [
            self.symptom("batches lost", message=f"{(kept >= 0).sum()} of {count} examples are in any part", line=line)
        ]

    def of_numbers(self) -> list[Symptom]:
        wrong = [
            piece for piece in self.found if piece.inputs.dtype.kind == "f" and not np.isfinite(piece.inputs).all()
        ]
        raw_finite = self.raw is None or np.isfinite(np.asarray(self.raw[0], np.float64)).all()
        if not wrong or FILLS.search(self.situation.source):
            return []
        line = self.made(lambda value: value.dtype.kind == "f" and value.ndim > 1 and not np.isfinite(value).all())
        columns = ~np.isfinite(wrong[0].inputs.reshape(len(wrong[0].inputs), -1))
        begun = next(
            (
                step.value
                for step in self.steps
                if step.line == line
                and step.value.dtype.kind == "f"
                and step.value.ndim > 1
                and not np.isfinite(step.value).all()
            ),
            wrong[0].inputs,
        )
        whole = (~np.isfinite(begun.reshape(len(begun), -1))).mean(axis=0)
        if raw_finite and not ((0 < whole) & (whole < 1)).any():
            return [
                self.symptom(
                    "constant is none",
                    message="a feature that is constant comes out as numbers that are none",
                    line=line,
                )
            ]
        return [
            self.symptom(
                "not a number",
                message=f"{int(columns.any(axis=1).sum())} examples hold numbers that are none",
                line=line,
            )
        ]

    def of_overlap(self) -> list[Symptom]:
        train, *others = self.found
        for other in others:
            if other.inputs.shape[1:] != train.inputs.shape[1:]:
                continue
            shared = common(train.inputs, other.inputs)
            if shared > max(0.02 * len(other.inputs), 2 + duplicates(train.inputs)) and not self.same_by_nature(
                train, other
            ):
                message = (
                    f"{shared} of {len(other.inputs)} test examples are among the {len(train.inputs)} training examples"
                )
                return [self.symptom("overlap", message=message, line=self.overlap_line(other))]
        one, two = (self.known + [None, None])[:2]
        if one is not None and two is not None:
            shared = len(np.intersect1d(one.rows[one.rows >= 0], two.rows[two.rows >= 0]))
            if shared > 0.02 * len(two.rows) + 2:
                message = f"{shared} of {len(two.rows)} test examples are among the {len(one.rows)} training examples"
                return [self.symptom("overlap", message=message, line=self.overlap_line(self.found[1]))]
        return []

    def taken_line(self, known: Identity) -> int:
        """The line that first had just these examples, as they were read."""
        raw = np.asarray(self.raw[0], np.float64)
        rows = np.unique(known.rows[known.rows >= 0])
        wanted = np.sort(raw[rows].reshape(len(rows), -1).sum(axis=1))
        sums = lambda value: np.sort(value.reshape(len(value), -1).sum(axis=1, dtype=np.float64))
        return self.made(
            lambda value: (
                value.ndim > 1
                and len(value) == len(rows)
                and value.dtype.kind in "iuf"
                and value[0].size == raw[0].size
                and np.allclose(sums(value), wanted, rtol=1e-5)
            )
        )

    def share_in_train(self) -> float:
        """How many of the second part's examples are among the first's, where both are known."""
        train, other = (known.rows[known.rows >= 0] for known in self.known[:2])
        return float(np.isin(other, train).mean()) if len(other) else 0.0

    def same_by_nature(self, one: Portion, other: Portion) -> bool:
        """Whether examples repeat because there are few different ones at all, as with ids of few words."""
        return one.inputs.dtype.kind in "iu" and one.inputs[0].size <= 6

    def overlap_line(self, other: Portion) -> int:
        """The line after which both parts are there: their indices, else the parts themselves."""
        lines = []
        for known, piece in zip(self.known, (self.found[0], other)):
            if known is not None:
                rows = np.unique(known.rows)
                lines.append(
                    first_line(
                        self.steps,
                        lambda value: (
                            value.ndim == 1 and value.dtype.kind in "iu" and np.array_equal(np.unique(value), rows)
                        ),
                    )
                )
        if len(lines) == 2 and all(lines):
            return max(lines)
        taken = [self.taken_line(known) for known in self.known[:2] if known is not None]
        if self.raw is not None and len(taken) == 2 and all(taken):
            return max(taken)
        return max(
            self.made(lambda value: value.shape == piece.inputs.shape and np.array_equal(value, piece.inputs))
            for piece in (self.found[0], other)
        )

    def of_scale(self) -> list[Symptom]:
        """How training and test examples of features are scaled, where the raw ones are known."""
        if self.situation.image is not None:
            return of_pictures(self.part, self.found, self.steps, self.situation.source)
        if self.raw is None or self.known[0] is None:
            return []
        raw, train = np.asarray(self.raw[0], np.float64), self.known[0]
        if self.part.role == "split" and not self.part.run.loads:
            return []
        rows = np.unique(train.rows[train.rows >= 0])
        own, deviation = raw[rows].mean(axis=0), raw[rows].std(axis=0)
        every, union = raw.mean(axis=0), raw.std(axis=0)
        test = self.known[1] if len(self.known) > 1 else None
        with np.errstate(divide="ignore"):
            if near(train.scale, 1 / deviation**2) or near(train.scale, 1 / union**2):
                line = self.made(
                    lambda value: (
                        value.size == own.size
                        and (near(value.ravel(), deviation**2) or near(value.ravel(), union**2))
                        or value.shape in (raw.shape, self.found[0].inputs.shape)
                        and self.divided_twice(value)
                    )
                )
                return [self.symptom("by variance", message="features are divided by their variance", line=line)]
            if not close(train.scale, 1 / deviation) and not close(train.scale, 1 / union):
                return self.of_maps(train, test)
        if (
            close(train.scale, 1 / union)
            and close(train.offset, -every / union)
            and test is not None
            and len(rows) < len(raw) - 5
        ):
            line = self.made(
                lambda value: value.size == own.size and (close(value.ravel(), every) or close(value.ravel(), union))
            )
            line = (
                line
                if line != last_return(self.steps)
                else self.made(
                    lambda value: (
                        value.shape == raw.shape
                        and close(value.mean(axis=0) + 1, np.ones(raw.shape[1]))
                        and abs(value.std() - 1) < 1e-3
                    )
                )
            )
            return [
                self.symptom(
                    "from test",
                    message="mean and deviation are those of training and test examples together",
                    line=line,
                )
            ]
        return self.of_maps(train, test)

    def divided_twice(self, value: np.ndarray) -> bool:
        """Whether features have been divided by their variance."""
        found, known = self.identity(value), self.known[0]
        return found is not None and near(found.scale, known.scale)

    def of_maps(self, train: Identity, test: Identity | None) -> list[Symptom]:
        if test is None or (near(train.scale, test.scale) and near(train.offset + 1, test.offset + 1)):
            return []
        line = line_of(self.steps, self.found[1].inputs, self.situation.source) or last_return(self.steps)
        return [self.symptom("parts differ", message="training and test examples are scaled differently", line=line)]

    def of_targets(self) -> list[Symptom]:
        """Targets that are large, numbers rather than class ids, where nothing in the file brings them down."""
        labels = self.found[0].labels
        if labels is None or labels.dtype.kind != "f" or self.situation.outputs > 20:
            return []
        large = float(np.abs(labels).max()) if labels.size and np.isfinite(labels).all() else 0.0
        if large < LARGE or not self.part.run.loads or SCALES_TARGETS.search(self.situation.besides("")):
            return []
        wanted = lambda value: (
            value.size >= labels.size
            and value.dtype.kind in "fi"
            and widths(value) <= labels[0].size
            and np.isin(np.float32(labels.ravel()[:9]), np.float32(value.ravel())).all()
        )
        named = [step.line for step in self.steps if step.name and step.line and step.value.ndim and wanted(step.value)]
        line = named[-1] if named else self.made(wanted)
        return [
            self.symptom(
                "targets unscaled", message=f"targets reach from {labels.min():.4g} to {labels.max():.4g}", line=line
            )
        ]


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two agree closer than statistics of a part and of the whole do; Bessel's correction is allowed."""
    good = np.isfinite(one) & np.isfinite(other)
    return bool(good.any()) and bool(np.allclose(one[good], other[good], rtol=3e-3, atol=1e-6))


def common(one: np.ndarray, other: np.ndarray) -> int:
    """How many rows of `other` occur in `one`."""
    kept = {np.ascontiguousarray(row).tobytes() for row in one}
    return sum(np.ascontiguousarray(row).tobytes() in kept for row in other.astype(one.dtype))


def duplicates(one: np.ndarray) -> int:
    return len(one) - len({np.ascontiguousarray(row).tobytes() for row in one})
