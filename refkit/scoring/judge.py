"""Whether a scoring function says what it should of examples whose right answers are known."""

import dataclasses
import re
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import jax
import numpy as np

from refkit.adapters.labels import LabelForm
from refkit.adapters.parts.scorer import Scorer
from refkit.loading.time_limit import OutOfTime, time_limit
from refkit.scoring.conditions import cut_at, explained, innermost, negated, same_everywhere, sized
from refkit.scoring.hypotheses import OF_CLASSES as CLASS_QUANTITIES
from refkit.scoring.hypotheses import OF_TARGETS as TARGET_QUANTITIES
from refkit.scoring.hypotheses import edited, metric_edits, say, standing_for
from refkit.scoring.mixing_examples import largest_over_batch, over_last_axis, tables
from refkit.scoring.modes import evaluation_modes
from refkit.scoring.oracle import BATCH, OF_ONE_SIZE, SETS, Oracle, Probe
from refkit.scoring.reading import FORMS, Leaf, form_of, leaves_of, numbers
from refkit.scoring.verdict import Trial, Verdict

LIMIT_S = 40.0  # for one function, in every way of calling it
MOST_WAYS = 24
SHORT = re.compile(r"bfloat16|float16|\bbf16\b|\bf16\b|\bhalf\b|int8", re.I)
OF_CLASSES = re.compile(r"argmax|argsort|top_k|one_?hot|\bclasses\b|\bAccuracy\b|logits")
OF_TARGETS = re.compile(r"abs\(|\*\*\s*2|square|\br2|mae\b|rmse\b", re.I)
OTHER_SCORES = re.compile(
    r"f1|precision|recall|auc|roc|balanced|top_?k|top_?\d|weighted|mask|perplex|kappa|confusion|per_class|bleu|iou",
    re.I,
)
CALLED_ACCURACY = re.compile(r"(.*[._])?(acc|accuracy)([._].*)?", re.I)


@dataclasses.dataclass
class Judge:
    """Puts one function to the test.

    Args:
        scorer: the function.
        oracle: the model's answers.
        reference: name of the reference.
        classes: whether the labels are classes, where its own words do not tell.
        files: the user's, whose code may be interrupted.
    """

    scorer: Scorer
    oracle: Oracle
    reference: str
    classes: bool
    files: tuple[str, ...]

    def __post_init__(self):
        text = self.scorer.text
        if bool(OF_CLASSES.search(text)) != bool(OF_TARGETS.search(text)):
            self.classes = bool(OF_CLASSES.search(text))
        if (
            not self.classes
            and re.search(r"sigmoid|round\(|>\s*0\b|>\s*0\.[05]\b", text)
            and not OF_TARGETS.search(text)
        ):
            self.classes = True
        self.batch = BATCH
        literal = self.scorer.sizes.get("")
        if literal and not any(name for name in self.scorer.sizes if name):
            self.batch = literal
        self.probes = self.draw()
        self.errors: list[BaseException] = []

    def draw(self) -> list[Probe]:
        scale = max(1 if self.batch <= BATCH else self.batch / BATCH, 2 * cut_at(self.definitions) / SETS[0][0])
        whole = not self.scorer.is_batched and not self.scorer.of_outputs  # each size is compiled anew
        sets = [
            (round(n * scale) + (scale > 1), round(k * scale) + (scale > 1))
            for n, k in (OF_ONE_SIZE if whole else SETS)
        ]
        probes = [self.oracle.probe(n, min(k, n), self.classes, self.batch, seed) for seed, (n, k) in enumerate(sets)]
        if SHORT.search(self.scorer.text):
            probes.insert(0, self.oracle.probe(1013, 787, self.classes, self.batch, 9))
        return probes

    def verdict(self) -> Verdict:
        """What is thought of it; every way of calling it is tried until one is right."""
        name = standing_for(self.reference, self.classes)
        quantities = list((CLASS_QUANTITIES if self.classes else TARGET_QUANTITIES)[1])
        self.rights = {
            q: say(edited(name, None, q), name, self.oracle, self.probes, self.classes, self.batch).shares
            for q in quantities
        }
        if not self.classes:
            self.rights["share explained"] = tuple(explained(probe) for probe in self.probes)
        trials: list[Trial] = []
        with sized(self.scorer, self.batch):
            try:
                with time_limit(LIMIT_S, self.runs_yours):
                    for trial in self.trials(self.scorer.ways()):
                        right = self.right(trial)
                        if right is not None:
                            return self.with_modes(trial, right)
                        trials.append(trial)
                    as_called: list[Trial] = []
                    for trial in self.trials(self.scorer.ways_as_called()):
                        right = self.right(trial)
                        if right is not None:
                            return self.with_modes(trial, right)
                        as_called.append(trial)
                    return self.wrong(trials, as_called, name, quantities)
            except OutOfTime:
                return Verdict(self.scorer, "unusable", error=TimeoutError(f"it was not through after {LIMIT_S:g} s"))

    def runs_yours(self, frame: FrameType | None) -> bool:
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back
        return frame is not None

    def trials(self, ways: Iterator[Callable]) -> Iterator[Trial]:
        shape = self.probes[0].examples.outputs.shape
        forms, _ = self.scorer.forms(self.classes, shape)
        tried, began = 0, time.monotonic()
        for way in ways:
            for form in forms:
                tried += 1
                try:
                    leaves = self.read(way, form)
                except OutOfTime:
                    raise
                except Exception as error:  # noqa: BLE001: your function may raise anything when called otherwise than meant
                    self.errors.append(error)
                    continue
                if leaves:
                    yield Trial(way, form, leaves)
                if tried >= MOST_WAYS or time.monotonic() - began > LIMIT_S / 2:
                    return

    def read(self, way: Callable, form: LabelForm, **changes: Any) -> list[Leaf]:
        with jax.enable_x64(False):
            return leaves_of(
                [numbers(way(dataclasses.replace(probe.examples, **changes), form)) for probe in self.probes]
            )

    def right(self, trial: Trial) -> tuple[Leaf, str, str] | None:
        """The number that is right, its form and its quantity; None where one is wrong that should be an accuracy."""
        found = None
        for leaf in trial.leaves:
            for quantity, shares in self.rights.items():
                form = form_of(leaf.values, shares, self.counts)
                if form and (form != "root" or quantity == "squared error"):
                    found = found or (leaf, form, quantity)
                    break
            else:
                if CALLED_ACCURACY.fullmatch(leaf.name) and len(trial.leaves) > 1:
                    return None
        return found

    @property
    def counts(self) -> list[int]:
        return [probe.answered for probe in self.probes]

    @property
    def sets(self) -> tuple[tuple[int, int], ...]:
        return tuple((probe.right, probe.answered) for probe in self.probes)

    def with_modes(self, trial: Trial, right: tuple[Leaf, str, str]) -> Verdict:
        """Right as called; wrong all the same if it leaves a model in training mode and so does every caller."""
        good = Verdict(self.scorer, "right", form=right[1], said=right[0].values, sets=self.sets)
        if self.scorer.of_outputs or not self.scorer.has_modes or not self.left_in_training():
            return good
        try:
            leaves = self.read(trial.way, trial.form, training=True)
        except Exception:  # noqa: BLE001: in training mode it may want a key
            return good
        leaf = next((leaf for leaf in leaves if leaf.name == right[0].name), None)
        if leaf is None or form_of(leaf.values, self.rights[right[2]], self.counts):
            return good
        return self.in_training(trial, leaf, training=True) or good

    def left_in_training(self) -> bool:
        """Whether the file calls it and never asks for evaluation mode."""
        source = self.scorer.evidence.source
        called = re.search(rf"(?<!def )\b{self.scorer.name}\(", source)
        asks = re.search(
            r"\.eval\(|deterministic\s*=\s*True|use_running_average\s*=\s*True|set_attributes|nnx\.view\(|eval_mode|set_mode",
            source,
        )
        return bool(called) and not asks

    def in_training(self, trial: Trial, leaf: Leaf, **changes: Any) -> Verdict | None:
        """That it is right as soon as the layers, or the file's own functions, are in evaluation mode."""
        for id, mode in evaluation_modes(self.scorer.evidence):
            self.scorer.forget_traces()
            try:
                with mode:
                    again = self.read(trial.way, trial.form, **changes)
            except Exception:  # noqa: BLE001: in another mode it may raise anything
                continue
            finally:
                self.scorer.forget_traces()
            if self.right(Trial(trial.way, trial.form, again)):
                return self.bug(id, "the metric in training mode", leaf)
        return None

    def wrong(self, trials: list[Trial], as_called: list[Trial], name: str, quantities: list[str]) -> Verdict:
        """The known bug that says the same, or that nothing does; what was put into a call of the program's own proves no more."""
        scored = [(bug, edit) for bug, edit in metric_edits(name) if bug.group != "mode"]
        told = {
            q: [
                (b, e, say(edited(name, e, q), name, self.oracle, self.probes, self.classes, self.batch))
                for b, e in scored
            ]
            for q in quantities
        }
        argmax = largest_over_batch(self, told)
        if argmax is not None:
            return argmax
        for trial in [*as_called, *trials]:
            paired = "column" in trial.form.name and not self.oracle.one_unit  # a column of ids is a guess here
            for leaf in trial.leaves:
                found = self.named(leaf, told)
                if found is not None and not (paired and found.id == "targets-broadcast"):
                    return found
        for trial in trials[:2]:
            if SHORT.search(self.scorer.text) and any(self.is_nearly_right(leaf) for leaf in trial.leaves):
                return self.bug("low-precision-accumulation", "rounded to a short format", trial.leaves[0])
        for trial in [*as_called[:2], *trials[:2]]:
            found = self.in_training(trial, trial.leaves[0]) or (
                self.with_other_leaves(trial) if trial not in as_called else None
            )
            if found is not None:
                return found
        if not trials:
            return tables(self, told) or over_last_axis(self, as_called) or self.raises()
        return over_last_axis(self, trials) or self.unexplained(trials[0])

    def named(self, leaf: Leaf, told: dict) -> Verdict | None:
        for quantity, entries in told.items():
            matching = []
            for bug, edit, said in entries:
                if (
                    len(set(leaf.values)) < 2
                    or same_everywhere(said.shares, self.rights[quantity])
                    or not np.isfinite(said.shares).all()
                ):
                    continue
                form = form_of(leaf.values, said.shares, self.counts)
                if bug.id == "targets-broadcast":  # a sum over a table of all pairs
                    form = form or form_of(leaf.values, said.shares, [count * count for count in self.counts])
                if form:
                    matching.append((bug, edit, form))
            if matching:
                bug, edit, form = self.likeliest(matching)
                rivals = tuple((other.id, 0.0) for other, _, _ in matching if other.id != bug.id)
                return Verdict(
                    self.scorer,
                    "bug",
                    bug.id,
                    edit.where,
                    form,
                    leaf.values,
                    self.rights[quantity],
                    self.sets,
                    rivals=tuple(dict.fromkeys(rivals)),
                )
        return None

    def is_nearly_right(self, leaf: Leaf) -> bool:
        """Whether a number is right but for the digits that a short format loses."""
        for shares in self.rights.values():
            for form in FORMS.values():
                wanted = [form(share, count) for share, count in zip(shares, self.counts, strict=True)]
                if all(
                    abs(value - right) <= abs(right) / 128 for value, right in zip(leaf.values, wanted, strict=True)
                ):
                    return True
        return False

    def likeliest(self, matching: list) -> tuple:
        """Of several that say the same, the one with the file's own words."""
        short = bool(SHORT.search(self.scorer.text))
        return min(matching, key=lambda entry: (entry[0].id == "low-precision-accumulation") != short)

    def with_other_leaves(self, trial: Trial) -> Verdict | None:
        """That it says the same whatever parameters it is given."""
        if self.scorer.of_outputs:
            return None
        other = jax.tree.map(negated, self.probes[0].examples.tree)
        try:
            again = self.read(trial.way, trial.form, tree=other)
        except Exception:  # noqa: BLE001
            return None
        if len(set(trial.leaves[0].values)) < 2 or any(
            one.values != two.values for one, two in zip(trial.leaves, again, strict=False)
        ):
            return None
        return self.bug("initial-parameters-at-evaluation", "parameters that it was not given", trial.leaves[0])

    @property
    def definitions(self) -> list:
        return self.scorer.evidence.reached(self.scorer.candidate.definition)

    def bug(self, id: str, where: str, leaf: Leaf) -> Verdict:
        """A known bug by what a leaf says, where the first of the right figures is wanted."""
        wanted = self.rights[next(iter(self.rights))]
        return Verdict(self.scorer, "bug", id, where, said=leaf.values, wanted=wanted, sets=self.sets)

    def raises(self) -> Verdict:
        """It raised in every way of calling it."""
        mine = [error for error in self.errors if innermost(error) in self.files]
        return Verdict(self.scorer, "unusable", error=(mine or self.errors or [None])[0])

    def unexplained(self, trial: Trial) -> Verdict:
        """Wrong for certain only where it is called an accuracy, and nothing says that another score is meant."""
        leaf = next((leaf for leaf in trial.leaves if CALLED_ACCURACY.fullmatch(leaf.name)), trial.leaves[0])
        named = (
            CALLED_ACCURACY.fullmatch(self.scorer.name)
            and len(trial.leaves) == 1
            or CALLED_ACCURACY.fullmatch(leaf.name)
        )
        wanted = self.rights[next(iter(self.rights))]
        within = all(np.isfinite(value) and -1e-6 <= value for value in leaf.values)
        sure = named and self.classes and within and not OTHER_SCORES.search(self.scorer.text)
        kind = "unexplained" if sure else "unusable"
        return Verdict(self.scorer, kind, said=leaf.values, wanted=wanted, sets=self.sets)
