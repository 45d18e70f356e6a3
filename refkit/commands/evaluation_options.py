"""What `evaluate` and `improve` both take: predictions or errors, and how to read them."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from refkit import process
from refkit.errors import RefkitError

ERRORS = ("train", "train_val", "val", "test_val", "test")


def read_counts(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """`--count test=10000` as stages and their examples."""
    counts = {}
    for text in given:
        name, _, number = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in (*ERRORS, "irreducible") or not number.strip().isdigit() or int(number) < 1:
            raise RefkitError(f"`--count {text}` is no split with its examples: write it as `--count test=10000`")
        counts[name] = int(number)
    return counts


OPTIONS = (
    click.option("--metric", metavar="NAME", help="A metric of scikit-learn (accuracy, or the RMSE of numbers)."),
    click.option("--irreducible", type=float, metavar="X", help="A human's error, or the best known one."),
    click.option("--human", metavar="COLUMN", help="A human's predictions of the same examples, where there are some."),
    *(
        click.option(
            f"--{name.replace('_', '-')}", name, type=float, metavar="X", help=f"The error on `{name}` itself."
        )
        for name in ERRORS
    ),
    click.option("--count", "counts", multiple=True, callback=read_counts, metavar="SPLIT=N", help="Its examples."),
    click.option("--data", metavar="SET", help="The data set: to train on, or whose best known result is irreducible."),
    click.option(
        "--reference", metavar="NAME", help="Whose data a model file is for; whose Config advice is given for."
    ),
    click.option("--trained", is_flag=True, help="FILE:NAME is a function that answers inputs: nothing is trained."),
    click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Other epochs than the experiment's."),
    click.option("--split-column", default="split", metavar="COLUMN", help="The column that has the split."),
    click.option("--label-column", default="label", metavar="COLUMN", help="The column that has the label."),
    click.option("--prediction-column", default="prediction", metavar="COLUMN", help="That has the prediction."),
    click.option("--scores", metavar="PREFIX", help="How the names of the score columns begin, one column a class."),
    click.option("--id", "id_column", metavar="COLUMN", help="Which example a row is of, where several may be of one."),
    click.option("--draws", type=click.IntRange(min=100), default=1000, metavar="N", help="Draws of the bootstrap."),
    click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Of the draws, and of training."),
)


def evaluation_options(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """What is known once the inputs are evaluated.

    Args:
        predictions: None where errors were only stated.
        metric: None likewise, where none was named.
        parts: the decomposition.
        notes: one clause each.
        data: the name of the data set, where it has one.
    """

    predictions: Any
    metric: Any
    parts: Any
    notes: list[str]
    data: str | None = None


def evaluate_given(source: str | None, given: dict[str, Any]) -> Evaluated:
    """Read what was given, train what has to be, and decompose it.

    Raises:
        RefkitError: there is nothing to evaluate, or it is at fault.
    """
    process.prepare()
    errors = {name: given[name] for name in ERRORS if given[name] is not None}
    if source is None and not errors:
        raise RefkitError(
            "there is nothing to evaluate: give a file of predictions (CSV, Parquet, .npz), errors such as `--train 0.03 "
            "--test 0.13`, or a model with its data, such as `lenet --data digits`"
        )
    if source is not None and errors:
        name = next(iter(errors)).replace("_", "-")
        raise RefkitError(f"`{source}` and `--{name}` both say what the errors are; give one of them")
    if source is None:
        return of_errors(errors, given)
    if given["counts"]:
        raise RefkitError("`--count` goes with stated errors; predictions bring their own examples")
    return of_source(source, given)


def of_errors(errors: dict[str, float], given: dict[str, Any]) -> Evaluated:
    from refkit.evaluation import stated
    from refkit.evaluation.metric import find_metric

    metric = find_metric(given["metric"]) if given["metric"] else None
    irreducible, notes = irreducible_of(given, metric)
    if irreducible is not None:
        errors = {"irreducible": irreducible, **errors}
    parts = stated.of_errors(errors, given["counts"], given["draws"], given["seed"], metric)
    return Evaluated(None, metric, parts, notes, given["data"])


def of_source(source: str, given: dict[str, Any]) -> Evaluated:
    from refkit.evaluation.answers import metric_for
    from refkit.evaluation.evaluating import evaluate_predictions, shared_examples

    predictions, data, notes = predictions_of(source, given)
    metric = metric_for(predictions, given["metric"])
    irreducible, more = irreducible_of(given | {"data": data}, metric)
    parts = evaluate_predictions(predictions, metric, irreducible, given["draws"], given["seed"])
    for (first, second), count in shared_examples(predictions).items():
        notes.append(
            f"{count} examples are in `{first}` and in `{second}`, drawn together; that is right for cross-validation, and a "
            "leak otherwise"
        )
    if metric.keywords.get("average") == "binary":
        notes.append(f"`{metric.name}` is of the class `{predictions.classes[-1]}`")
    return Evaluated(predictions, metric, parts, notes + more, data)


def predictions_of(source: str, given: dict[str, Any]) -> tuple[Any, str | None, list[str]]:
    """From a file, or from a model that is trained here; and the name of the data, where it has one."""
    from refkit.edits.catalogue import REFERENCES
    from refkit.evaluation.files import KINDS
    from refkit.evaluation.metric import find_metric
    from refkit.evaluation.reading import Names, read_predictions

    if Path(source).suffix.lower() in KINDS:
        columns = ("split_column", "label_column", "prediction_column", "scores", "id_column", "human")
        regression = find_metric(given["metric"]).regression if given["metric"] else None
        return read_predictions(Path(source), Names(*(given[name] for name in columns)), regression), given["data"], []
    from refkit.evaluation import trained

    if ".py" in source:
        if given["reference"] is None:
            raise RefkitError(
                f"`{source}` is a model: say whose data it is to be evaluated on by `--reference`, such as `--reference lenet "
                "--data digits`"
            )
        if given["trained"]:
            done = trained.ask_yours(source, given["reference"], given["data"], given["seed"])
        else:
            done = trained.train_yours(source, given["reference"], given["data"], given["seed"], given["epochs"])
    elif source.partition(":")[0] not in REFERENCES and (set("/.") & set(source) or Path(source).exists()):
        raise RefkitError(f"`{source}` is no file of predictions: give one that ends in {', '.join(KINDS)}")
    else:
        done = trained.train_reference(source, given["data"], given["seed"], given["epochs"])
    return done.predictions, done.data, list(done.notes)


def irreducible_of(given: dict[str, Any], metric: Any) -> tuple[float | None, list[str]]:
    """As stated, or the best known on the data named; and what to say of it."""
    if given["irreducible"] is not None or given["data"] is None or given["human"] is not None:
        return given["irreducible"], []
    from refkit.evaluation.known import best_known

    try:
        best = best_known(given["data"], metric)
    except RefkitError as error:
        return None, [f"no irreducible error: {error}"]
    return best.error, [f"irreducible is the best known: {best.whose}; what cannot be reduced is this or less"]
