"""`evaluate`: decompose the test error of any model into the terms that can be worked on."""

import shlex
from typing import Any

import click

from refkit.commands.called import command_line
from refkit.commands.evaluation_options import evaluate_given, evaluation_options
from refkit.failures import OneSentence

OF_TRAINING = ("trained", "epochs")  # what predictions that are kept do without


@click.command(cls=OneSentence)
@click.argument("source", required=False)
@evaluation_options
@click.option("--plot", metavar="FILE", help="Draw the terms as a waterfall, as PNG.")
@click.option("--save", metavar="FILE", help="Keep the predictions of a model that is trained here, as .npz.")
def evaluate(source: str | None, plot: str | None, save: str | None, **given: Any) -> int:
    """Say what a test error is made of, and which part to work on first.

    SOURCE is a file of predictions (.csv, .parquet, .npz) with the columns split (train, train_val, test_val, test; or a
    plain val), label, prediction or scores; or a reference, or FILE:NAME of a model of yours, that is trained on --data;
    or nothing, with the errors themselves: --irreducible 0.01 --train 0.03 --train-val 0.08 --test-val 0.12 --test 0.13.
    A metric that is better the higher counts as 1 less its score.

    The status is 0, and 2 where nothing could be evaluated.
    """
    from refkit.evaluation.telling import tell
    from refkit.evaluation.verdict import judge

    done = evaluate_given(source, given)
    verdict = judge(done.parts)
    click.echo(tell(done.parts, verdict, given["draws"], done.notes))
    if save is not None and done.predictions is not None:
        from refkit.evaluation.collected import keep

        keep(done.predictions, save)
        click.echo(f"predictions: {save}")
    if plot is not None:
        from refkit.evaluation import waterfall

        waterfall.draw(done.parts, plot)
        click.echo(f"picture: {plot}")
    click.echo(f"next: {next_step(source, save, given | {'data': done.data}, verdict)}")
    return 0


def next_step(source: str | None, save: str | None, given: dict[str, Any], verdict: Any) -> str:
    """The command that goes on from here, or what to bring first."""
    from refkit.evaluation.verdict import CHANCE, CLOSE, MIXED

    if verdict.kind == MIXED:
        return "bring what is missing, and evaluate again"
    if verdict.kind == CHANCE:
        return "bring more examples in the validation and test splits, or look for errors of the data by `improve`"
    words = [command_line("improve"), *([shlex.quote(save or source)] if source is not None else [])]
    if verdict.kind == CLOSE:
        words.append(f"--term {shlex.quote(verdict.terms[0].names[-1])}")
    return " ".join(words + options_again(given, trains=save is None))


def options_again(given: dict[str, Any], trains: bool) -> list[str]:
    """The options that were given, for the command that goes on.

    Args:
        trains: whether that has to train the model again, rather than read its predictions.
    """
    words = []
    for option in evaluate.params:
        if option.name not in given:
            continue
        if given[option.name] == option.default or option.name in OF_TRAINING and not trains:
            continue
        if option.name == "counts":
            words += [f"--count {name}={count}" for name, count in given["counts"].items()]
        elif option.is_flag:
            words += [option.opts[0]] if given[option.name] else []
        elif given[option.name] is not None:
            words.append(f"{option.opts[0]} {shlex.quote(str(given[option.name]))}")
    return words
