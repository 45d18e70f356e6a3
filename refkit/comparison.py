"""Compare a program with a reference: load it, see it as an implementation, climb the ladder."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType, MappingProxyType
from typing import Any

from refkit.adapters import ModelRaised, adapt
from refkit.adapters.raised import user_lines
from refkit.checks import CHECKS
from refkit.checks.check import Outcome
from refkit.checks.lines import line_pairs
from refkit.checks.matter import Asked, Matter, default_config
from refkit.checks.raised import raised_report
from refkit.checks.structure import differs
from refkit.diagnosis.own import own_subject
from refkit.edits.catalogue import parse_options
from refkit.errors import RefkitError
from refkit.implementation import Implementation
from refkit.loading import load
from refkit.loading.discovery import Found, find_part, the_model
from refkit.loading.time_limit import OutOfTime, time_limit
from refkit.report.finding import Finding, Report, Rung
from refkit.subjects import BY_NAME, SUBJECTS
from refkit.subjects.subject import Subject
from refkit.tracing.listed import Listed

LIMIT_S = 120.0  # for finding out how a model is called; a right one takes a second or two


def compare(
    target: str,
    reference: str,
    *,
    until: str | None = None,
    only: str | None = None,
    quick: bool = False,
    kwargs: dict[str, Any] | None = None,
    names: dict[str, str] | None = None,
    data: str | None = None,
    seeds: int | None = None,
    results: Sequence[float] = (),
) -> Report:
    """Name the first line of `target` that departs from `reference`, and every independent difference.

    Args:
        target: `path/to/file.py`, `path/to/file.py:Name` or `package.module:Name`. It is run, never edited.
        reference: `mlp`, `lenet`, `lstm` or `multimodal`, with options as in `lenet:pool=max`.
        until: the last rung to climb.
        only: the one rung to report.
        quick: leave out the rungs that train, and the bugs that only learning decides.
        kwargs: constructor arguments of the model.
        names: what the parts of `target` are called there, as in `{"loss": "my_loss"}`.
        data: the data set on which the rung `result` judges; the reference's offline default without it.
        seeds: how many runs it judges by.
        results: figures of your own on that data, which it judges in the place of training.

    Returns:
        The report; `report.exit_status` is 0 for the same, 1 for a finding.

    Raises:
        RefkitError: nothing could be compared.

    Example:
        report = refkit.compare("examples/my_lenet.py", "lenet", until="forward")
        report.verdict  # "different"
    """
    if ".py" in reference:
        return compare_with_own(target, reference, until=until, only=only, quick=quick, kwargs=kwargs, names=names)
    parse_options(reference)
    require_known_data(reference, data)
    loaded = load(target, roles=names or {})
    return compare_loaded(
        loaded,
        the_model,
        reference,
        until=until,
        only=only,
        quick=quick,
        kwargs=kwargs,
        names=names,
        data=data,
        seeds=seeds,
        results=results,
    )


def require_known_data(reference: str, data: str | None) -> None:
    """That a data set is among those of the reference's experiments.

    Raises:
        RefkitError: it is not.
    """
    if data is not None:
        from refkit.experiments.protocols import find_protocol

        find_protocol(parse_options(reference)[0], data)


def compare_with_own(target: str, reference: str, *, until, only, quick, kwargs, names) -> Report:
    """`compare` with an implementation of the user's own as the reference."""
    trusted = load(reference)
    with trusted.active():
        subject, own = own_reference(trusted)
    loaded = load(target, roles=names or {})
    with loaded.active(), trusted.active(), watched(loaded) as listed:
        adapted = functools.partial(implementation_of, loaded, the_model, subject, kwargs, names or {}, own)
        try:
            implementation = adapted()
        except ModelRaised as error:
            return raised_report(error, loaded, subject, {}, None)
        tell(implementation, listed)
        matter = Matter(implementation, subject, {}, (own, trusted.source), quick)
        rungs, findings = climb(matter, until, only)
        lines = line_pairs(matter) if "forward" in vars(matter) else ()
    notes = tuple([*implementation.notes, *loaded.notes])
    return Report(own.name, implementation.name, implementation.framework, {}, rungs, findings, notes, lines)


def own_reference(trusted: Any) -> tuple[Subject, Implementation]:
    """The user's own reference, tried with the inputs of every shipped one."""
    raised: list[Exception] = []
    for subject in SUBJECTS:
        try:
            implementation = implementation_of(trusted, the_model, subject, None, {})
            return own_subject(implementation), implementation
        except (ModelRaised, RefkitError) as error:
            raised.append(error)
    raise RefkitError(f"`{trusted.shown}` cannot be the reference: {raised[0]}")


def compare_loaded(
    loaded: Any,
    find: Callable[[Any], Found],
    reference: str,
    *,
    until: str | None = None,
    only: str | None = None,
    quick: bool = False,
    kwargs: dict[str, Any] | None = None,
    names: dict[str, str] | None = None,
    data: str | None = None,
    seeds: int | None = None,
    results: Sequence[float] = (),
) -> Report:
    """`compare` for what is loaded already.

    Args:
        loaded: a `refkit.loading.Loaded`, or what has the same attributes.
        find: gives the model in it.
    """
    name, given = parse_options(reference)
    subject = BY_NAME[name]
    with loaded.active(), watched(loaded) as listed:
        adapted = functools.partial(implementation_of, loaded, find, subject, kwargs, names or {}, given=given)
        try:
            with time_limit(LIMIT_S, lambda frame: runs_in(frame, loaded.files)):
                implementation = adapted()
        except (ModelRaised, SystemExit) as error:
            return raised_report(raised_by(error, loaded), loaded, subject, given, adapted)
        except OutOfTime as error:
            late = TimeoutError(f"one call was not through after {LIMIT_S:g} s").with_traceback(error.__traceback__)
            return raised_report(raised_by(late, loaded), loaded, subject, given, None)
        tell(implementation, listed)
        matter = Matter(implementation, subject, given, quick=quick, asked=Asked(data, seeds, tuple(results)))
        rungs, findings = climb(matter, until, only)
        known = "forward" in vars(matter)  # the rung `runs` does without
        lines = line_pairs(matter) if known else ()
    options = dict(given) | (chosen_options(matter) if known else {})
    return Report(
        name,
        implementation.name,
        implementation.framework,
        options,
        rungs,
        findings,
        tuple([*implementation.notes, *loaded.notes]),
        lines,
    )


@contextlib.contextmanager
def watched(loaded: Any) -> Iterator[Listed | None]:
    """While the elements of the file's lists are noticed where they are called; None where they are not known."""
    elements = getattr(loaded, "elements", None)
    if elements is None:
        yield None
        return
    listed = Listed(elements)
    with listed.watching():
        yield listed


def tell(implementation: Implementation, listed: Listed | None) -> None:
    for seen in (implementation, *implementation.alternatives):
        seen.listed = listed


def chosen_options(matter: Matter) -> dict[str, str]:
    """The options of the reference that yours shows and that are not its defaults."""
    name = matter.subject.name
    return {option: value for option, value in matter.setting.options if differs(name, option, value)}


def runs_in(frame: FrameType | None, files: tuple[str, ...]) -> bool:
    """Whether what runs is code of these files, or was called by it."""
    while frame is not None and frame.f_code.co_filename not in files:
        frame = frame.f_back
    return frame is not None


def raised_by(error: BaseException, loaded: Any) -> ModelRaised:
    """A model that ends the program, or never ends itself, raises, too."""
    if isinstance(error, ModelRaised):
        return error
    lines = user_lines(error, loaded.file)
    return ModelRaised(error, loaded.file, lines[-1] if lines else None, "forward")


def climb(matter: Matter, until: str | None, only: str | None) -> tuple[tuple[Rung, ...], tuple[Finding, ...]]:
    """Run the checks asked for; those that go on in the background begin first and are collected last."""
    names = [check.name for check in CHECKS]
    last = names.index(until or only) if (until or only) in names else len(names) - 1
    wanted = [
        check for check in CHECKS[: last + 1] if only in (None, check.name) and not (matter.quick and check.trains)
    ]
    for check in wanted:
        if check.begin is not None:
            check.begin(matter)
    outcomes: dict[str, Outcome] = {}
    for check in sorted(wanted, key=lambda check: check.begin is not None):
        outcomes[check.name] = check.run(matter)
        matter.earlier += outcomes[check.name].findings
    climbed = [outcomes[check.name] for check in wanted]
    findings = tuple(finding for outcome in climbed for finding in outcome.findings)
    return tuple(outcome.rung for outcome in climbed), findings


def implementation_of(
    loaded: Any,
    find: Callable[[Any], Found],
    subject: Subject,
    kwargs: dict[str, Any] | None,
    names: dict[str, str],
    own: Implementation | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Implementation:
    """The model of a file as an `Implementation`, tried with each set of inputs that the reference can take.

    Args:
        given: the options on `--reference`, whose sizes are those of the inputs.
    """
    found = find(loaded)
    config, sizes, outputs = None, {}, 1
    if own is None:
        config = default_config(subject.name, subject.model, tuple(given.items()))
        sizes = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
        outputs = sizes[subject.output_field]
        if getattr(loaded, "program", None) is not None:
            loaded.program.outputs = outputs
    raised: list[Exception] = []
    for inputs in subject.inputs(config):
        try:
            implementation = adapt(
                loaded,
                found,
                inputs,
                outputs,
                sizes,
                kwargs,
                label_dtype="float32" if subject.regression else "int32",
                loss=names.get("loss"),
                train_step=names.get("train_step"),
                find_part=functools.partial(find_part, loaded),
            )
            for seen in (implementation, *implementation.alternatives):
                seen.line = seen.line or found.line or None
            return implementation
        except (ModelRaised, RefkitError) as error:
            raised.append(error)
    raise raised[0]
