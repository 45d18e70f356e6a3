"""Run a program with every random number at one share of its range: what it draws is then told without sampling."""

import numpy as np

from refkit.tracing.evaluate import Evaluator
from refkit.tracing.primitives import RULES, arithmetic, bits, casting, special
from refkit.tracing.primitives.storage import stored
from refkit.tracing.program import Instruction, Plan, Program
from refkit.tracing.trace import Trace

ELEMENTWISE = {name for family in (arithmetic, bits, casting, special) for name in family.RULES}


def evaluate_quantile(program: Program, arguments: list[np.ndarray], share: float) -> Trace:
    """Execute `program` with all random bits at `share` of their range, 0 to 1."""
    return QuantileEvaluator(program, share).run(arguments)


def loops(plan: Plan) -> bool:
    """Whether a program may run until its random numbers please it: then they must not be fixed."""
    return any(step.op == "while" or any(map(loops, step.plans)) for step in plan.instructions)


class QuantileEvaluator(Evaluator):
    """Draws no random bits, and computes equal elements once.

    Args:
        share: the quantile.
    """

    def __init__(self, program: Program, share: float):
        super().__init__(program, True, {}, None)
        self.share = share

    def step(self, instruction: Instruction, inputs: list[int], time) -> list[int]:
        values = [self.trace.values[node] for node in inputs]
        result = self.drawn(instruction) if instruction.op == "random_bits" else self.once(instruction, values)
        if result is None:
            return super().step(instruction, inputs, time)
        aval = instruction.avals[0]
        whole = np.broadcast_to(result, aval.shape)
        return [self.trace.add(whole, instruction.op, instruction.site, time, tuple(inputs), False, False, aval.dtype)]

    def drawn(self, instruction: Instruction) -> np.ndarray:
        width = instruction.params["bit_width"]
        return np.array(int(self.share * 2**width), f"uint{width}")

    def once(self, instruction: Instruction, values: list[np.ndarray]) -> np.ndarray | None:
        """One element of the result where all are alike, else None."""
        if len(instruction.avals) != 1 or not all(map(is_even, values)):
            return None
        if instruction.op == "reshape":
            return values[0][(0,) * values[0].ndim]
        aval = instruction.avals[0]
        if instruction.op not in ELEMENTWISE or not aval.shape:
            return None
        one = [value[(slice(1),) * value.ndim] for value in values]
        small = aval.update(shape=np.broadcast_shapes(*(value.shape for value in one)))
        (result,) = RULES[instruction.op](one, instruction.params, [small], True)
        return stored(result, aval, True)


def is_even(value: np.ndarray) -> bool:
    """Whether all elements are one and the same in memory."""
    return value.size > 0 and all(stride == 0 or size == 1 for stride, size in zip(value.strides, value.shape))
