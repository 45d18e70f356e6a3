"""What the checks work on: both programs, and everything that is found about them on the way up the ladder."""

import dataclasses
import functools

import numpy as np

from refkit.checks.raised import loss_finding
from refkit.checks.sight import FORWARD_RUNGS, Sight, seen
from refkit.diagnosis.aligned import Aligned, align, fit
from refkit.diagnosis.bench import Bench
from refkit.diagnosis.candidates import OUTPUT_OPTIONS
from refkit.diagnosis.difference import Difference, Explained
from refkit.diagnosis.explain import Explainer
from refkit.diagnosis.memory import Step
from refkit.diagnosis.probe import other_value
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.yours import Yours
from refkit.edits.catalogue import edited_source
from refkit.edits.choices.sizes import SIZES
from refkit.implementation import Implementation
from refkit.report.finding import Finding
from refkit.subjects.reference import build
from refkit.subjects.subject import Shown, Subject
from refkit.tracing.trace import Site

SETTLED = (
    "features",
    "image",
    "classes",
    "outputs",
    "output-size",
    "vocabulary",
    "embedding",
    "channels",
    "kernel",
    "hidden",
    "dense",
    "layers",
    "bidirectional",
    "lengths",
)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What was asked of the rung `result`.

    Args:
        data: the data set; None for the reference's offline default.
        seeds: how many runs; None for one.
        results: figures brought from elsewhere.
    """

    data: str | None = None
    seeds: int | None = None
    results: tuple[float, ...] = ()


@dataclasses.dataclass
class Matter:
    """Your implementation and a reference.

    Args:
        implementation: yours.
        subject: the reference's record.
        given: options that the user asked for.
        own: a reference of the user's own, and its source; None where `subject` is a shipped one.
        quick: whether what only learning decides is left out.
        asked: of the rung `result`.
        earlier: what the rungs climbed so far have found.
    """

    implementation: Implementation
    subject: Subject
    given: dict[str, str]
    own: tuple[Implementation, str] | None = None
    quick: bool = False
    asked: Asked = Asked()
    earlier: list[Finding] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def sight(self) -> Sight:
        """Of the ways of calling your model the first; once both are `fitted`, the one that comes nearest."""
        return Sight(seen(self.implementation), self.subject, self.given, self.own)

    @property
    def yours(self) -> Yours:
        return self.sight.yours

    @property
    def bench(self) -> Bench:
        return self.sight.bench

    @property
    def shown(self) -> Shown:
        return self.sight.shown

    @functools.cached_property
    def fitted(self) -> Aligned:
        """The reference at the sizes that your parameters show, with the options that take you furthest along."""
        for other in self.implementation.alternatives:
            if self.sight.fitted.whole:
                break
            again = dataclasses.replace(self.sight, yours=seen(other))
            if again.fitted.rank > self.sight.fitted.rank:
                self.sight, self.implementation = again, other
        return self.sight.fitted

    @functools.cached_property
    def forward(self) -> Explained:
        """Every difference of the forward pass in evaluation mode, on parameters that show one."""
        explained = self.explain_forward()
        found_all = explained.final.whole and not self.healed and not self.own
        if found_all and not self.agrees_on_others(explained.final):
            self.sight = dataclasses.replace(self.sight, values=other_value)
            self.fitted = self.sight.fitted
            explained = self.explain_forward()
        return explained

    def agrees_on_others(self, final: Aligned) -> bool:
        """Whether the forward pass is the reference's on other parameters, too: a ReLU shows on negative numbers alone."""
        side = dataclasses.replace(self.sight, values=other_value).bench.side(final.side.setting)
        return side is None or align(self.yours, side, final.pairing, "forward").whole

    def explain_forward(self) -> Explained:
        fitted = self.fitted
        fixed = frozenset(option for option, _ in fitted.side.setting.options if option in SETTLED) | set(self.given)
        explainer = Explainer(
            self.yours, self.bench, "forward", fixed, FORWARD_RUNGS, other_sizes=self.sight.other_sizes
        )
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
        for option, labels in self.sight.losses():
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
def default_config(name: str, model: str, given: tuple[tuple[str, str], ...] = ()):
    """A reference's `Config()` as its file has it, at the sizes among some options."""
    sizes = {choice.option for choice in SIZES if choice.reference == name}
    options = {option: value for option, value in given if option in sizes or keeps_small_pictures(option, value)}
    return build(name, model, edited_source(name, options)).config


def keeps_small_pictures(option: str, value: str) -> bool:
    """Whether an option leaves something of a picture of which the reference's own padding leaves nothing."""
    return option == "padding" and "-" not in value


class LossError(Exception):
    """Your loss raises on every kind of labels; the first error is its only argument."""
