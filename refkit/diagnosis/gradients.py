"""Where the gradient of yours departs from the reference's: cotangents of the values that both have."""

import dataclasses

import numpy as np

from refkit.alignment.expressions import Free
from refkit.alignment.layout import same_up_to_layout
from refkit.alignment.tolerance import allowed
from refkit.diagnosis.aligned import Aligned
from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.candidates import Candidate, bug_candidates
from refkit.diagnosis.wording import says
from refkit.diagnosis.yours import Yours
from refkit.edits.bugs import BUGS
from refkit.edits.catalogue import find_bug
from refkit.tracing.cotangents import cotangents

MOST_NODES = 600


@dataclasses.dataclass
class ParameterGradient:
    """One parameter's gradient beside what it should be.

    Attributes:
        path: yours.
        yours, reference: in your layout.
        equal: whether they are.
    """

    path: str
    yours: np.ndarray
    reference: np.ndarray
    equal: bool


@dataclasses.dataclass
class GradientDifference:
    """A departure of the gradient.

    Attributes:
        candidate: the known bug that gives these gradients, or None.
        rivals: other ids, with the distance of their gradients.
        node: your node whose line stops or changes the gradient; None where no value shows it.
        wrong: parameters with another gradient.
    """

    candidate: Candidate | None
    rivals: list[tuple[str, float]]
    node: int | None
    wrong: list[ParameterGradient]


@dataclasses.dataclass
class Gradients:
    """Both sides' gradients of the same result."""

    yours: Yours
    bench: Bench
    aligned: Aligned
    replaced: dict[int, np.ndarray]  # by node of yours

    def seed(self) -> np.ndarray:
        """What the result is weighted with: ones for a loss, fixed random numbers for an output."""
        result = self.aligned.alignment.yours.values[self.aligned.alignment.output]
        return np.ones(()) if self.aligned.kind == "loss" else np.random.default_rng(9).normal(size=result.shape)

    def run_yours(self) -> tuple[dict[int, np.ndarray], list[np.ndarray]]:
        aligned, yours = self.aligned, self.yours
        trace = aligned.alignment.yours
        extra = [] if aligned.kind == "forward" else [self.bench.labels]
        program = yours.forward if aligned.kind == "forward" else yours.loss(self.bench.labels)
        arguments = yours.arguments(aligned.pairing.values(aligned.side.values), *extra)
        nodes = [
            k
            for k in range(len(trace))
            if aligned.alignment.relevant[k] and aligned.alignment.informative[k] and trace.ops[k] != "literal"
        ][:MOST_NODES]
        return cotangents(program, trace, arguments, nodes, yours.places, self.seed(), self.replaced)

    def run_reference(self, side: Side) -> tuple[dict[int, np.ndarray], dict[str, np.ndarray]]:
        run = side.run(self.aligned.kind)
        _, inputs = side.inputs()
        arguments = [*side.values.values(), *inputs, *([] if self.aligned.kind == "forward" else [self.bench.labels])]
        trace = run.trace
        relevant = trace.ancestors(trace.outputs[:1])
        nodes = [
            k
            for k in range(len(trace))
            if relevant[k] and trace.data[k] and trace.values[k].dtype.kind == "f" and trace.ops[k] != "literal"
        ][:MOST_NODES]
        by_node, by_argument = cotangents(
            run.program, trace, arguments, nodes, list(range(len(side.values))), self.seed()
        )
        return by_node, dict(zip(side.values, by_argument))

    def compare(self) -> tuple[list[ParameterGradient], GradientDifference | None]:
        """Every parameter's gradient, and where they depart."""
        mine, mine_by_leaf = self.run_yours()
        theirs, theirs_by_path = self.run_reference(self.aligned.side)
        parameters = self.parameters(mine_by_leaf, theirs_by_path)
        wrong = [p for p in parameters if not p.equal]
        if not wrong:
            return parameters, None
        node = self.place(mine, theirs, {p.path for p in wrong})
        candidate, rivals = self.name(wrong, mine_by_leaf, node)
        return parameters, GradientDifference(candidate, rivals, node, wrong)

    def parameters(self, mine: list[np.ndarray], theirs: dict[str, np.ndarray]) -> list[ParameterGradient]:
        pairing = self.aligned.pairing
        found = []
        scale = max((float(np.abs(value).max()) for value in theirs.values() if value.size), default=0.0)
        for leaf, made, value in zip(pairing.leaves, pairing.made, mine):
            if isinstance(made, Free) or leaf.kind != "parameters":
                continue
            expected = made.gradient(theirs)
            tolerance = max(allowed(float(np.abs(expected).max())), allowed(scale) * 1e-3) * 10
            equal = bool((np.abs(value - expected) <= tolerance).all())
            found.append(ParameterGradient(leaf.path, value, expected, equal))
        return found

    def place(self, mine: dict[int, np.ndarray], theirs: dict[int, np.ndarray], wrong: set[str]) -> int | None:
        """The step behind the last value with a wrong gradient: from there back the gradient is no longer the reference's.

        Args:
            wrong: paths of your parameters with a wrong gradient: from them on, values are followed up to the first whose
                gradient is right.
        """
        alignment, yours = self.aligned.alignment, self.yours
        trace = alignment.yours
        state = {
            node: self.is_right(node, value, theirs) for node, value in mine.items() if trace.ops[node] not in STOPS
        }
        consumers = trace.consumers()
        reached = {trace.arguments[place] for place in yours.places if yours.paths[place] in wrong}
        for node in range(len(trace)):
            if node in reached and state.get(node) is not True:
                reached.update(c for c in consumers[node] if alignment.relevant[c])
        starts = {node for node in reached if trace.ops[node] == "argument"}
        for node in sorted((k for k in reached if state.get(k) is False or k in starts), reverse=True):
            behind = [c for c in consumers[node] if alignment.relevant[c]]
            stopped = [c for c in behind if trace.ops[c] in STOPS]
            for consumer in stopped or behind:
                while trace.sites[consumer] is None and consumers[consumer]:
                    consumer = consumers[consumer][0]
                if trace.sites[consumer] is not None:
                    return consumer
            if trace.sites[node] is not None:
                return node
        return None

    def is_right(self, node: int, value: np.ndarray, theirs: dict[int, np.ndarray]) -> bool | None:
        alignment = self.aligned.alignment
        others = alignment.known.find(alignment.yours.values[node], alignment.yours.narrow[node])
        expected = [theirs[other] for other in others if other in theirs]
        if not expected:
            return None
        for other in expected:
            tolerance = 10 * allowed(float(np.abs(other).max()))
            if same_up_to_layout(value, other, tolerance):
                return True
        return False

    def name(
        self, wrong: list[ParameterGradient], mine: list[np.ndarray], node: int | None
    ) -> tuple[Candidate | None, list[tuple[str, float]]]:
        """The known bug that gives all of your gradients; of those alike, the one whose words your line has."""
        found: dict[str, tuple[float, Candidate]] = {}
        for candidate in bug_candidates(self.bench, self.aligned.side.setting, ("gradients",)):
            side = self.bench.side(candidate.setting)
            if (
                side is None
                or not side.can(self.aligned.kind)
                or side.leaf_signature != self.aligned.side.leaf_signature
            ):
                continue
            _, theirs = self.run_reference(side)
            distance = self.distance(mine, theirs)
            if candidate.id not in found or distance < found[candidate.id][0]:
                found[candidate.id] = (distance, candidate)
        trace = self.aligned.alignment.yours
        said = {id for id in found if node is not None and says(find_bug(id), trace, node)}
        order = sorted(
            found.values(),
            key=lambda item: (
                item[0] >= SAME,
                item[0] >= SAME and item[0],
                item[1].id not in said,
                bool(find_bug(item[1].id).words),
            ),
        )
        rivals = [(candidate.id, distance) for distance, candidate in order][:5]
        named = order[0][1] if order and order[0][0] < SAME else None
        stopped = [id for id in said if named is not None and id in BY_ID[named.id].alike]
        return (found[stopped[0]][1] if stopped and named.id not in said else named), rivals

    def distance(self, mine: list[np.ndarray], theirs: dict[str, np.ndarray]) -> float:
        parameters = self.parameters(mine, theirs)
        largest = max((float(np.abs(p.reference).max()) for p in parameters), default=0.0) or 1.0
        return max((float(np.abs(p.yours - p.reference).max()) for p in parameters), default=np.inf) / largest


BY_ID = {bug.id: bug for bug in BUGS}
SAME = 1e-4
STOPS = {"stop_gradient", "argmax", "round", "floor", "ceil", "sign", "convert_element_type", "custom_vjp_call"}
