"""`reproduce`: run a reference's experiments again, and keep what they give as the known result."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from refkit import process
from refkit.errors import RefkitError
from refkit.failures import OneSentence

EVERY = "all"


@click.command(cls=OneSentence)
@click.argument("reference", required=False)
@click.option("--data", metavar="SET", help="The data set, or `all`; the reference's offline default without it.")
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="How many seeds the result is to have.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Seeds at once, each on a core (default: all)."
)
@click.option("--check", is_flag=True, help="Run one seed again: status 1 if it is outside the stated interval.")
@click.option("--plot", is_flag=True, help="Draw learning curves and seeds as PNG, without running anything.")
@click.option("--list", "listing", is_flag=True, help="The experiments, and which of them have a result.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder of finished seeds (default: the user's cache).")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results data (default: refkit's own).")
def reproduce(reference: str | None, data: str | None, seeds: int | None, **given: Any) -> int:
    """Run a reference and its baselines again on a data set, seed by seed.

    REFERENCE is mlp, lenet, lstm, multimodal, coral or gradient_reversal. What is finished is kept: the same command goes on where it was stopped.

    The status is 0 when it is done, 1 when `--check` finds a seed outside the interval, 2 where nothing could be run.
    """
    if sum((given["check"], given["plot"], given["listing"])) > 1:
        raise RefkitError("`--check`, `--plot` and `--list` exclude one another; give one of them")
    process.prepare()
    from refkit.experiments import showing
    from refkit.experiments.protocols import BY_REFERENCE, find_protocol
    from refkit.results import store

    folder = given["out"] or store.FOLDER
    if given["listing"]:
        click.echo(
            showing.listing(BY_REFERENCE if reference is None else {reference: chosen(reference, EVERY)}, folder)
        )
        return 0
    if reference is None:
        raise RefkitError(
            "no reference is named: give one of mlp, lenet, lstm, multimodal, coral, gradient_reversal (`--list` shows what they have)"
        )
    protocols = chosen(reference, data) if data == EVERY else (find_protocol(reference, data),)
    if given["plot"]:
        from refkit.experiments import plots

        for file in plots.draw(reference, [protocol.data for protocol in protocols] if data else None, folder):
            click.echo(file)
        return 0
    with stopping():
        if given["check"]:
            return check_all(protocols, folder)
        for protocol in protocols:
            reproduce_one(protocol, seeds, given["runs"], folder, data != EVERY, given["workers"])
    showing.write_everywhere(folder)
    return 0


def chosen(reference: str, data: str | None) -> tuple:
    from refkit.experiments.protocols import BY_REFERENCE, find_protocol

    return (find_protocol(reference, data),) if data != EVERY else BY_REFERENCE[find_protocol(reference).reference]


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """A full disk gets its sentence; Ctrl-C gets one from the command itself, and what was finished stays."""
    try:
        yield
    except OSError as error:
        raise RefkitError(
            f"`{error.filename or 'a result'}` cannot be written: {error.strerror or error}; what was finished before is "
            "kept: make room, or give another folder by `--runs` and `--out`, and run the same command again"
        ) from error


def reproduce_one(
    protocol: Any, seeds: int | None, runs: Path | None, folder: Path, alone: bool, workers: int | None
) -> None:
    from refkit.experiments import showing
    from refkit.experiments.progress import Bar
    from refkit.experiments.reproducing import reproduce as run_missing
    from refkit.experiments.reproducing import wanted_seeds
    from refkit.experiments.workers import workers_here

    wanted = wanted_seeds(protocol, seeds)
    if seeds is not None and len(wanted) < seeds:
        click.echo(f"note: `{protocol.data}` has {len(wanted)} official splits, one for each seed", err=True)
    try:
        with Bar(f"{protocol.reference} on {protocol.data}") as bar:
            result = run_missing(protocol, wanted, bar, runs, folder, workers=workers or workers_here())
    except RefkitError as error:
        if alone:
            raise
        click.echo(f"not run: {error}", err=True)
        return
    if result is None:
        click.echo(f"{protocol.data}: another process has the seeds; nothing is finished yet", err=True)
        return
    click.echo(showing.in_words(result))


def check_all(protocols: tuple, folder: Path) -> int:
    from refkit.experiments.progress import Bar
    from refkit.experiments.reproducing import check
    from refkit.results import store

    known, outside = store.load(protocols[0].reference, folder), 0
    having = [protocol for protocol in protocols if protocol.data in known]
    if not having:
        names = ", ".join(f"`{protocol.data}`" for protocol in protocols)
        raise RefkitError(f"there is no known result on {names} to check: reproduce it first")
    for protocol in having:
        result = known[protocol.data]
        if result.made.protocol != protocol.fingerprint:
            click.echo(f"{protocol.data}: its protocol has changed since the result was made; reproduce it anew")
            outside += 1
            continue
        with Bar(f"{protocol.reference} on {protocol.data}, once more") as bar:
            done = check(protocol, result, bar)
        where = "inside" if done.inside else "outside"
        click.echo(
            f"{protocol.data}: seed {done.seed} gives {done.value:.4g}, {where} the 99 % prediction interval "
            f"{done.low:.4g} to {done.high:.4g}"
        )
        outside += not done.inside
    return 1 if outside else 0
