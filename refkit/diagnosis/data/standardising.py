"""By what features are divided, and from which examples that comes."""

import functools

import numpy as np

from refkit.adapters.parts.preprocess import takes
from refkit.diagnosis.data.callsites import only_on_training
from refkit.diagnosis.data.recording import Step, first_line, last_return, record
from refkit.diagnosis.data.situation import NotTaken, Situation, given
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_identity import Identity, identify

NEAR = 0.04  # relative: a deviation with Bessel's correction, or with a guard, is nearer
NO_CONSTANT = (
    "load_breast_cancer",
    "load_diabetes",
    "load_iris",
    "load_wine",
    "fetch_california_housing",
    "load_linnerud",
)
OTHER_SOURCES = ("tfds.", "read_csv", "np.load", "genfromtxt", "loadtxt", "fetch_openml", "load_digits")


def judge_numbers(part: Part, situation: Situation, train: np.ndarray, test: np.ndarray) -> tuple[list[Symptom], str]:
    """Symptoms of a preprocess of features or sequences.

    Args:
        train: `f32[n, …, features]` that statistics are to come from.
        test: others, elsewhere by most of a deviation.
    """
    axes = tuple(range(train.ndim - 1))
    both, own = (
        takes(part, "train") and takes(part, "test"),
        not (takes(part, "train") or takes(part, "mean") or takes(part, "statistics")),
    )
    values = functools.partial(values_of, situation, axes)
    result, steps = record(situation.file, functools.partial(part.run, values(test, train)))
    judged = Judged(part, situation, train, test, axes, steps)
    fitted = [found for array in arrays_in(result, train) if (found := identify(train, array)) is not None]
    out = next((array for array in arrays_in(result, test)), None)
    if out is None and fitted:
        return judged.of_training(fitted[0], takes(part, "test")), "the training examples alone"
    if out is None:
        raise NotTaken("what it gives is not what the model takes")
    found = identify(test, out)
    if found is None:
        return [], "no scaling of single features"
    symptoms = judged.of_map(found, own, both)
    if both and fitted and not same_map(fitted[0], found) and not symptoms:
        line = judged.line_of_statistics(test) or last_return(steps)
        symptoms = [judged.symptom("parts differ", "the training and the test examples are scaled differently", line)]
    if own and not symptoms:
        symptoms = judged.of_company(part, found, values, train)
    if not symptoms:
        symptoms = judged.of_constant(part, values)
    return symptoms, f"features times {found.typical_scale:.3g}"


def values_of(situation: Situation, axes: tuple[int, ...], x: np.ndarray, train: np.ndarray) -> dict:
    mean, deviation = train.mean(axis=axes), train.std(axis=axes)
    return given(situation, x, train=train, test=x, mean=mean, deviation=deviation, statistics=(mean, deviation))


def arrays_in(result: list, like: np.ndarray) -> list[np.ndarray]:
    return [array for _, array in result if array.ndim == like.ndim and array.shape == like.shape]


def same_map(one: Identity, other: Identity) -> bool:
    return near(one.scale, other.scale) and near(one.offset, other.offset)


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays agree to within what a correction for degrees of freedom makes; NaN counts as agreeing."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    try:
        one, other = np.broadcast_arrays(one, other)
    except ValueError:
        return False
    good = np.isfinite(one) & np.isfinite(other)
    return bool(good.any()) and bool(
        (np.abs(one - other)[good] <= NEAR * np.maximum(np.abs(one), np.abs(other))[good]).all()
    )


class Judged:
    """The scaling that one call showed."""

    def __init__(self, part: Part, situation: Situation, train, test, axes, steps: list[Step]):
        self.role, self.name, self.situation, self.steps = part.role, part.name, situation, steps
        self.train, self.test, self.axes = train, test, axes
        self.union = np.concatenate([train, test])

    def symptom(self, kind: str, message: str, line: int) -> Symptom:
        return Symptom(kind, self.role, message, line)

    def statistics(self, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return of.mean(axis=self.axes, dtype=np.float64), of.std(axis=self.axes, dtype=np.float64)

    def is_standard(self, found: Identity, of: np.ndarray) -> bool:
        mean, deviation = self.statistics(of)
        return near(found.scale, 1 / deviation) and near(found.offset + found.scale * mean + 1, 1)

    def of_map(self, found: Identity, own: bool, both: bool) -> list[Symptom]:
        _, deviation = self.statistics(self.test if own else self.train)
        if self.is_standard(found, self.train):
            return []
        for of in (self.train, self.test, self.union):
            if near(found.scale, 1 / self.statistics(of)[1] ** 2):
                return [self.by_variance(of, found)]
        if own:
            return self.unscaled(found)
        if self.is_standard(found, self.union):
            line = self.line_of_statistics(self.union) or last_return(self.steps)
            return [
                self.symptom("from test", "mean and deviation are those of training and test examples together", line)
            ]
        if self.is_standard(found, self.test):
            line = self.line_of_statistics(self.test) or last_return(self.steps)
            if both:
                return [
                    self.symptom(
                        "parts differ",
                        "the test examples are scaled by their own mean and deviation, not by "
                        "those of the training examples",
                        line,
                    )
                ]
            return [
                self.symptom(
                    "by company",
                    "mean and deviation are those of the examples at hand, not of the training examples",
                    line,
                )
            ]
        return self.unscaled(found)

    def by_variance(self, of: np.ndarray, found: Identity) -> Symptom:
        mean, deviation = self.statistics(of)
        if not near(found.offset + found.scale * mean + 1, 1):
            line = self.second_scaling(of)
            return self.symptom("scaled twice", "features are standardised, and then again by the same numbers", line)
        variance = lambda value: value.size == deviation.size and near(value.ravel(), deviation.ravel() ** 2)
        line = first_line(self.steps, variance) or self.second_scaling(of)
        return self.symptom(
            "by variance",
            "features are divided by their variance: they come out with a deviation of one over their own",
            line,
        )

    def second_scaling(self, of: np.ndarray) -> int:
        scale = 1 / self.statistics(of)[1] ** 2
        raws = {len(self.train): self.train, len(self.test): self.test}

        def divided(value: np.ndarray) -> bool:
            raw = raws.get(len(value)) if value.ndim == self.train.ndim else None
            found = identify(raw, value) if raw is not None else None
            return found is not None and near(found.scale, scale)

        return first_line(self.steps, divided) or last_return(self.steps)

    def unscaled(self, found: Identity) -> list[Symptom]:
        sizes = found.scale[np.isfinite(found.scale)]
        features = self.situation.main.kind == "features"
        if (
            not features
            or not sizes.size
            or not near(sizes, np.ones_like(sizes))
            or self.situation.standardises_besides(self.name)
        ):
            return []
        if self.situation.divides_besides(self.name):
            return []
        return [self.symptom("unscaled", "features come out on the scales that they came in", last_return(self.steps))]

    def line_of_statistics(self, of: np.ndarray) -> int:
        mean, deviation = self.statistics(of)

        def is_one(value: np.ndarray) -> bool:
            if value.shape == of.shape and len(of) == len(self.union):
                return bool(np.allclose(value, of))
            return value.size == mean.size and any(near(value.ravel(), kind.ravel()) for kind in (mean, deviation))

        return first_line(self.steps, is_one)

    def of_training(self, found: Identity, both: bool) -> list[Symptom]:
        if near(found.scale, 1 / self.statistics(self.train)[1] ** 2):
            return [self.by_variance(self.train, found)]
        return self.unscaled(found)

    def of_company(self, part: Part, found: Identity, values, train: np.ndarray) -> list[Symptom]:
        """Whether the same examples come out otherwise among others."""
        together = np.concatenate([self.test, train])
        out = next(iter(arrays_in(part.run(values(together, train)), together)), None)
        other = identify(together, out) if out is not None else None
        if other is None or same_map(found, other) or only_on_training(self.situation.source, part.name):
            return []
        line = self.line_of_statistics(self.test) or last_return(self.steps)
        return [
            self.symptom(
                "by company",
                "the same example comes out otherwise in other company: mean and deviation are "
                "those of the examples at hand",
                line,
            )
        ]

    def of_constant(self, part: Part, values) -> list[Symptom]:
        """Whether a constant feature makes numbers that are none."""
        source = self.situation.source
        if any(name in source for name in NO_CONSTANT) and not any(name in source for name in OTHER_SOURCES):
            return []
        train, test = self.train.copy(), self.test.copy()
        train[..., 0] = test[..., 0] = 5
        handed = values(test, train)
        if "deviation" in getattr(part.run, "roles", {}).values():
            return []
        with np.errstate(all="ignore"):
            result, steps = record(self.situation.file, functools.partial(part.run, handed))
        outs = arrays_in(result, test) + arrays_in(result, train)
        if not outs or all(np.isfinite(array).all() for array in outs):
            return []
        line = first_line(steps, lambda value: np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all())
        return [
            self.symptom(
                "constant is none",
                "a feature that is constant comes out as numbers that are none: its deviation is 0",
                line or last_return(steps),
            )
        ]
