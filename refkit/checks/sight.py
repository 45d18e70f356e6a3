"""One way of calling your model: traced, and the reference at the sizes that its parameters show."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from refkit.alignment.pairing import Leaf, pair
from refkit.diagnosis.aligned import Aligned, align, fit, search_pairing
from refkit.diagnosis.as_large import bugs_as_large
from refkit.diagnosis.bench import Bench
from refkit.diagnosis.own import OwnBench
from refkit.diagnosis.padding import heeds_padding, masks_states, padded
from refkit.diagnosis.probe import batch_size, input_value, label_value, parameter_value
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.yours import Yours, see
from refkit.errors import RefkitError
from refkit.implementation import Implementation
from refkit.subjects.subject import Options, Shown, Subject

FORWARD_RUNGS = ("runs", "structure", "forward")
OF_TARGETS = ("mse", "half-mse", "rmse", "squared-distance", "half-squared-distance", "mae", "huber", "log-cosh")


def seen(implementation: Implementation) -> Yours:
    """Your program on a probe whose sequences end in padding where it heeds that."""
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


@dataclasses.dataclass
class Sight:
    """Both programs beside each other before anything is explained.

    Args:
        yours: your program.
        subject: the reference's record.
        given: options that the user asked for.
        own: a reference of the user's own, and its source; None where `subject` is a shipped one.
        values: gives the probe's parameters, by path, shape and kind.
    """

    yours: Yours
    subject: Subject
    given: dict[str, str]
    own: tuple[Implementation, str] | None = None
    values: Callable[[str, tuple[int, ...], str], np.ndarray] = parameter_value

    @functools.cached_property
    def bench(self) -> Bench:
        subject, yours = self.subject, self.yours
        if self.own is not None:
            return OwnBench(*self.own, yours.inputs, yours.input_values)
        patches = not yours.forward.plan.has("conv_general_dilated")
        return Bench(subject.name, subject.model, yours.inputs, yours.input_values, patches, self.values)

    @functools.cached_property
    def shown(self) -> Shown:
        leaves = tuple(sorted(self.yours.leaves, key=lambda leaf: leaf.use))
        outputs = tuple(self.yours.forward.closed.out_avals[0].shape[1:])
        return Shown(leaves, self.yours.inputs, outputs, self.yours.padded, self.yours.masked)

    @property
    def shown_with_unused(self) -> Shown:
        """The same with the parameters that no step takes, each behind those of its shape: some bugs leave one out."""
        yours = self.yours
        used = {leaf.shape: leaf.use for leaf in self.shown.leaves}
        unused = [(tuple(yours.shapes[k].shape), k) for k in yours.unused]
        more = [Leaf(yours.paths[k], shape, yours.kinds[k], used.get(shape, len(yours.kinds))) for shape, k in unused]
        return dataclasses.replace(
            self.shown, leaves=tuple(sorted([*self.shown.leaves, *more], key=lambda leaf: leaf.use))
        )

    @property
    def other_sizes(self) -> tuple[Options, ...]:
        """Other sizes at which a bug, such as a layer that is there twice, may make the reference as large as yours."""
        if self.own:
            return ()
        return tuple([*self.subject.fit(self.shown), *self.subject.with_a_layer_twice(self.shown)])

    @functools.cached_property
    def fitted(self) -> Aligned:
        """The reference at the sizes that your parameters show, with the options that take you furthest along.

        Raises:
            RefkitError: the reference cannot be built at any of them.
        """
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
            raise RefkitError(
                f"`{self.subject.name}` cannot be built as your file shows it, with {asked}: give the options "
                "that come nearest after a colon, as in `--reference lstm:bidirectional=true`"
            )
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

    def losses(self) -> list[tuple[str, np.ndarray]]:
        """The losses of the reference that yours may be meant as, with labels for each; the likeliest first."""
        batch = len(self.yours.input_values[0])
        output = (batch, *(self.shown.outputs or (1,)))
        classes, targets = label_value(output, False, batch), label_value(output, True, batch)
        one = not self.shown.outputs or self.shown.width == 1
        of_classes = [("sigmoid", classes)] if one else [("cross-entropy", classes)]
        if len(output) > 2 and any(
            record.kind == "tokens" for record in self.yours.inputs
        ):  # the next id, padding left out
            of_classes.append(("cross-entropy", np.where(classes == 0, 1, classes)))
        of_targets = [("mse", targets)]
        given = self.given.get("loss")
        if given is not None:
            return [(given, targets if given in OF_TARGETS else classes)]
        dtype = self.yours.implementation.label_dtype
        if dtype == "int32":
            return of_classes
        regression = dtype == "float32" if dtype else self.subject.regression and one
        return of_targets + of_classes if regression else of_classes + of_targets
