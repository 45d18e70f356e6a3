"""Measure refkit on the machine at hand.

python scripts/benchmark.py compare      # time and memory, as ratios to a floor process
python scripts/benchmark.py limits       # seconds of whole commands beside the time that each may take
python scripts/benchmark.py training     # examples a second of every way to train, beside PyTorch's
python scripts/benchmark.py detection    # what is found in hand-written programs, right and with planted bugs
python scripts/benchmark.py overfit      # kinds of curve on one held batch: their limits, and how well these tell them apart
python scripts/benchmark.py evaluate     # a million predictions and a thousand draws, beside scikit-learn's metric on as many
python scripts/benchmark.py tune         # what a search of hyper-parameters takes beside its trials, as a share of theirs
"""

import sys
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]


@click.group()
def main() -> None:
    """Measure refkit on the machine at hand."""


@main.command()
@click.option("--repeats", type=click.IntRange(min=1), default=3, help="Runs of each pair.")
@click.option("--deep/--no-deep", default=True, help="Also a deep network of about 500 and 5,000 steps.")
def compare(repeats: int, deep: bool) -> None:
    """Wall time and peak memory of compare beside a process that only builds the model and takes one gradient."""
    from refkit.benchmarks import speed

    click.echo(speed.table(speed.measure_references(repeats)))
    if deep:
        rows = speed.measure_deep((100, 1000), repeats)
        click.echo(speed.table(rows))
        per_step = [row.seconds / int(row.name.split(", ")[1].split()[0]) for row in rows]
        click.echo(f"seconds a step, 5,000 beside 500 steps: {per_step[1] / per_step[0]:.2f}")


@main.command()
@click.option("--repeats", type=click.IntRange(min=1), default=1, help="Runs of each command.")
def limits(repeats: int) -> None:
    """Seconds of `compare --quick` and of the whole ladder to `overfit`, beside 15 and 60."""
    from refkit.benchmarks import limits as measured

    click.echo(measured.HEAD)
    for row in measured.measure(repeats):
        click.echo(measured.line(row))


@main.command()
@click.option("--reference", "references", multiple=True, help="One of the references alone; again for more.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, help="Runs of each way.")
def training(references: tuple[str, ...], repeats: int) -> None:
    """Examples a second of 1, 8 and 32 seeds, as ratios to the best of PyTorch on the same model, batch and optimizer."""
    from refkit.benchmarks import training_speed

    click.echo(training_speed.HEAD)
    rows = []
    for row in training_speed.measure(references, repeats):
        rows.append(row)
        click.echo(training_speed.line(row))
    click.echo(training_speed.summary(rows))
    for told in training_speed.evaluation(references, repeats):
        click.echo(told)


@main.command()
@click.option("--reference", "references", multiple=True, help="One of the references alone; again for more.")
@click.option(
    "--seeds", type=click.IntRange(1, 2), default=2, help="Seeds for the limits, and as many others to judge them."
)
@click.option("--out", type=click.Path(path_type=Path), help="Runs, one a line; what is in it is not run again.")
@click.option("--kept", is_flag=True, help="Run nothing: judge what --out has.")
@click.option(
    "--write", is_flag=True, help="Keep the limits and the curves of the known bugs where the rung reads them."
)
def overfit(references: tuple[str, ...], seeds: int, out: Path | None, kept: bool, write: bool) -> None:
    """The curves of the references and of known bugs on one held batch."""
    from refkit.benchmarks import overfitting

    click.echo(overfitting.measure(references or None, seeds, out, not kept, write))


@main.command()
@click.option("--examples", type=click.IntRange(min=1000), default=1_000_000, help="Predictions, over four splits.")
@click.option("--draws", type=click.IntRange(min=100), default=1000, help="Of the bootstrap.")
@click.option("--metric", "metrics", multiple=True, help="One metric alone; again for more.")
def evaluate(examples: int, draws: int, metrics: tuple[str, ...]) -> None:
    """Time of a whole evaluation beside that of scikit-learn's metric, called on every split of every draw."""
    from refkit.benchmarks import evaluation_speed

    click.echo(f"{examples} predictions, {draws} draws")
    for name in metrics or evaluation_speed.METRICS:
        click.echo(evaluation_speed.table(evaluation_speed.measure(examples, draws, (name,)), draws))


@main.command()
@click.option("--reference", default="mlp", help="Whose trials; the shortest are mlp's.")
@click.option("--trials", type=click.IntRange(min=1), default=20, help="Of each method.")
@click.option("--epochs", type=click.IntRange(min=1), help="Of each trial; the experiment's without it.")
def tune(reference: str, trials: int, epochs: int | None) -> None:
    """The time of each search method beside its trials' own, on a reference and its offline data."""
    from refkit import process

    process.prepare()
    from refkit.benchmarks import tuning_overhead

    click.echo(tuning_overhead.table(tuning_overhead.measure(reference, trials, epochs)))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def detection(arguments: tuple[str, ...]) -> None:
    """What is found in the hand-written programs of tests/programs; `--help` of tests/programs/measure.py has the options."""
    sys.path.insert(0, str(ROOT))
    from tests.programs import measure

    measure.main(list(arguments))


if __name__ == "__main__":
    main()
