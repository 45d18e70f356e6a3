"""Files of predictions: three kinds read alike, and each fault of one is a sentence."""

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

from refkit.errors import RefkitError
from refkit.evaluation.answers import metric_for
from refkit.evaluation.evaluating import evaluate_predictions, shared_examples
from refkit.evaluation.reading import Names, from_columns, read_predictions
from tests.evaluation.made import RATES, columns, of_scores, write_csv


def read(made, names=Names(), regression=None):
    return from_columns(made, "made.csv", names, regression, 2)


def errors_of(predictions, metric=None):
    """Every split's error; the intervals are looked at elsewhere, and few draws make them."""
    found = evaluate_predictions(predictions, metric_for(predictions, metric), draws=10)
    return {stage.name: stage.error for stage in found.stages}


def in_columns(made):
    """Scores as one column a class."""
    scores = made["scores"]
    rest = {name: column for name, column in made.items() if name != "scores"}
    return rest | {f"scores_{k}": scores[:, k] for k in range(scores.shape[1])}


def test_three_kinds_of_file_are_read_alike(tmp_path):
    made = of_scores(columns(RATES)) | {"place": np.repeat(["north", "south"], 800)}
    write_csv(tmp_path / "a.csv", in_columns(made))
    parquet.write_table(arrow.table(in_columns(made)), tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", **made)
    for kind in ("csv", "parquet", "npz"):
        found = read_predictions(tmp_path / f"a.{kind}")
        assert errors_of(found) == pytest.approx(RATES), kind
        assert found.scores == pytest.approx(made["scores"]) and found.classes == (0, 1, 2)
        assert list(found.columns) == ["place"] and found.columns["place"][0] == "north"


def test_classes_may_be_words_truths_or_numbers():
    for words in (["cat", "dog", "owl"], [3, 5, 9]):
        made = columns(RATES)
        for name in ("label", "prediction"):
            made[name] = np.array(words, object if isinstance(words[0], str) else int)[made[name]]
        found = read(made)
        assert found.classes == tuple(words) and errors_of(found) == pytest.approx(RATES)
    truths = columns(RATES, classes=2)
    truths = truths | {name: truths[name].astype(bool) for name in ("label", "prediction")}
    assert errors_of(read(truths)) == pytest.approx(RATES)


def test_numbers_are_a_regression():
    rng = np.random.default_rng(0)
    made = columns(RATES)
    made["label"] = rng.normal(size=1600)
    made["prediction"] = made["label"] + np.repeat([0.5, 1, 2, 2], 400)
    assert errors_of(read(made)) == pytest.approx(dict(zip(RATES, (0.5, 1, 2, 2))))


def test_scores_alone_are_enough_and_one_column_tells_two_classes():
    made = of_scores(columns(RATES, classes=2))
    scores = made.pop("scores")
    del made["prediction"]
    for more in ({"score": scores[:, 1]}, {"score_1": scores[:, 1]}, {"prob_0": scores[:, 0], "prob_1": scores[:, 1]}):
        found = read(made | more)
        assert errors_of(found) == pytest.approx(RATES)
        assert errors_of(found, "roc_auc") == pytest.approx(errors_of(read(made | {"score": scores[:, 1]}), "roc_auc"))


def test_columns_may_have_other_names():
    made = columns(RATES)
    other = {"part": made["split"], "y": made["label"], "guess": made["prediction"]}
    assert errors_of(read(other, Names("part", "y", "guess"))) == pytest.approx(RATES)


def test_examples_in_two_splits_are_told():
    made = columns({"train": 0.1, "val": 0.2}, count=100)
    found = read(made | {"id": np.tile(np.arange(100), 2)})
    assert shared_examples(found) == {("train", "val"): 100} and shared_examples(read(made)) == {}


def test_a_human_gives_the_irreducible_error_on_the_same_examples():
    made = columns({"train": 0.1, "test": 0.2}, count=100)
    human = made["label"].astype(object)
    human[:5], human[100:] = (human[:5] + 1) % 3, None
    errors = errors_of(read(made | {"human": human}, Names(human="human")))
    assert errors == pytest.approx({"irreducible": 0.05, "train": 0.1, "test": 0.2})


def without(name):
    return {key: column for key, column in columns(RATES).items() if key != name}


def with_(**more):
    return columns(RATES) | more


def holed(name):
    made = columns(RATES)
    return made | {name: np.where(np.arange(1600) == 17, np.nan, made[name].astype(float))}


def renamed_splits(**names):
    made = columns(RATES)
    return made | {"split": np.array([names.get(name, name) for name in made["split"].tolist()], object)}


FAULTS = {
    "no-split": (
        without("split"),
        "`made.csv` has no column `split`; it has `label`, `prediction`: name the column by `--split-column`",
    ),
    "no-label": (
        without("label"),
        "`made.csv` has no column `label`; it has `split`, `prediction`: name the column by `--label-column`",
    ),
    "no-prediction": (
        without("prediction"),
        "`made.csv` has neither a column `prediction` nor scores: name one by `--prediction-column` or `--scores`",
    ),
    "one-class": (
        with_(label=np.full(1600, 7), prediction=np.full(1600, 7)),
        "every label in `label` of `made.csv` is `7`, and one class cannot be told from others: give examples of at least two",
    ),
    "nan": (
        holed("prediction"),
        "`prediction` of `made.csv` is NaN in line 19: give every row a value, or leave the row out and say so",
    ),
    "empty-split": (
        renamed_splits(train=None),
        "`split` of `made.csv` is empty in line 2, and 399 more: give every row a value, or leave the row out and say so",
    ),
    "unknown-split": (
        renamed_splits(train="fold 1"),
        "`made.csv` has the split `fold 1`, which refkit does not know: write one of `train`, `train_val`, `val`, `test_val`, "
        "`test`",
    ),
    "three-rows": (
        {name: column[397:403] for name, column in columns(RATES).items()},
        "split `train` of `made.csv` has 3 rows, too few to tell an error from chance: give at least 10, better a few hundred",
    ),
    "val-and-train-val": (
        renamed_splits(test_val="dev"),
        "`made.csv` has the split `val` beside `train_val`, so its part is unclear: call it `train_val` if it is from the "
        "training distribution, `test_val` if from the test's",
    ),
    "one-split": (
        {name: column[1200:] for name, column in columns(RATES).items()},
        "`made.csv` has the split `test` alone, and the terms are differences between splits: give predictions on the training "
        "examples, too",
    ),
    "one-hot": (
        with_(label=np.eye(3)[columns(RATES)["label"]]),
        "`label` of `made.csv` has 3 values a row: write one, the class itself or the number, and scores as `scores`",
    ),
    "words-and-numbers": (
        with_(prediction=np.full(1600, "cat", object)),
        "labels and predictions are words here and numbers there (`cat`): write both in the same way",
    ),
    "scores-of-no-class": (
        with_(scores_0=np.zeros(1600), scores_1=np.zeros(1600)),
        "label `2` has no column of scores: the file has `scores_` and 0, 1; write `scores_2`, too",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_one_sentence(fault):
    made, sentence = FAULTS[fault]
    with pytest.raises(RefkitError) as raised:
        read(made)
    assert str(raised.value) == sentence


OF_METRICS = {
    "no-scores": (
        columns(RATES),
        "log_loss",
        "`neg_log_loss` needs scores, and `made.csv` has predictions alone: write a column of probabilities for each class, or "
        "give a metric of predictions, such as `accuracy`",
    ),
    "logits": (
        {**of_scores(columns(RATES)), "scores": of_scores(columns(RATES))["scores"] * 3},
        "log_loss",
        "`neg_log_loss` needs probabilities, and the scores of line 2 in `made.csv` do not lie in 0 to 1 or do not sum to 1: "
        "apply the softmax before you write them",
    ),
}


@pytest.mark.parametrize("fault", OF_METRICS)
def test_what_a_metric_lacks_is_one_sentence(fault):
    made, metric, sentence = OF_METRICS[fault]
    with pytest.raises(RefkitError) as raised:
        errors_of(read(made), metric)
    assert str(raised.value) == sentence


def test_a_split_of_one_class_is_named_where_the_metric_needs_more():
    made = of_scores(columns(RATES, classes=2))
    made["label"] = np.where(made["split"] == "test", 1, made["label"])
    with pytest.raises(RefkitError) as raised:
        errors_of(read(made), "roc_auc")
    assert str(raised.value) == (
        "every label of split `test` is `1`, and `roc_auc` is not defined on one class: give that split examples of others, or "
        "another `--metric`"
    )
    assert errors_of(read(made))["train"] == pytest.approx(RATES["train"])  # accuracy is


def test_scores_the_wrong_way_round_are_told():
    made = of_scores(columns(RATES, classes=2))
    found = read({"split": made["split"], "label": made["label"], "score": made["scores"][:, 0]})
    with pytest.raises(
        RefkitError, match=r"^the scores run the wrong way round: their ROC AUC is 0.\d+ at best, where "
    ):
        errors_of(found, "roc_auc")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", "split,label,prediction\n", "`a.csv` has no rows: write one row for each prediction"),
        ("a.csv", "a,a\n1,2\n", "`a.csv` has two columns called `a`: give each a name of its own"),
        ("a.txt", "", "`a.txt` is no file of predictions: give one that ends in .csv, .parquet, .npz"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_text(content)
    with pytest.raises(RefkitError) as raised:
        read_predictions(tmp_path / name)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.npz"])
def test_rubbish_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(bytes(range(256)) * 8)
    with pytest.raises(RefkitError, match=rf"^`{name}` (cannot be read as|has no) ") as raised:
        read_predictions(tmp_path / name)
    assert "\n" not in str(raised.value)
