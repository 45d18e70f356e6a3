"""What three steps of your training do to parameters and to the optimizer's state, beside their gradients."""

import functools

import numpy as np

from refkit.diagnosis.steps.accumulation import not_averaged
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import agreement, changed, key_of, summed
from refkit.diagnosis.steps.stepping import Moment, Stepping, Taken, with_memory

STEPS = 3
PATIENCE = 24  # steps after which parameters that have not moved are taken to stay
STILL = 1e-13  # of a parameter's own size: less is no movement


class Effects:
    """Three steps, each on a batch of its own.

    Args:
        stepping: your step.
    """

    def __init__(self, stepping: Stepping):
        self.stepping, self.paths = stepping, stepping.paths

    @functools.cached_property
    def moments(self) -> list[Moment]:
        """The state before the first step and after each."""
        found = [self.stepping.first]
        for number in range(STEPS):
            found.append(self.stepping.run(found[-1], number, key_of(number)))
        return found

    @functools.cached_property
    def inlined(self) -> dict[int, Moment]:
        return {}

    def inline(self, number: int) -> Moment:
        """The same step from the same state with nothing jitted, and the gradients that it took."""
        if number not in self.inlined:
            self.inlined[number] = self.stepping.run_inline(self.moments[number], number, key_of(number))
        return self.inlined[number]

    def gradients(self, number: int) -> list[np.ndarray] | None:
        """What a step differentiated, leaf by leaf of the parameters, summed over several times; None unknown."""
        return summed(self.whole(self.inline(number)))

    def whole(self, moment: Moment) -> list[list[np.ndarray]]:
        """Gradients of a step that are of all parameters."""
        return [aligned for taken in moment.gradients if (aligned := self.aligned(taken)) is not None]

    def aligned(self, taken: Taken) -> list[np.ndarray] | None:
        """A gradient's leaves in the order of the parameters."""
        wanted = [leaf.shape for leaf in self.stepping.first.parameters]
        found = [leaf for leaf in taken.leaves if leaf.dtype.kind == "f"]
        if [leaf.shape for leaf in found] == wanted:
            return found
        places: list[int] = []
        for shape in wanted:  # statistics may stand among them
            place = next(
                (k for k in range(places[-1] + 1 if places else 0, len(found)) if found[k].shape == shape), None
            )
            if place is None:
                return None
            places.append(place)
        return [found[k] for k in places]

    def updates(self, number: int) -> list[np.ndarray]:
        before, after = self.moments[number].parameters, self.moments[number + 1].parameters
        return [b - a for a, b in zip(before, after, strict=True)]

    def moved(self, number: int) -> list[bool]:
        before = self.moments[number].parameters
        return [
            bool(np.abs(u).max(initial=0) > STILL * max(np.abs(p).max(initial=0), 1e-3))
            for u, p in zip(self.updates(number), before, strict=True)
        ]

    @functools.cached_property
    def ever_moved(self) -> list[bool]:
        return [any(each) for each in zip(*(self.moved(number) for number in range(STEPS)))]

    @functools.cached_property
    def later_moved(self) -> bool:
        """Whether parameters move after some more steps, as where gradients are gathered first."""
        first = here = self.moments[-1]
        for number in range(STEPS, PATIENCE):
            here = self.stepping.run(here, number, key_of(number))
            if any(np.abs(a - b).max(initial=0) > 0 for a, b in zip(here.parameters, first.parameters, strict=True)):
                return True
            if not changed(first.memory, here.memory):
                return False
        return False

    def faults(self) -> list[Fault]:
        """Everything that is wrong about the steps."""
        if not all(np.isfinite(leaf).all() for leaf in self.moments[-1].parameters):
            return []
        if not any(self.ever_moved):
            return self.unmoved()
        found = [self.frozen(), self.ascent(), self.stale(), self.reset(), not_averaged(self)]
        return [fault for fault in found if fault is not None]

    def unmoved(self) -> list[Fault]:
        gradients = self.gradients(0)
        if gradients is not None and not any(leaf.any() for leaf in gradients):
            return []
        if self.later_moved:
            return []
        inline = self.inline(0).parameters
        if any(np.abs(a - b).max(initial=0) > 0 for a, b in zip(inline, self.moments[0].parameters, strict=True)):
            words = "the parameters are as before after three steps; with the same step not jitted they move"
            return [Fault("state-update-lost", words, tuple(self.paths))]
        if changed(self.moments[0].memory, self.moments[1].memory):
            words = "the parameters are as before after three steps, though the optimizer's state goes on"
        else:
            words = "the parameters are as before after three steps, though their gradients are not zero"
        return [Fault("parameters-not-updated", words, tuple(self.paths))]

    def frozen(self) -> Fault | None:
        """Parameters that stay, though the others move and the loss depends on them."""
        gradients = self.gradients(0)
        still = [k for k, moved in enumerate(self.ever_moved) if not moved]
        if gradients is None:
            gradients = self.stepping.own_gradients()
        if not still or gradients is None:
            return None
        largest = max(np.abs(leaf).max(initial=0) for leaf in gradients)
        held = [k for k in still if np.abs(gradients[k]).max(initial=0) > 1e-9 * largest]
        if not held:
            return None
        paths = tuple(self.paths[k] for k in held)
        return Fault(
            "part-frozen",
            "stays as it is, though its gradient is not zero and the others move",
            paths,
            self.updates(0)[held[0]],
            gradients[held[0]],
        )

    def ascent(self) -> Fault | None:
        """Whether parameters go along the gradient of a loss that is to be small."""
        number = next(k for k in range(STEPS) if any(self.moved(k)))
        along = against = 0.0
        for each in range(number + 1):  # a rate that begins at zero leaves what was gathered meanwhile
            gradients = self.gradients(each)
            if gradients is None:
                return None
            counts = [agreement(g, u) for g, u in zip(gradients, self.updates(number), strict=True)]
            along, against = along + sum(c[0] for c in counts), against + sum(c[1] for c in counts)
        updates = self.updates(number)
        values = [taken.value for taken in self.inline(number).gradients if taken.value is not None]
        values = values or ([self.moments[number + 1].loss] if self.moments[number + 1].loss is not None else [])
        if along <= 3 * against or any(float(np.mean(value)) < 0 for value in values):
            return None
        worst = max(range(len(updates)), key=lambda k: float(np.abs(updates[k]).max(initial=0)))
        words = "parameters go up along the gradient of the loss, which grows by it"
        return Fault(
            "gradient-ascent",
            words,
            tuple(self.paths),
            updates[worst],
            -np.abs(updates[worst]) * np.sign(gradients[worst]),
        )

    def stale(self) -> Fault | None:
        """Whether the loss is differentiated at other parameters than those that are carried."""
        again = self.stepping.run_inline(self.moments[-1], 0, key_of(0))
        first, second = summed(self.whole(self.inline(0))), summed(self.whole(again))
        if first is None or second is None or not any(leaf.any() for leaf in first):
            return None
        if any(np.abs(a - b).max(initial=0) > 0 for a, b in zip(first, second, strict=True)):
            return None
        return Fault(
            "stale-closure", "a step from other parameters has the very same loss and gradients", tuple(self.paths)
        )

    @property
    def moments_of_gradients(self) -> list[int]:
        """Places in the optimizer's state that hold one number for each of a parameter's."""
        shapes = {leaf.shape for leaf in self.moments[0].parameters if leaf.size > 1}
        return [k for k, leaf in enumerate(self.moments[0].memory) if leaf.dtype.kind == "f" and leaf.shape in shapes]

    def reset(self) -> Fault | None:
        """Whether the optimizer's state of one step reaches the next."""
        before, after = self.moments[0].memory, self.moments[1].memory
        if not before:
            return None
        places = self.moments_of_gradients
        inline = self.inline(0).memory
        if not changed(before, after):
            if changed(before, inline):
                return None  # lost by the way in which it is jitted
            return Fault("optimizer-state-reset", "the optimizer's state after a step is the one from before it")
        if not places:
            return None
        fresh = with_memory(self.moments[1], before, self.stepping.memory_places)
        if None in self.stepping.memory_places or not changed([before[k] for k in places], [after[k] for k in places]):
            return None
        one = self.stepping.run(self.moments[1], 1, key_of(1))
        other = self.stepping.run(fresh, 1, key_of(1))
        if changed(one.parameters, other.parameters) or changed(
            [one.memory[k] for k in places], [other.memory[k] for k in places]
        ):
            return None
        return Fault(
            "optimizer-state-reset",
            "the second step is as if it were the first: what the optimizer had gathered is gone",
        )
