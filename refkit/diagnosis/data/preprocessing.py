"""What a preprocess makes of raw inputs: how scaled, from whose statistics, the right way round."""

import functools
from collections.abc import Iterator

import numpy as np

from refkit.adapters.parts.preprocess import takes
from refkit.diagnosis.data.recording import Step, first_line, last_return, record
from refkit.diagnosis.data.situation import NotTaken, Situation, given, widths
from refkit.diagnosis.data.standardising import judge_numbers
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_identity import Identity, identify

COUNT, OTHERS = 41, 13
CALLS = 5
ROLE = "preprocess"
NOT_SCALED, SCALED_TWICE = 0.25, 1 / 2000


def observe_preprocess(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    """Symptoms, and a few words on what was seen.

    Raises:
        NotTaken: it cannot be observed.
    """
    if situation.image is not None:
        return observe_pictures(part, situation)
    if situation.words is not None:
        return observe_ids(part, situation)
    return observe_numbers(part, situation)


def out_of(result: list, width: int, count: int) -> np.ndarray | None:
    """The processed inputs among what came out."""
    return next((array for _, array in result if array.ndim and len(array) == count and widths(array) == width), None)


def pictures_of(situation: Situation) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Raw pictures in the shapes in which they may be handed over, each with what it is at the model's size."""
    data = situation.data(COUNT)
    image = data.inputs[data.kinds.index("image")]
    yield image, image
    if image.shape[-1] == 1:
        yield image[..., 0], image
    yield image.reshape(len(image), -1), image
    small = np.random.default_rng(3).integers(0, 17, (COUNT, 8, 8)).astype(np.float64)
    small[:, 0, :2] = (0, 16)
    large = np.pad(small.repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2)))[..., None]
    yield small, large
    yield small.reshape(COUNT, -1), large


def observe_pictures(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    width = int(np.prod(situation.image.shape))
    error: Exception | None = None
    for raw, seen in pictures_of(situation):
        if widths(seen) != width:
            continue
        call = functools.partial(part.run, given(situation, raw))
        try:
            result, steps = record(situation.file, call)
        except Exception as raised:  # noqa: BLE001: pictures of another shape may do
            error = error or raised
            continue
        out = out_of(result, width, len(raw))
        if out is not None:
            return judged_pictures(part, situation, raw, seen, out, steps, call)
    if error is not None:
        raise error
    raise NotTaken("what it gives is not what the model takes")


def judged_pictures(part, situation, raw, seen, out, steps: list[Step], call) -> tuple[list[Symptom], str]:
    again = [out_of(call(), widths(out), len(raw)) for _ in range(CALLS)]
    symptom = functools.partial(Symptom, role=ROLE, yours=out)
    if any(other is None or not np.array_equal(out, other, equal_nan=True) for other in again):
        line = first_changing(situation, steps, call) or last_return(steps)
        return [
            symptom(
                "random at evaluation",
                message="the same pictures come out otherwise at every call, in evaluation, too",
                line=line,
            )
        ], ""
    found = fit(seen, out)
    if found is None:
        return without_scale(situation, seen, out, steps, symptom, part, raw)
    symptoms = []
    if found.view:
        line = first_line(steps, lambda value: (turned := fit(seen, value)) is not None and bool(turned.view))
        symptoms.append(symptom("turned", message=f"pictures come out {found.view}", line=line or last_return(steps)))
    scale = abs(found.typical_scale)
    if scale > NOT_SCALED and not (situation.divides_besides(part.name) and scale > 0.9):
        line = first_line(
            steps,
            lambda value: (
                len(value) == len(raw)
                and np.issubdtype(value.dtype, np.floating)
                and widths(value) == widths(out)
                and value.dtype != raw.dtype
            ),
        )
        symptoms.append(
            symptom(
                "unscaled",
                message=f"pixels of 0 to 255 come out as {out.min():.3g} to {out.max():.3g}",
                line=line or last_return(steps),
                expected=seen.astype(np.float32) / 255,
            )
        )
    elif scale < SCALED_TWICE:
        line = first_line(
            steps, lambda value: (small := fit(seen, value)) is not None and 0 < abs(small.typical_scale) < SCALED_TWICE
        )
        symptoms.append(
            symptom(
                "scaled twice",
                message=f"pixels of 0 to 255 come out as {out.min():.3g} to {out.max():.3g}",
                line=line or last_return(steps),
                expected=seen.astype(np.float32) / 255,
            )
        )
    if not symptoms and takes(part, "training"):
        symptoms = in_both_modes(part, situation, seen, raw, found, steps, symptom)
    return symptoms, f"pixels times {found.typical_scale:.3g}"


def in_both_modes(part, situation, seen, raw, found: Identity, steps: list[Step], symptom) -> list[Symptom]:
    """Whether training pictures are scaled as those to be judged are; where they are augmented, nothing is said."""
    training = out_of(part.run(given(situation, raw, training=True)), widths(seen), len(raw))
    other = None if training is None else fit(seen, training)
    if (
        other is None
        or other.view
        or abs(other.typical_scale / found.typical_scale - 1) < 0.03
        and np.allclose(other.offset, found.offset, atol=0.02, equal_nan=True)
    ):
        return []
    return [
        symptom(
            "parts differ",
            message=f"pixels are multiplied by {other.typical_scale:.3g} in training and by "
            f"{found.typical_scale:.3g} in evaluation",
            line=last_return(steps),
        )
    ]


def first_changing(situation: Situation, steps: list[Step], call) -> int:
    """The first line that gives something else at another call."""
    for _ in range(CALLS):
        _, again = record(situation.file, call)
        for one, other in zip(steps, again):
            if one.line != other.line or one.value.shape != other.value.shape:
                break
            if one.line and not np.array_equal(one.value, other.value, equal_nan=one.value.dtype.kind == "f"):
                return one.line
    return 0


def fit(seen: np.ndarray, value: np.ndarray) -> Identity | None:
    if value.ndim == 0 or len(value) != len(seen) or widths(value) != widths(seen):
        return None
    return identify(seen, value, images=True)


def without_scale(situation, seen, out, steps, symptom, part, raw) -> tuple[list[Symptom], str]:
    """Pictures that are no scaling of the raw ones: wrapped round, or with their pixels elsewhere."""
    if wraps(seen, out):
        line = first_line(
            steps,
            lambda value: value.shape == raw.shape and value.dtype == raw.dtype and not np.array_equal(value, raw),
        ) or last_return(steps)
        return [
            symptom("wraps", message="dark pixels come out as bright ones: bytes are subtracted from bytes", line=line)
        ], ""
    if len(seen) == len(out):
        flat = [np.sort(np.asarray(array, np.float64).reshape(len(array), -1), axis=1) for array in (seen, out)]
        if identify(*flat) is not None:
            line = first_line(
                steps,
                lambda value: widths(value) == widths(out) and len(value) == len(out) and fit(seen, value) is None,
            )
            return [
                symptom(
                    "moved", message="the pixels of a picture come out in other places", line=line or last_return(steps)
                )
            ], ""
    return [], "no scaling of single pixels"


def wraps(seen: np.ndarray, out: np.ndarray) -> bool:
    """Whether a rising pixel gives a rising value but for one fall over the whole range."""
    x, y = (np.asarray(array, np.float64).reshape(len(array), -1) for array in (seen, out))
    if x.shape != y.shape:
        return False
    judged = falls = 0
    for column in np.argsort(-x.std(axis=0))[:40]:
        one, other = x[:, column], y[:, column]
        order = np.argsort(one, kind="stable")
        one, other = one[order], other[order]
        steps = np.diff(one) > 0
        slopes = np.diff(other)[steps] / np.diff(one)[steps]
        if not len(slopes):
            continue
        slope = np.median(slopes)
        wrong = np.abs(slopes - slope) > 0.02 * abs(slope)
        judged += 1
        falls += slope != 0 and 0 < wrong.sum() <= 3
    return judged > 0 and falls > 0.5 * judged


def observe_ids(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    data = situation.data(COUNT)
    raw = data.inputs[data.kinds.index("tokens")]
    result, steps = record(situation.file, functools.partial(part.run, given(situation, raw, words=raw)))
    out = out_of(result, widths(raw), len(raw))
    if out is None:
        raise NotTaken("what it gives is not what the model takes")
    return judge_ids(situation, raw, out, steps, ROLE), "ids"


def judge_ids(situation: Situation, raw: np.ndarray, out: np.ndarray, steps: list[Step], role: str) -> list[Symptom]:
    """Ids beside the raw ones of the same examples."""
    shift = np.unique(np.asarray(out, np.int64) - raw)
    symptom = functools.partial(Symptom, role=role, yours=out, expected=raw)
    line = first_line(
        steps,
        lambda value: (
            value.shape == raw.shape and np.issubdtype(value.dtype, np.integer) and not np.array_equal(value, raw)
        ),
    ) or last_return(steps)
    if len(shift) == 1 and shift[0]:
        return [symptom("ids shifted", message=f"every id comes out as {shift[0]:+d}", line=line)]
    high = situation.words.high if situation.words is not None else None
    if high is not None and (out.max() >= high or out.min() < 0):
        return [
            symptom(
                "ids out of range",
                message=f"ids reach from {out.min()} to {out.max()}, the embedding has {high} rows",
                line=line,
            )
        ]
    if set(shift) in ({0, 1}, {0, -1}):
        return [symptom("ids shifted", message="ids come out shifted by one", line=line)]
    return []


def observe_numbers(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    """Features or sequences: the scale of each, and from which examples its statistics come."""
    train, test = (situation.data(count, seed).inputs[0] for count, seed in ((COUNT, 0), (OTHERS, 1)))
    sequences = situation.main.kind == "sequence"
    if sequences:
        shifts, factors = np.linspace(-0.6, 0.8, train.shape[-1]), np.linspace(0.4, 3, train.shape[-1])
        train, test = train * factors + shifts, test * factors + shifts
    train, test = np.float32(train), np.float32(test + test.std(axis=0) * 0.8)
    return judge_numbers(part, situation, train, test)
