"""What the checks work on: both programs, and everything that is found about them on the way up the ladder."""

import dataclasses
import functools

import numpy as np

from refkit.diagnosis.aligned import Aligned, fit
from refkit.diagnosis.bench import Bench
from refkit.diagnosis.explain import Explained, Explainer
from refkit.diagnosis.probe import batch_size, input_value, label_value
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.yours import Yours, see
from refkit.implementation import Implementation
from refkit.subjects.subject import Shown, Subject

SETTLED = ("features", "image", "classes", "outputs", "output-size", "vocabulary", "embedding", "channels", "kernel",
           "hidden", "dense", "layers", "bidirectional", "lengths")


@dataclasses.dataclass
class Matter:
    """Your implementation and a reference.

    Args:
        implementation: yours.
        subject: the reference's record.
        given: options that the user asked for.
    """

    implementation: Implementation
    subject: Subject
    given: dict[str, str]

    @functools.cached_property
    def yours(self) -> Yours:
        return self.seen(self.implementation)

    def seen(self, implementation: Implementation) -> Yours:
        rough = see(implementation, [input_value(record, 1) for record in implementation.inputs])
        sizes = {size for leaf in rough.shapes for size in leaf.shape}
        sizes |= {size for record in implementation.inputs for size in record.shape}
        batch = batch_size(sizes)
        return see(implementation, [input_value(record, batch) for record in implementation.inputs])

    @functools.cached_property
    def bench(self) -> Bench:
        return Bench(self.subject.name, self.subject.model, self.yours.inputs, self.yours.input_values)

    @functools.cached_property
    def shown(self) -> Shown:
        leaves = tuple(sorted(self.yours.leaves, key=lambda leaf: leaf.use))
        return Shown(leaves, self.yours.inputs, tuple(self.yours.forward.closed.out_avals[0].shape[1:]))

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
        best = None
        plain = {option: value for option, value in self.given.items()}
        for options in [*self.subject.fit(self.shown), plain]:
            side = self.bench.side(Setting(tuple({**options, **self.given}.items())))
            if side is None:
                continue
            tried = fit(self.yours, side, "forward")
            if best is None or tried.rank > best.rank:
                best = tried
            if best.whole:
                break
        return best

    @functools.cached_property
    def forward(self) -> Explained:
        """Every difference of the forward pass in evaluation mode."""
        fitted = self.fitted
        fixed = frozenset(option for option, _ in fitted.side.setting.options if option in SETTLED) | set(self.given)
        explainer = Explainer(self.yours, self.bench, "forward", fixed, ("runs", "structure", "forward"))
        explained = explainer.explain(fitted)
        self.healed = explainer.replaced
        return explained

    @functools.cached_property
    def regression(self) -> bool:
        """Whether your loss is on targets."""
        given = self.given.get("loss")
        if given is not None:
            return given not in ("cross-entropy", "sigmoid", "one-hot-mse", "brier")
        if self.implementation.label_dtype:
            return self.implementation.label_dtype == "float32"
        return self.subject.regression and self.shown.width == 1

    @property
    def has_loss(self) -> bool:
        return self.implementation.loss is not None or self.implementation.output_loss is not None

    @functools.cached_property
    def loss(self) -> Explained:
        """Every difference of the loss, the forward pass's apart."""
        final = self.forward.final
        setting = final.side.setting
        batch = len(self.yours.input_values[0])
        output = tuple(final.alignment.reference.values[final.alignment.target].shape)
        self.bench.labels = label_value(output, self.regression, batch)
        if self.regression != self.subject.regression and setting.value("loss") is None:
            setting = setting.with_option("loss", "mse" if self.regression else "cross-entropy")
        side = self.bench.side(setting)
        start = fit(self.yours, side, "loss", final.pairing, self.healed)
        fixed = frozenset(option for option, _ in setting.options)
        explainer = Explainer(self.yours, self.bench, "loss", fixed, ("loss",), dict(self.healed))
        return explainer.explain(start)

    @functools.cached_property
    def setting(self) -> Setting:
        return self.forward.final.side.setting


def largest(value: np.ndarray) -> float:
    finite = np.abs(value[np.isfinite(value)])
    return float(finite.max()) if finite.size else 0.0
