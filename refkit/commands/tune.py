"""`tune`: search the hyper-parameters of a reference, or of a function `train` of one's own."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from refkit import process
from refkit.errors import RefkitError
from refkit.failures import OneSentence

METHODS = ("random", "grid", "coarse-to-fine", "bayes")
PRUNERS = ("none", "median", "hyperband")


@click.command(cls=OneSentence)
@click.argument("target")
@click.option("--method", type=click.Choice(METHODS), help="How values are drawn; random without it and without --set.")
@click.option(
    "--trials", type=click.IntRange(min=1), default=20, metavar="N", help="Finished trials the study is to have."
)
@click.option("--data", metavar="SET", help="A reference's data set; its offline default without it.")
@click.option(
    "--epochs", type=click.IntRange(min=1), metavar="N", help="Of a reference's trial; the experiment's without it."
)
@click.option(
    "--space", "spaces", multiple=True, metavar="NAME=WHAT", help="`lr=1e-5..1e-1:log`, `units=32,64`; again for each."
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Hold a value; without --method, try it once."
)
@click.option("--metric", metavar="NAME", help="What counts of the dictionary that `train` returns.")
@click.option(
    "--direction", type=click.Choice(("maximize", "minimize")), help="Where the metric's name does not say it."
)
@click.option("--pruner", type=click.Choice(PRUNERS), default="none", help="Whether hopeless trials are stopped early.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, metavar="N", help="Of coarse-to-fine.")
@click.option("--points", type=click.IntRange(min=2), default=3, metavar="N", help="Of each range in a grid.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Of the values drawn and of the training."
)
@click.option(
    "--study", type=click.Path(path_type=Path), metavar="FILE", help="SQLite file (default: the user's cache)."
)
@click.option("--storage", metavar="URL", help="Any storage of optuna's, to share one study among machines.")
@click.option("--name", metavar="NAME", help="Of the study in its storage.")
@click.option("--heartbeat", type=click.IntRange(min=1), default=10, metavar="S", help="Seconds between signs of life.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="DIR", help="Draw history, slices and importances.")
def tune(target: str, **given: Any) -> int:
    """Search hyper-parameters: of a reference on its data, or of `train(config)` in a file of your own.

    TARGET is mlp, lenet, lstm or multimodal, or file.py:train. A reference is judged on examples cut from the training part.

    The status is 0 when it is done, 1 when no trial came to its end, 2 where nothing could be tuned.
    """
    if given["study"] and given["storage"] is not None:
        raise RefkitError("`--study` and `--storage` exclude one another; give one of them")
    process.prepare()
    from refkit.tuning import showing, storages
    from refkit.tuning.methods import grid_of, size_of
    from refkit.tuning.progress import Bar
    from refkit.tuning.search import Plan, Search
    from refkit.tuning.spaces import read_settings, require_inside
    from refkit.tuning.studies import finished, open_study

    settings = read_settings(given["settings"])
    subject = subject_of(target, settings, given)
    fixed = require_inside(subject.space, {name: value for name, value in settings.items() if name in subject.space})
    method = given["method"] or ("manual" if settings else "random")
    plan = Plan(method, given["trials"], given["seed"], fixed, given["rounds"], given["points"], given["heartbeat"])
    values = whole(subject, fixed) if method == "manual" else None
    if method == "grid" and (size := size_of(grid_of(subject.space, fixed, plan.points))) > plan.trials:
        click.echo(f"note: the grid has {size:,} points, of which {plan.trials:,} are tried, drawn at random", err=True)
    file = given["study"] or storages.default_file(subject.name)
    url = given["storage"]
    where = str(file) if url is None else storages.without_password(url)
    with keeping(where), Bar(subject.name) as bar:
        beat = given["heartbeat"]
        storage = storages.open_file(file, beat) if url is None else storages.open_url(url, beat)
        study, new = open_study(subject, storage, given["name"] or subject.name, where, given["pruner"])
        search = Search(study, subject, plan, bar)
        if values is not None:
            tried = search.try_values(values)
        else:
            if new and method != "grid" and set(subject.own) == set(subject.space):
                study.enqueue_trial(subject.own | fixed)  # the first trial: what there is without any tuning
            search.run()
    if values is not None:
        click.echo(f"{showing.one_in_words(tried, subject)}\n")
    files = ()
    if given["plot"]:
        from refkit.tuning import pictures

        files = pictures.draw(study, subject, given["plot"])
    click.echo(showing.in_words(study, subject, given["trials"] if values is None else None, files))
    return 0 if any(trial.state.name == "COMPLETE" for trial in finished(study)) else 1


def subject_of(target: str, settings: dict[str, Any], given: dict[str, Any]) -> Any:
    """The reference of that name, or the function of that file."""
    from refkit.edits.catalogue import REFERENCES

    judged = {"metric": given["metric"], "direction": given["direction"]}
    if target in REFERENCES or not re.search(r"[.:/]", target):
        from refkit.tuning.reference_trials import reference_subject

        more = {"epochs": given["epochs"], "seed": given["seed"]}
        return reference_subject(target, given["data"], given["spaces"], settings, **more, **judged)
    for option in ("data", "epochs"):
        if given[option] is not None:
            raise RefkitError(
                f"`--{option}` is for references: let `{target}` say that itself, or give `--set {option}=...`"
            )
    from refkit.tuning.function_trials import function_subject  # without JAX, which a file may not need

    return function_subject(target, given["spaces"], settings, **judged)


def whole(subject: Any, fixed: dict[str, Any]) -> dict[str, Any]:
    """Values of one trial by hand: those that are set, and the subject's own for the others."""
    values = subject.own | fixed
    missing = [name for name in subject.space if name not in values]
    if missing:
        raise RefkitError(
            f"`{subject.name}` has no value of its own for {', '.join(f'`{name}`' for name in missing)}: give "
            f"`--set {missing[0]}=...` as well, or `--method` to search the others"
        )
    return values


@contextlib.contextmanager
def keeping(where: str) -> Iterator[None]:
    """A storage that fails on the way gets its sentence; what was finished stays."""
    from refkit.tuning.storages import errors, first_line

    try:
        yield
    except errors() as error:
        raise RefkitError(
            f"the study in `{where}` cannot be written: {first_line(error)}; what was finished before is kept: run the same "
            "command again"
        ) from error
