"""What the checks work on: both programs, and everything that is found about them on the way up the ladder."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from refkit.alignment.pairing import Leaf, pair
from refkit.checks.raised import loss_finding
from refkit.diagnosis.aligned import Aligned, align, fit, search_pairing
from refkit.diagnosis.as_large import bugs_as_large
from refkit.diagnosis.bench import Bench
from refkit.diagnosis.candidates import OUTPUT_OPTIONS
from refkit.diagnosis.difference import Difference, Explained
from refkit.diagnosis.explain import Explainer
from refkit.diagnosis.memory import Step
from refkit.diagnosis.own import OwnBench
from refkit.diagnosis.padding import heeds_padding, masks_states, padded
from refkit.diagnosis.probe import batch_size, input_value, label_value, other_value, parameter_value
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.yours import Yours, see
from refkit.edits.catalogue import reference_source
from refkit.errors import RefkitError
from refkit.implementation import Implementation
from refkit.report.finding import Finding
from refkit.subjects.reference import build
from refkit.subjects.subject import Options, Shown, Subject
from refkit.tracing.trace import Site

SETTLED = ("features", "image", "classes", "outputs", "output-size", "vocabulary", "embedding", "channels", "kernel",
           "hidden", "dense", "layers", "bidirectional", "lengths")

FORWARD_RUNGS = ("runs", "structure", "forward")


@dataclasses.dataclass
class Matter:
    """Your implementation and a reference.

    Args:
        implementation: yours.
        subject: the reference's record.
        given: options that the user asked for.
        own: a reference of the user's own, and its source; None where `subject` is a shipped one.
        earlier: what the rungs climbed so far have found.
    """

    implementation: Implementation
    subject: Subject
    given: dict[str, str]
    own: tuple[Implementation, str] | None = None
    earlier: list[Finding] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def yours(self) -> Yours:
        return self.seen(self.implementation)

    def seen(self, implementation: Implementation) -> Yours:
        rough = see(implementation, [input_value(record, 1) for record in implementation.inputs])
        sizes = {size for leaf in rough.shapes for size in leaf.shape}
        sizes |= {size for record in implementation.inputs for size in record.shape}
        batch = batch_size(sizes)
        values = [input_value(record, batch) for record in implementation.inputs]
        yours = see(implementation, values)
        tokens = [record.kind == "tokens" for record in implementation.inputs]
        if any(tokens) and heeds_padding(yours):
            yours = see(implementation, [padded(v) if ids else v for v, ids in zip(values, tokens)])
            yours.padded, yours.masked = True, masks_states(yours)
        return yours

    @functools.cached_property
    def bench(self) -> Bench:
        if self.own is not None:
            return OwnBench(*self.own, self.yours.inputs, self.yours.input_values)
        return self.new_bench()

    def new_bench(self, values: Callable = parameter_value) -> Bench:
        patches = not self.yours.forward.plan.has("conv_general_dilated")
        subject, yours = self.subject, self.yours
        return Bench(subject.name, subject.model, yours.inputs, yours.input_values, patches, values)

    @functools.cached_property
    def shown(self) -> Shown:
        leaves = tuple(sorted(self.yours.leaves, key=lambda leaf: leaf.use))
        outputs = tuple(self.yours.forward.closed.out_avals[0].shape[1:])
        return Shown(leaves, self.yours.inputs, outputs, self.yours.padded, self.yours.masked)

    @property
    def other_sizes(self) -> tuple[Options, ...]:
        """Other sizes at which a bug, such as a layer that is there twice, may make the reference as large as yours."""
        if self.own:
            return ()
        return tuple([*self.subject.fit(self.shown), *self.subject.with_a_layer_twice(self.shown)])

    @property
    def shown_with_unused(self) -> Shown:
        """The same with the parameters that no step takes, each behind those of its shape: some bugs leave one out."""
        yours = self.yours
        used = {}
        for leaf in self.shown.leaves:
            used[leaf.shape] = leaf.use
        unused = [(tuple(yours.shapes[k].shape), k) for k in yours.unused]
        more = [Leaf(yours.paths[k], shape, yours.kinds[k], used.get(shape, len(yours.kinds))) for shape, k in unused]
        return dataclasses.replace(self.shown, leaves=tuple(sorted([*self.shown.leaves, *more], key=lambda leaf: leaf.use)))

    @functools.cached_property
    def fitted(self) -> Aligned:
        """The reference at the sizes that your parameters show, with the options that take you furthest along."""
        fitted = self.best_fit()
        for other in self.implementation.alternatives if not fitted.whole else ():
            self.__dict__.pop("bench"), self.__dict__.pop("shown")
            before, self.__dict__["yours"] = self.yours, self.seen(other)
            again = self.best_fit()
            if again.rank > fitted.rank:
                fitted, self.implementation = again, other
            else:
                self.__dict__["yours"] = before
                self.__dict__.pop("bench"), self.__dict__.pop("shown")
                fitted = self.best_fit()
        return fitted

    def best_fit(self) -> Aligned:
        best = reached = None
        loss = {} if self.own else {"loss": self.losses()[0][0]}
        sizes = self.subject.fit(self.shown)
        if self.yours.unused:
            sizes += [options for options in self.subject.fit(self.shown_with_unused) if options not in sizes]
        for options in [*sizes, {}]:
            if not options and best is not None and 0 in (best.pairing.missing, reached[-1]):
                break  # your sizes leave nothing over, as they are or with a known bug
            side = self.bench.side(Setting(tuple({**options, **loss, **self.given}.items())))
            if side is None:
                continue
            tried = fit(self.yours, side, "forward")
            reach = tried.rank if tried.whole else max(tried.rank, self.reach_with_bug(tried))
            if best is None or reach > reached:
                best, reached = tried, reach
            if best.whole:
                break
        if best is None:
            asked = ", ".join(f"`{option}={value}`" for options in sizes[:1] for option, value in options.items())
            raise RefkitError(f"`{self.subject.name}` cannot be built as your file shows it, with {asked}: give the options "
                              "that come nearest after a colon, as in `--reference lstm:bidirectional=true`")
        return best

    def reach_with_bug(self, tried: Aligned) -> tuple:
        """How far a known bug takes it that makes the reference as large as yours: a layer left out, say."""
        reached: tuple = ()
        if tried.pairing.missing == 0:
            return reached
        for _, side in bugs_as_large(self.yours, self.bench, tried.side.setting, FORWARD_RUNGS):
            aligned = align(self.yours, side, pair(self.yours.leaves, side.atoms, self.yours.said), "forward")
            if aligned.pairing.missing == 0:
                aligned = search_pairing(aligned)
            reached = max(reached, aligned.rank)
        return reached

    @functools.cached_property
    def forward(self) -> Explained:
        """Every difference of the forward pass in evaluation mode, on parameters that show one."""
        explained = self.explain_forward()
        found_all = explained.final.whole and not self.healed and not self.own
        if found_all and not self.agrees_on_others(explained.final):
            self.bench = self.new_bench(other_value)
            self.fitted = self.best_fit()
            explained = self.explain_forward()
        return explained

    def agrees_on_others(self, final: Aligned) -> bool:
        """Whether the forward pass is the reference's on other parameters, too: a ReLU shows on negative numbers alone."""
        side = self.new_bench(other_value).side(final.side.setting)
        return side is None or align(self.yours, side, final.pairing, "forward").whole

    def explain_forward(self) -> Explained:
        fitted = self.fitted
        fixed = frozenset(option for option, _ in fitted.side.setting.options if option in SETTLED) | set(self.given)
        explainer = Explainer(self.yours, self.bench, "forward", fixed, FORWARD_RUNGS, other_sizes=self.other_sizes)
        explained = explainer.explain(fitted)
        self.healed = explainer.replaced
        self.bench.wake()
        return explained

    @functools.cached_property
    def loss_raised(self) -> Finding | None:
        """That your loss raises on a valid batch, in every way of calling it."""
        raised = None if self.has_loss else self.implementation.raised
        of_classes = self.implementation.label_dtype == "int32"
        return None if raised is None else loss_finding(raised, source_of(raised.file), of_classes)

    @property
    def output_is_constant(self) -> bool:
        """Whether a bug makes your output the same for every example: then no loss of it says anything."""
        trace = self.forward.final.alignment.yours
        output = trace.values[trace.outputs[0]]
        return bool(lines_of(self.forward.differences)) and output.ndim > 0 and not np.ptp(output, axis=0).any()

    @property
    def has_loss(self) -> bool:
        return self.implementation.loss is not None or self.implementation.output_loss is not None

    @functools.cached_property
    def loss(self) -> Explained:
        """Every difference of the loss, the forward pass's apart.

        Raises:
            LossError: your loss takes neither class ids nor targets.
        """
        starts, errors = [], []
        for option, labels in self.losses():
            try:
                start = self.loss_start(option, labels)
            except Exception as error:  # noqa: BLE001: your loss may raise anything on labels that it is not for
                errors.append(error)
                continue
            if start is not None:
                starts.append((start, option, labels))
            if start is not None and start.whole:
                break
        if not starts:
            raise LossError(errors[0] if errors else None)
        start, option, self.bench.labels = max(starts, key=lambda item: item[0].rank)
        self.yours.forget_loss()
        fixed = frozenset(option for option, _ in start.side.setting.options if option != "loss")
        explainer = Explainer(self.yours, self.bench, "loss", fixed, ("loss",), frozenset(self.given), self.told)
        explained = explainer.explain(self.loss_start(option, self.bench.labels))
        self.healed = self.healed or explainer.replaced
        return explained

    def losses(self) -> list[tuple[str, np.ndarray]]:
        """The losses of the reference that yours may be meant as, with labels for each; the likeliest first."""
        batch = len(self.yours.input_values[0])
        output = (batch, *(self.shown.outputs or (1,)))
        classes, targets = label_value(output, False, batch), label_value(output, True, batch)
        one = not self.shown.outputs or self.shown.width == 1
        of_classes = [("sigmoid", classes)] if one else [("cross-entropy", classes)]
        if len(output) > 2 and any(record.kind == "tokens" for record in self.yours.inputs):  # the next id, padding left out
            of_classes.append(("cross-entropy", np.where(classes == 0, 1, classes)))
        of_targets = [("mse", targets)]
        given = self.given.get("loss")
        if given is not None:
            return [(given, targets if given in OF_TARGETS else classes)]
        dtype = self.implementation.label_dtype
        if dtype == "int32":
            return of_classes
        regression = dtype == "float32" if dtype else self.subject.regression and one
        return of_targets + of_classes if regression else of_classes + of_targets

    def loss_start(self, option: str, labels: np.ndarray) -> Aligned | None:
        final = self.forward.final
        self.bench.forget_losses(labels)
        self.yours.forget_loss()
        side = self.bench.side(final.side.setting.with_option("loss", option))
        return fit(self.yours, side, "loss", final.pairing) if side is not None and side.can("loss") else None

    @functools.cached_property
    def told(self) -> frozenset[tuple[str, int]]:
        """File and line of the forward pass's departures that are no choices."""
        return lines_of(self.forward.differences)

    def is_known(self, site: Site | None) -> bool:
        """Whether the forward pass, or the loss once it has been looked at, has reported a departure on this line already."""
        told = self.told | (lines_of(self.loss.differences) if "loss" in vars(self) else frozenset())
        return site is not None and (site.file, site.line) in told

    @functools.cached_property
    def withdrawn(self) -> frozenset[str]:
        """Options that the forward pass alone looks like, and that the loss shows to be a bug."""
        if not self.has_loss or not any(self.forward.final.side.setting.value(option) for option in OUTPUT_OPTIONS):
            return frozenset()
        try:
            differences = self.loss.differences
        except LossError:
            return frozenset()
        return frozenset(d.candidate.instead for d in differences if d.candidate is not None and d.candidate.instead)

    @functools.cached_property
    def step(self) -> Step | None:
        """One step of your training at the reference's batch size, being compiled; None where it cannot be traced."""
        of_classes, of_targets = ((), np.int32), (self.shown.outputs, np.float32)
        dtype = self.implementation.label_dtype
        regression = dtype == "float32" if dtype else self.subject.regression
        labels = [of_targets, of_classes] if regression else [of_classes, of_targets]
        try:
            return Step(self.yours, default_config(self.subject.name, self.subject.model).batch_size, labels)
        except Exception:  # noqa: BLE001: your program may raise anything at another batch size than the probe's
            return None

    @functools.cached_property
    def setting(self) -> Setting:
        return self.forward.final.side.setting


def lines_of(differences: list[Difference]) -> frozenset[tuple[str, int]]:
    """File and line of every difference that is no choice."""
    wrong = [d for d in differences if d.candidate is None or d.candidate.kind == "bug"]
    sites = [d.before.alignment.yours.sites[d.node] for d in wrong]
    return frozenset((site.file, site.line) for site in sites if site is not None)


@functools.cache
def default_config(name: str, model: str):
    """A reference's `Config()` as its file has it."""
    return build(name, model, reference_source(name)).config


class LossError(Exception):
    """Your loss raises on every kind of labels; the first error is its only argument."""


OF_TARGETS = ("mse", "half-mse", "rmse", "squared-distance", "mae", "huber", "log-cosh")

