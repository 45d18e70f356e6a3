"""Every known bug applies, runs, and shows at its rung."""

import pytest

import refkit
from refkit.edits.bugs import BUGS
from refkit.edits.catalogue import edited_source, find_bug
from refkit.errors import RefkitError
from tests.edits.laboratory import Subject, departs, shows_in_data, unedited
from tests.edits.sample import chosen
from tests.edits.scored import scored_otherwise

RUNGS = (
    "runs",
    "structure",
    "initialization",
    "forward",
    "train-eval",
    "loss",
    "gradients",
    "update",
    "data",
    "metric",
)
OF_STEPS = ("train-eval", "update")
# The catalogue: the ids are the contract, and where each applies (M, L, S, X for the four references).
CATALOGUE = {
    "shapes": {
        "targets-broadcast": "MS", "reshape-for-transpose": "LSX", "flatten-across-batch": "LX",
        "softmax-over-batch": "MLSX", "recurrence-over-batch": "SX", "onehot-broadcast": "MLSX",
        "bias-on-wrong-axis": "ML", "concat-on-wrong-axis": "X", "argmax-over-batch": "MLSX",
    },
    "preprocessing": {
        "inputs-not-scaled": "MLX", "inputs-scaled-twice": "MLX", "divided-by-variance": "MS",
        "standardised-per-batch": "MS", "image-transposed": "LX", "tokens-off-by-one": "SX", "modality-unscaled": "X",
        "uint8-wraparound": "LX", "statistics-from-test": "MS", "train-test-transform-differ": "MLX",
        "augmented-at-evaluation": "LX", "label-changing-augmentation": "LX", "targets-unscaled": "MS", "nan-in-data": "MS",
    },
    "loss": {
        "softmax-before-loss": "MLSX", "logits-into-log-loss": "MLSX", "softmax-on-one-unit": "MS",
        "sigmoid-for-exclusive-classes": "MLSX", "mse-on-class-ids": "MLSX", "loss-summed-over-batch": "MLSX",
        "loss-averaged-over-classes": "MLSX", "loss-sign-flipped": "MLSX", "activation-on-logits": "MLSX",
        "padding-in-loss": "S", "regulariser-overwhelms": "ML",
    },
    "mode": {
        "dropout-at-evaluation": "MLSX", "batch-statistics-at-evaluation": "L", "dropout-never-active": "MLSX",
        "dropout-rate-inverted": "MLSX", "mode-not-restored": "ML", "batch-statistics-discarded": "L",
        "batchnorm-momentum-inverted": "L", "mode-frozen-by-jit": "ML", "initial-parameters-at-evaluation": "MLSX",
    },
    "numerics": {
        "exp-overflow": "MLSX", "log-of-zero": "MLSX", "division-by-zero": "MS", "nan-through-where": "MS",
        "sqrt-at-zero": "MS", "low-precision-accumulation": "MLSX", "adam-epsilon": "MLSX",
    },
    "architecture": {
        "missing-activation": "MLX", "wrong-activation": "MLSX", "missing-bias": "ML", "layer-omitted": "LX",
        "wrong-stride-or-kernel": "LX", "pool-counts-padding": "L", "gates-swapped": "SX", "cell-tanh-missing": "SX",
        "cell-returned-for-hidden": "SX", "state-not-carried": "SX", "first-state-used": "SX", "state-at-padding": "S",
        "sequence-reversed": "SX", "branch-unused": "X", "weights-shared": "MLX",
    },
    "initialisation": {
        "initialised-to-constant": "MLSX", "initialisation-too-large": "MLSX", "initialisation-too-small": "MLSX",
        "initialisation-wrong-fan": "LS", "initialised-with-one-key": "MLSX", "embedding-out-of-range": "SX",
    },
    "optimizer and update": {
        "parameters-not-updated": "MLSX", "gradient-ascent": "MLSX", "optimizer-state-reset": "MLSX",
        "l2-for-decoupled-decay": "MLSX", "schedule-in-wrong-unit": "MLSX", "clipped-per-parameter": "MLSX",
        "part-frozen": "MLSX", "accumulation-not-averaged": "MLSX", "learning-rate-too-high": "MLSX",
        "learning-rate-too-low": "MLSX",
    },
    "data, labels, splits": {
        "labels-shuffled": "MLSX", "labels-off-by-one": "MLX", "not-shuffled": "MLSX", "test-in-train": "MLSX",
        "classes-imbalanced": "ML", "data-truncated": "MLSX", "target-not-shifted": "S", "modalities-misaligned": "X",
    },
    "evaluation": {
        "mean-of-batch-means": "MLSX", "divided-by-padded-count": "MLSX", "last-batch-only": "MLSX",
        "evaluated-on-train": "MLSX", "metric-not-reset": "MLSX",
    },
    "randomness and JAX": {
        "gradient-stopped": "MLSX", "stale-closure": "MLSX", "vmap-on-wrong-axis": "MLSX", "dropout-key-fixed": "MLSX",
        "key-reused": "MLSX", "numpy-random-in-jit": "MLSX", "side-effect-in-jit": "MLSX", "state-update-lost": "ML",
    },
}  # fmt: skip
LETTERS = {"mlp": "M", "lenet": "L", "lstm": "S", "multimodal": "X"}

by_id = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)


def test_ids_are_the_catalogues():
    assert {(bug.group, bug.id) for bug in BUGS} == {(group, id) for group, ids in CATALOGUE.items() for id in ids}
    assert len({bug.id for bug in BUGS}) == len(BUGS)


@by_id
def test_known_on_every_reference_of_the_catalogue(bug):
    assert set(CATALOGUE[bug.group][bug.id]) <= {LETTERS[edit.reference] for edit in bug.edits}


@by_id
def test_explained(bug):
    assert bug.rung in RUNGS
    for text in (bug.what, bug.shows, bug.harm, bug.mend):
        assert text[0].isupper() and text.endswith((".", ")")), text
        assert 15 < len(text) < 300, text


@by_id
def test_applies_and_compiles(bug):
    for edit in bug.edits:
        source = edited_source(edit.reference, edit.options, [edit])
        assert source != edited_source(edit.reference, edit.options), edit.where
        compile(source, f"{edit.reference}.py", "exec")
        assert edit.visible and source.count(edit.visible) == 1, (edit.where, edit.visible, source.count(edit.visible))
        assert bug.rung_of(edit) in RUNGS
    places = [(edit.reference, edit.where, tuple(edit.options.items())) for edit in bug.edits]
    assert len(set(places)) == len(places), "two edits say that they are the same"


CASES = [
    pytest.param(bug, edit, id=f"{bug.id}-{edit.reference}-{edit.where}".replace(" ", "_"))
    for bug in BUGS
    for edit in chosen(bug.edits, bug.id)
]


@pytest.mark.parametrize(("bug", "edit"), CASES)
def test_shows_at_its_rung(bug, edit, tmp_path):
    rung = bug.rung_of(edit)
    if rung in OF_STEPS:
        return shows_in_training(rung, bug, edit, tmp_path / "mine.py")
    if rung == "metric":
        assert scored_otherwise(edit)
        return None
    if rung == "data":
        assert shows_in_data(edit)
        return None
    reference = unedited(edit.reference, tuple(edit.options.items()))
    yours = Subject(edit.reference, edit.options, (edit,))
    assert departs(rung, yours, reference)
    if rung in ("initialization", "loss", "gradients"):
        assert yours.shapes() == reference.shapes()
    if rung in ("loss", "gradients"):
        assert not departs("forward", yours, reference), "an earlier rung would catch it"
    if rung == "gradients":
        assert not departs("loss", yours, reference), "an earlier rung would catch it"


def shows_in_training(rung, bug, edit, file):
    """The reference with the edit, seen as any other program, is named so on its line, and by nothing else."""
    source = edited_source(edit.reference, edit.options, [edit])
    file.write_text(source, encoding="utf-8")
    options = ",".join(f"{option}={value}" for option, value in edit.options.items())
    report = refkit.compare(str(file), f"{edit.reference}:{options}", only=rung)
    (finding,) = report.findings
    assert finding.id == bug.id
    assert edit.visible.splitlines()[0] in source.splitlines()[finding.line - 1]


def test_unknown_id():
    with pytest.raises(RefkitError, match="is called `missing-activaton`: did you mean `missing-activation`"):
        find_bug("missing-activaton")
