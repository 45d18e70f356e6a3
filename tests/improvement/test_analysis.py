"""Where the errors are: slices, confusions, the worst examples, and whether the split still stands."""

import numpy as np
import pytest
from click.testing import CliRunner

from refkit.commands.improve import improve
from refkit.evaluation.answers import metric_for
from refkit.evaluation.evaluating import evaluate_predictions
from refkit.evaluation.reading import Names, from_columns
from refkit.improvement import agreement, confusion, worst
from refkit.improvement.slices import slices
from tests.evaluation.made import columns, of_scores, write_csv

COUNT = 400


def planted(more_in_test_val: float = 0.5, seed: int = 0) -> dict[str, np.ndarray]:
    """Every wrong answer of the validation sets is of a blurred picture; test_val has more of these."""
    made = columns({"train": 0.0, "train_val": 0.05, "test_val": 0.25, "test": 0.25}, COUNT, seed=seed)
    rng = np.random.default_rng(seed)
    wrong = made["label"] != made["prediction"]
    sharp = np.where(rng.random(len(wrong)) < 0.1, "blurred", "sharp").astype(object)
    sharp[wrong] = "blurred"
    return made | {"picture_kind": sharp, "brightness": rng.random(len(wrong))}


def read(made, **names):
    return from_columns(made, "made.csv", Names(**names), None, 2)


def slices_of(made, metric=None):
    found = read(made)
    return {(one.column, one.value): one for one in slices(found, metric_for(found, metric))}


def test_the_slice_that_holds_the_errors_wins_all_of_them():
    found = slices_of(planted())
    blurred, sharp = found["picture_kind", "blurred"], found["picture_kind", "sharp"]
    assert blurred.wins == pytest.approx({"train_val": 0.05, "test_val": 0.25})
    assert sharp.wins == {"train_val": 0, "test_val": 0} and sharp.errors["test_val"] == 0
    assert next(iter(found)) == ("picture_kind", "blurred")
    assert sum(blurred.counts.values()) + sum(sharp.counts.values()) == 2 * COUNT
    quarters = [one for (column, _), one in found.items() if column == "brightness"]
    assert len(quarters) == 4 and sum(one.counts["test_val"] for one in quarters) == COUNT
    assert sum(one.wins["test_val"] for one in quarters) == pytest.approx(0.25)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "neg_log_loss", "f1_macro"])
def test_wins_are_of_the_metric_asked_for(metric):
    made = of_scores(planted())
    found = read(made)
    whole = evaluate_predictions(found, metric_for(found, metric), draws=100).stage("test_val").error
    wins = {
        value: one.wins["test_val"]
        for (column, value), one in slices_of(made, metric).items()
        if column == "picture_kind"
    }
    assert wins["blurred"] > wins["sharp"] >= 0 and wins["blurred"] <= whole + 1e-9
    if metric == "neg_log_loss":  # a mean: what the slices win adds up to all there is
        assert sum(wins.values()) == pytest.approx(whole)
    else:
        assert wins["blurred"] == pytest.approx(whole)


def test_slices_of_a_regression_and_holes():
    made = columns({"train": 0, "val": 0})
    label = np.random.default_rng(0).normal(size=2 * COUNT)
    far = np.arange(2 * COUNT) % 4 == 0
    place = np.where(far, "far", None).astype(object)
    found = slices_of(made | {"label": label, "prediction": label + 2 * far, "place": place})
    assert found["place", "far"].errors["val"] == pytest.approx(2) and found["place", "(empty)"].errors["val"] == 0
    assert found["place", "far"].wins["val"] == pytest.approx(1)  # the root of the mean of 2² in a quarter


def test_confusions_are_counted():
    found = read(planted())
    text = confusion.tell(found, "test_val")
    rows = [line.split() for line in text.splitlines()[2:]]
    counts = np.array([[int(cell) for cell in row[1:]] for row in rows])
    label, prediction = (getattr(found, name)[found.splits["test_val"]] for name in ("label", "prediction"))
    assert all(counts[a, b] == np.sum((label == a) & (prediction == b)) for a in range(3) for b in range(3))
    many = columns({"train": 0.1, "val": 0.5}, classes=20)
    assert confusion.tell(read(many), "val").splitlines()[0] == "most frequent confusions on val"


def test_the_worst_answers_are_the_surest_wrong_ones():
    made = of_scores(planted())
    found = read(made)
    rows = worst.worst(found, "test_val", 10)
    own = made["scores"][np.arange(len(made["label"])), made["label"]]
    wrong = np.flatnonzero((made["split"] == "test_val") & (made["label"] != made["prediction"]))
    assert sorted(own[rows]) == list(own[rows]) and set(rows) == set(wrong[np.argsort(own[wrong])[:10]])
    text = worst.tell(found, "test_val").splitlines()
    assert text[0] == "the worst answers on test_val" and text[2].split()[:2] == ["line", str(rows[0] + 2)]


def test_a_sheet_shows_the_worst_pictures(tmp_path):
    made = of_scores(planted())
    pictures = np.random.default_rng(0).random((len(made["label"]), 6, 6)).astype(np.float32)
    np.savez(
        tmp_path / "p.npz",
        **{name: column for name, column in made.items() if column.dtype.kind != "O"},
        picture=pictures,
    )
    done = CliRunner().invoke(improve, [str(tmp_path / "p.npz"), "--sheet", str(tmp_path / "sheet.png")])
    assert done.exit_code == 0, done.stderr
    assert f"picture: {tmp_path / 'sheet.png'}, 24 examples of test_val" in done.stdout
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("file", "sentence"), [("a.csv", "`a.csv` has no pictures for `--sheet`: give an .npz with an array ")]
)
def test_a_sheet_without_pictures_is_one_sentence(tmp_path, file, sentence):
    write_csv(tmp_path / file, planted())
    done = CliRunner().invoke(improve, [str(tmp_path / file), "--sheet", str(tmp_path / "sheet.png")])
    assert done.exit_code == 2 and done.stderr.startswith(f"error: {sentence}") and done.stderr.count("\n") == 1


def agreement_of(made):
    found = read(made)
    return agreement.tell(found, evaluate_predictions(found, metric_for(found, None)))


def test_a_split_that_still_agrees_is_kept():
    text = agreement_of(planted())
    assert text.startswith("rebalancing: test − test_val is 0.0000 (") and ": they agree, keep the split; " in text
    assert text.endswith("no column tells the examples of test_val from those of test")


def test_validation_that_looks_better_is_drawn_anew():
    made = columns({"train": 0.0, "test_val": 0.05, "test": 0.2}, COUNT)
    assert "validation looks better than test, draw the split anew" in agreement_of(made)
    made = columns({"train": 0.0, "test_val": 0.2, "test": 0.05}, COUNT)
    assert "test looks better than validation, the two are not of one kind; draw the split anew" in agreement_of(made)


def test_sets_of_other_examples_are_told_by_the_column():
    made = planted()
    made["place"] = np.where(np.arange(4 * COUNT) % 2 == 0, "north", "south").astype(object)
    made["place"][2 * COUNT : 3 * COUNT] = "north"
    made["light"] = np.random.default_rng(3).random(4 * COUNT) + (made["split"] == "test") * 0.3
    text = agreement_of(made)
    assert "test_val and test are made of different examples, by `place` (p = " in text and "`light` (p = " in text


def test_too_little_to_tell_is_said():
    made = columns({"train": 0.0, "val": 0.05}, COUNT)
    assert agreement_of(made) == "rebalancing: cannot be told without predictions on `test`"
