"""Data of the same shape that is made, and that the model must be able to solve."""

import dataclasses
import math

from refkit.errors import RefkitError
from refkit.starting.kinds import IDS, TEXT
from refkit.starting.plan import Plan
from refkit.starting.text import array_words

TRAIN, TEST = 4_000, 1_000  # as `training_text.MADE` says
MOST_STEPS = 50  # of a sequence: whether a program learns at all shows sooner on short ones
MADE = '''def synthetic(examples: int, seed: int) -> tuple[np.ndarray, ...]:
    """DOCUMENTED"""
    same, rng = np.random.default_rng(0), np.random.default_rng((1, seed))  # for all examples alike, and for these
BODY    return ARRAYS
'''
LABELS = "labels = rng.integers(CLASSES, size=examples).astype(np.int32)"
# Each class lies around a corner of its own: a feature takes one of its digits.
DIGITS = "digits = labels[:, None] // LEVELS ** (np.arange(FEATURES) % PLACES) % LEVELS  # i32[examples, FEATURES]"
POINTS = "2.0 * digits + 0.3 * rng.normal(size=SHAPE)"
PATTERNS = (
    "patterns = same.integers(2, size=(KINDS, 4, 4, CHANNELS)) * 200  # of each class: dark and light squares",
    "patterns = patterns[:, np.arange(HEIGHT) * 4 // HEIGHT][:, :, np.arange(WIDTH) * 4 // WIDTH]",
)
LENGTHS = "lengths = rng.integers(1, STEPS + 1, size=examples).astype(np.int32)"
CUT = "x[np.arange(STEPS) >= lengths[:, None]] = EMPTY  # padding"
SAYS = {
    "mlp": ("Each class lies around a point of its own.", "Each target is a weighted sum of the features."),
    "lenet": ("Each class has a pattern of its own.", "Each target is how light a part of the picture is."),
    "lstm": ("Each class has steps of its own.", "The targets can be read off at every step."),
    "multimodal": (
        "The class is the picture's pattern, or the next one where the words say so.",
        "The target is how light the picture is, less where the words say so.",
    ),
}


def definitions(plan: Plan) -> str:
    """`synthetic` of the written file.

    Raises:
        RefkitError: nothing of this shape can be made that is sure to be solved.
    """
    body = "".join(f"    {line}\n" for line in lines(plan))
    text = MADE.replace("BODY", body).replace("DOCUMENTED", SAYS[plan.reference][plan.target.regression])
    text = text.replace("ARRAYS", ", ".join(array_words(plan)))
    for name, value in slots(plan).items():
        text = text.replace(name, str(value))
    return text


def shortened(plan: Plan) -> Plan:
    """Sequences of 50 steps at most."""
    return dataclasses.replace(plan, steps=min(plan.steps, MOST_STEPS)) if plan.steps else plan


def slots(plan: Plan) -> dict[str, int]:
    classes = plan.target.outputs
    features = int(plan.options.get("features", 1))
    levels = 2 if features > 64 else max(2, math.ceil(round(classes ** (1 / features), 9)))
    height, width, channels = map(int, plan.options.get("image", "1x1x1").split("x"))
    return {
        "CLASSES": classes,
        "OUTPUTS": classes,
        "KINDS": classes,
        "FEATURES": features,
        "LEVELS": levels,
        "PLACES": max(1, math.ceil(round(math.log(classes, levels), 9))) if classes > 1 else 1,
        "HEIGHT": height,
        "WIDTH": width,
        "CHANNELS": channels,
        "STEPS": plan.steps,
        "VOCABULARY": vocabulary(plan),
    }


def vocabulary(plan: Plan) -> int:
    """Ids that words can have."""
    if plan.reference == "multimodal":
        return int(plan.options["vocabulary"])
    return int(plan.options.get("embedding", "0x0").partition("x")[0])


def lines(plan: Plan) -> list[str]:
    return {"mlp": table, "lenet": pictures, "lstm": sequences, "multimodal": both}[plan.reference](plan)


def table(plan: Plan) -> list[str]:
    if plan.target.regression:
        return [
            "x = rng.normal(size=(examples, FEATURES)).astype(np.float32)",
            "weights = same.normal(size=(FEATURES, OUTPUTS))",
            "targets = (x @ weights).astype(np.float32)  # f32[examples, OUTPUTS]",
        ]
    points = POINTS.replace("SHAPE", "digits.shape")
    return [LABELS, DIGITS, f"x = ({points}).astype(np.float32)"]


def pictures(plan: Plan) -> list[str]:
    if plan.target.regression:
        return [
            "targets = rng.random((examples, OUTPUTS)).astype(np.float32)",
            "part = np.arange(HEIGHT) * OUTPUTS // HEIGHT  # of the height that each target decides",
            "x = 200 * targets[:, part, None, None] + rng.integers(50, size=(examples, HEIGHT, WIDTH, CHANNELS))",
            "x = x.astype(np.uint8)",
        ]
    noisy = "rng.integers(50, size=(examples, HEIGHT, WIDTH, CHANNELS))"
    return [LABELS, *PATTERNS, f"x = (patterns[labels] + {noisy}).astype(np.uint8)"]


def sequences(plan: Plan) -> list[str]:
    ids = bool(plan.of(IDS, TEXT))
    made = words_of(plan) if ids else steps_of(plan)
    if plan.lengths in ("", "ids"):
        length, cut = [LENGTHS, CUT.replace("EMPTY", "0")], plan.lengths == "ids"
        return [*made, *(length if cut else [])]
    return [*made, LENGTHS, CUT.replace("EMPTY", "0" if ids else "np.nan")]


def words_of(plan: Plan) -> list[str]:
    known = vocabulary(plan) - 1
    if plan.target.regression:
        require(plan.target.outputs == 1, "several numbers are told of words")
        count = min(known, 8)
        require(count > 1, "there are no two words")
        return [
            f"words = rng.integers(1, {count + 1}, size=(examples, 1))  # a sequence has one word, again and again",
            f"targets = (words / {count}).astype(np.float32)",
            "x = np.repeat(words, STEPS, axis=1).astype(np.int32)",
        ]
    require(known >= plan.target.outputs, f"there are {known} words for {plan.target.outputs} classes")
    return [
        LABELS,
        "words = rng.integers((VOCABULARY - 1) // CLASSES, size=(examples, STEPS))  # each class has its own",
        "x = (1 + labels[:, None] + CLASSES * words).astype(np.int32)",
    ]


def steps_of(plan: Plan) -> list[str]:
    noisy = "0.3 * rng.normal(size=(examples, STEPS, FEATURES))"
    if plan.target.regression:
        features = int(plan.options["features"])
        require(plan.target.outputs <= features, f"{plan.target.outputs} targets are told of {features} features")
        return [
            "targets = rng.normal(size=(examples, OUTPUTS)).astype(np.float32)",
            "steps = targets[:, np.arange(FEATURES) % OUTPUTS]  # f32[examples, FEATURES]",
            f"x = (steps[:, None] + {noisy.replace('0.3', '0.05')}).astype(np.float32)",
        ]
    return [LABELS, DIGITS, f"x = (2.0 * digits[:, None] + {noisy}).astype(np.float32)"]


def both(plan: Plan) -> list[str]:
    words = "words = rng.integers(1, VOCABULARY, size=(examples, STEPS)).astype(np.int32)"
    require(vocabulary(plan) > 2, "there are no two words")
    said = [words, "words[:, -1] = rng.integers(1, 3, size=examples)  # the last one counts"]
    noisy = "rng.integers(50, size=(examples, HEIGHT, WIDTH, CHANNELS))"
    if plan.target.regression:
        require(plan.target.outputs == 1, "several numbers are told of a picture and words")
        return [
            *said,
            "light = rng.random((examples, 1))",
            "targets = (light - (words[:, -1:] == 2)).astype(np.float32)",
            f"image = (200 * light[:, :, None, None] + {noisy}).astype(np.uint8)",
        ]
    return [
        *said,
        "kinds = rng.integers(CLASSES, size=examples)",
        *PATTERNS,
        f"image = (patterns[kinds] + {noisy}).astype(np.uint8)",
        "labels = ((kinds + (words[:, -1] == 2)) % CLASSES).astype(np.int32)",
    ]


def require(holds: bool, why: str) -> None:
    if not holds:
        raise RefkitError(f"no synthetic set of this shape is sure to be solved ({why}): give `--simplify subset`")
