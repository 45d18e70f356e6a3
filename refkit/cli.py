"""The command line: parse, one call, exit status. `scripts/*.py` and the console command `refkit` share it."""

import ast
import dataclasses
import sys
from typing import Any

import click

import refkit
from refkit import process, signs
from refkit.commands.evaluate import evaluate
from refkit.commands.improve import improve
from refkit.commands.reproduce import reproduce
from refkit.commands.starter import starter
from refkit.commands.tune import tune
from refkit.errors import RefkitError
from refkit.failures import Commands, OneSentence, sentence_for
from refkit.report import json_report
from refkit.report.finding import Report, Rung

LADDER = tuple(
    "runs structure initialization forward train-eval loss gradients update data metric overfit result".split()
)
PARTS = {  # of TARGET, and what each is
    "loss": "loss function",
    "optimizer": "optimizer",
    "train_step": "function that does one training step",
    "train": "training loop",
    "preprocess": "function that scales the inputs",
    "metric": "function that scores",
    "batches": "function that cuts batches",
    "split": "function that splits the data",
}
OF_RESULT = ("data", "seeds", "result")  # what the rung `result` alone takes


def read_kwargs(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, Any] | None:
    """Constructor arguments as Python literals.

    >>> read_kwargs(None, None, "num_classes=10, features=(32, 64)")
    {'num_classes': 10, 'features': (32, 64)}
    """
    if text is None:
        return None
    try:
        call = ast.parse(f"f({text}\n)", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError("something else than keyword arguments")
        if not all(keyword.arg for keyword in call.keywords):
            raise ValueError("keyword arguments by ** have no names here")
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise RefkitError(
            f"`--kwargs '{text}'` is not a list of Python literals; "
            "write it as `--kwargs 'num_classes=10, features=(32, 64)'`"
        ) from error


def print_and_leave(text: Any) -> Any:
    """A callback that prints `text(value)` instead of comparing."""

    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value and not context.resilient_parsing:
            click.echo(text(value))
            context.exit()

    return callback


def explain(wanted: str) -> str:
    from refkit import explanation

    return explanation.explain(wanted)


def list_all(_: bool) -> str:
    from refkit import explanation

    return explanation.listing()


def available_rungs() -> list[str]:
    """The rungs that this version has."""
    from refkit import explanation

    return [check.name for check in explanation.checks()]


def names_in_target(command: Any) -> Any:
    """`--loss NAME` and the like, for the parts found in TARGET under other names than the usual ones."""
    for part, what in reversed(PARTS.items()):
        command = click.option(f"--{part.replace('_', '-')}", metavar="NAME", help=f"TARGET's {what}.")(command)
    return command


@click.command(cls=OneSentence)
@click.argument("target")
@click.option("--reference", required=True, help="mlp, lenet, lstm, multimodal, as in lenet:pool=max; or file.py:Name.")
@click.option("--json", "json_file", metavar="FILE", help="Write the report for machines.")
@click.option("--lines", is_flag=True, help="Show both programs side by side, line by line.")
@click.option("--until", type=click.Choice(LADDER), metavar="RUNG", help="The last rung to climb.")
@click.option("--only", type=click.Choice(LADDER), metavar="RUNG", help="One rung alone.")
@click.option("--quick", is_flag=True, help="Leave out the rungs that train, and bugs that only learning decides.")
@names_in_target
@click.option("--data", metavar="SET", help="The data set to judge the result on.")
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="How many runs to judge the result by.")
@click.option("--result", type=float, multiple=True, metavar="X", help="A figure of your own; again for each run.")
@click.option("--kwargs", callback=read_kwargs, help="Constructor arguments, as 'num_classes=10, features=(32, 64)'.")
@click.option(
    "--explain",
    metavar="ID",
    is_eager=True,
    expose_value=False,
    callback=print_and_leave(explain),
    help="What a check, a known bug or an option means.",
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_and_leave(list_all),
    help="The references with their options, the checks, the known bugs.",
)
def compare(target: str, reference: str, json_file: str | None, lines: bool, **options: Any) -> int:
    """Name the first line of TARGET that departs from a reference.

    TARGET is path/to/file.py, path/to/file.py:Name or package.module:Name. It is run, never edited.

    The status is 0 for the same (or differing only by choices), 1 for a finding, 2 where nothing could be compared.
    """
    require_known_rung(options["until"], options["only"])
    if json_file is not None:
        json_report.require_writable(json_file)
    for option in options_in_vain(options):
        click.echo(option, err=True)
    try:
        report = run_compare(target, reference, options)
    except (Exception, SystemExit) as error:
        sentence = sentence_for(error)
        report = Report(reference, target, rungs=(Rung("runs", "not-run", sentence),))
        click.echo(f"error: {sentence}", err=True)
    else:
        show(report if lines else dataclasses.replace(report, lines=()))
    if json_file is not None:
        json_report.write(report, json_file)
    return report.exit_status


def run_compare(target: str, reference: str, options: dict[str, Any]) -> Report:
    process.prepare()
    with signs.waiting(f"comparing {target} with {reference}"):
        compare_programs = refkit.compare
        sys.dont_write_bytecode = True  # from here on, TARGET's modules are imported
        return compare_programs(
            target,
            reference,
            until=options["until"],
            only=options["only"],
            quick=options["quick"],
            kwargs=options["kwargs"],
            names={part: options[part] for part in PARTS if options[part]},
            data=options["data"],
            seeds=options["seeds"],
            results=options["result"],
        )


def require_known_rung(until: str | None, only: str | None) -> None:
    if until and only:
        raise RefkitError("`--until` and `--only` exclude one another; give one of them")
    wanted = until or only
    rungs = available_rungs() if wanted else []
    if rungs and wanted not in rungs:
        raise RefkitError(f"this version has no rung `{wanted}` yet; it has {', '.join(f'`{name}`' for name in rungs)}")


def options_in_vain(options: dict[str, Any]) -> list[str]:
    """A note for each option given for the rung `result` where that is not climbed."""
    left_out = [
        words
        for words, said in (
            ("`--quick`", options["quick"]),
            (f"`--until {options['until']}`", options["until"] not in (None, "result")),
            (f"`--only {options['only']}`", options["only"] not in (None, "result")),
        )
        if said
    ]
    return [
        f"note: `--{name}` is for the rung `result`, which {left_out[0]} leaves out"
        for name in OF_RESULT
        if options[name] and left_out
    ]


def show(report: Report) -> None:
    from refkit.report import terminal

    terminal.show(report)


@click.group(cls=Commands, no_args_is_help=False)
def main() -> None:
    """Compare your own neural network with a reference, and take it from there as the field guide says."""


for command in (compare, reproduce, evaluate, improve, starter, tune):
    main.add_command(command)
