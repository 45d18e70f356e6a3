"""`improve`: what to do about the leading term, tried where it can be, and where the errors are."""

from typing import Any

import click

from refkit import process
from refkit.commands.called import command_line
from refkit.commands.evaluation_options import Evaluated, evaluate_given, evaluation_options
from refkit.errors import RefkitError
from refkit.failures import OneSentence

HIGHER_OR_LOWER = ("higher", "lower")


@click.command(cls=OneSentence)
@click.argument("source", required=False)
@evaluation_options
@click.option("--term", metavar="NAME", help="What to improve, such as overfitting; the leading term without it.")
@click.option("--sheet", metavar="FILE", help="Draw the worst examples, where there are pictures, as PNG.")
@click.option("--try", "tried", metavar="TARGET", help="Really try the advice on a reference, or on file.py:train.")
@click.option("--runs", type=click.IntRange(min=2), default=3, metavar="N", help="Seeds of each trial.")
@click.option("--better", type=click.Choice(HIGHER_OR_LOWER), help="Which figures of a file's `train` are better.")
def improve(source: str | None, term: str | None, sheet: str | None, tried: str | None, **given: Any) -> int:
    """Advise on the leading term of a test error, in order, and show where the errors are.

    SOURCE and the options are those of `evaluate`; --term names the term to improve where it is known already. --try trains
    a reference, or a function `train(config)` of yours, as it is and with each change, on the same seeds.

    The status is 0, and 2 where nothing could be said.
    """
    from refkit.improvement import advice

    process.prepare()
    wanted = None if term is None else advice.find_term(term)
    done = None
    if source is not None or wanted is None or any(given[name] is not None for name in ("train", "test", "test_val")):
        done = evaluate_given(source, given)
    elif sheet is not None:
        raise RefkitError("`--sheet` shows examples that were predicted: give a file of predictions with pictures")
    if done is not None:
        wanted = tell_evaluated(done, wanted, sheet)
        if wanted is None:
            return 0
    config, reference = configuration(source, tried, given)
    click.echo(advice.tell(wanted, config, reference))
    if tried is None:
        click.echo(f"next: {first_step(wanted, reference)}")
    else:
        click.echo()
        try_all(wanted, tried, given)
    return 0


def tell_evaluated(done: Evaluated, wanted: str | None, sheet: str | None) -> str | None:
    """Say which term leads, and where the errors are; the term to advise on, None where none can be."""
    from refkit.evaluation.telling import HEADS
    from refkit.evaluation.verdict import judge
    from refkit.improvement import analysis, worst
    from refkit.improvement.slices import validation_sets

    if sheet is not None and done.predictions is None:
        raise RefkitError("`--sheet` shows examples that were predicted: give a file of predictions with pictures")
    verdict = judge(done.parts)
    head = HEADS.get(verdict.kind, "what to work on first cannot be told: ")
    click.echo(f"{head}{verdict.words}\n")
    if done.predictions is not None:
        click.echo(analysis.tell(done.predictions, done.metric, done.parts) + "\n")
        sets = validation_sets(done.predictions)
        if sheet is not None and sets:
            count = worst.draw_sheet(done.predictions, sets[-1], sheet)
            click.echo(f"picture: {sheet}, {count} examples of {sets[-1]}\n")
    if wanted is None and verdict.term is None:
        click.echo("next: bring what is missing, or name the term to improve by `--term`, such as `--term overfitting`")
    return wanted or verdict.term


def configuration(
    source: str | None, tried: str | None, given: dict[str, Any]
) -> tuple[dict[str, Any] | None, str | None]:
    """The fields that advice is given for, and the reference whose options there are."""
    from refkit.edits.catalogue import REFERENCES
    from refkit.improvement import own_trials
    from refkit.improvement.reference_trials import config_of

    if tried is not None and ".py" in tried:
        return own_trials.own_bench(tried, given["runs"], given["better"], given["epochs"]).fields, None
    named = tried or given["reference"] or (source if source and source.partition(":")[0] in REFERENCES else None)
    if named is None:
        return None, None
    from refkit.evaluation.trained import protocol_of

    data = given["data"] if tried is None or given["reference"] in (None, tried) else None
    return config_of(protocol_of(named, data, given["epochs"])), named.partition(":")[0]


def try_all(term: str, target: str, given: dict[str, Any]) -> None:
    """Try every change there is against a term, and say what to do next."""
    from refkit import signs
    from refkit.evaluation.stages import BIAS, SHIFT, VAL_OVERFITTING
    from refkit.improvement import advice, own_trials, reference_trials, trial

    if term in (SHIFT, VAL_OVERFITTING):
        raise RefkitError(
            f"nothing in a configuration changes the {term}, so there is nothing to try: it takes other examples, as said above"
        )
    own = ".py" in target
    if own:
        bench = own_trials.own_bench(target, given["runs"], given["better"], given["epochs"])
    else:
        bench = reference_trials.bench_for(target, given["data"], given["runs"], given["epochs"])
    with signs.waiting(f"trying on {target}"):
        trials = (own_trials if own else reference_trials).try_items(bench, advice.BY_TERM[term], signs.say)
    if not trials:
        raise RefkitError(
            f"the configuration of `{target}` has no field that this advice changes: name fields as the references do, such as "
            "`hidden`, `learning_rate`, `dropout`"
        )
    knows_train = any(
        not one.failed and one.before.train.size and one.before.train[0] == one.before.train[0] for one in trials
    )
    part = "train" if term == BIAS and knows_train else "held"
    click.echo(trial.tell(trials, bench.unit, bench.how, part))
    click.echo(f"next: {next_words(trial.best(trials, part), len(trials), target, given)}")


def next_words(best: Any, count: int, target: str, given: dict[str, Any]) -> str:
    more = f"`--try {target} --runs {2 * given['runs'] + 4}`"
    if best is None:
        return f"no change is surely better; try with more seeds: {more}"
    if "→ all" in best.words:
        return "bring more training examples: half of them made it worse"
    return (
        f"take over {best.words} ({best.item}), train it at full length, and evaluate again; it is the best of {count} tried, "
        f"which flatters it: {more} tries it on more seeds"
    )


def first_step(term: str, reference: str | None) -> str:
    from refkit.evaluation.stages import BIAS, PROBLEMS, VARIANCE
    from refkit.improvement import advice

    if term in (BIAS, VARIANCE):
        target = reference or "lenet"
        return f"try it: {command_line('improve')} --term {PROBLEMS[term]} --try {target}, or --try my.py:train"
    return f"{advice.BY_TERM[term][0].name}, then evaluate again"
