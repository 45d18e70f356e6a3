"""The gradient at every step: how the result answers to a small change of each value, derivative rules of the user's kept."""

import jax
import numpy as np

from refkit.tracing.evaluate import evaluate, from_stored
from refkit.tracing.program import ENTERED, OWN_RULES, Plan, Program, as_array, trace_program
from refkit.tracing.sites import Sites
from refkit.tracing.trace import Trace


def cotangents(
    program: Program,
    trace: Trace,
    arguments: list[np.ndarray],
    nodes: list[int],
    wrt: list[int],
    seed: np.ndarray,
    replaced: dict[int, np.ndarray] | None = None,
) -> tuple[dict[int, np.ndarray], list[np.ndarray]]:
    """The gradient of `sum(seed * result)` at values and at arguments.

    Args:
        program: the program, whose first output is the result.
        trace: its execution on `arguments`.
        nodes: nodes of the trace, floats, at which the gradient is wanted.
        wrt: places of the arguments, floats, for which it is wanted.
        seed: as many numbers as the result, in its order; an axis of one may be there or not.
        replaced: values that were put in the place of those computed; one that is a parent's hands its gradient on to it.

    Returns:
        The gradient by node, and by argument; in float64.
    """
    replay = Replay(program, trace, replaced)
    shapes = [jax.ShapeDtypeStruct(trace.values[node].shape, trace.dtypes[node]) for node in nodes]

    def result(changes, chosen, others):
        flat = list(others)
        for place, value in zip(wrt, chosen):
            flat[place] = value
        out = replay.run(flat, dict(zip(nodes, changes)))
        return (out * seed.astype(out.dtype).reshape(out.shape)).sum()

    def gradient(*flat):
        changes, rest = list(flat[: len(nodes)]), list(flat[len(nodes) :])
        found = jax.grad(result, argnums=(0, 1))(changes, [rest[place] for place in wrt], rest)
        return [*found[0], *found[1]]

    given = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in program.avals]
    roles = [("change", str(node)) for node in nodes] + list(program.roles)
    backward = trace_program(gradient, [*shapes, *given], roles, Sites())
    zeros = [np.zeros(shape.shape) for shape in shapes]
    executed = evaluate(backward, [*zeros, *arguments])
    values = [executed.values[node] for node in executed.outputs]
    return dict(zip(nodes, values)), values[len(nodes) :]


class Replay:
    """Runs a program again in JAX as it went in a trace: loops unrolled, the same branches, the same numbers of nodes."""

    def __init__(self, program: Program, trace: Trace, replaced: dict[int, np.ndarray] | None = None):
        self.program, self.trace, self.replaced = program, trace, replaced or {}
        self.handed = {node: handing(trace, node, value) for node, value in self.replaced.items()}
        self.parents: dict = {}

    def run(self, arguments: list, changes: dict):
        """The first output, with `changes` added to the values of their nodes."""
        self.changes, self.count, self.decision = changes, 0, 0
        self.constants = [self.keep(constant(value, aval)) for value, aval in self.program.constants]
        given = [self.keep(value) for value in arguments]
        return self.run_plan(self.program.plan, given)[0]

    def keep(self, value):
        node = self.count
        self.count += 1
        if node in self.replaced:
            value = self.parents.get(self.handed[node], self.replaced[node]).astype(value.dtype)
        if node in self.changes:
            value = value + self.changes[node]
        if node in self.handed.values():
            self.parents[node] = value
        return value

    def decide(self):
        self.decision += 1
        return self.trace.decisions[self.decision - 1]

    def run_plan(self, plan: Plan, arguments: list) -> list:
        environment: list = [None] * plan.size
        for slot, number in plan.constants:
            environment[slot] = self.constants[number]
        for slot, value in zip(plan.arguments, arguments, strict=True):
            environment[slot] = value
        for instruction in plan.instructions:
            inputs = [environment[slot] for slot in instruction.inputs]
            outputs = self.step(instruction, inputs)
            for slot, value in zip(instruction.outputs, outputs, strict=True):
                environment[slot] = value
        return [environment[slot] for slot in plan.results]

    def step(self, instruction, inputs: list) -> list:
        op, plans = instruction.op, instruction.plans
        if op in OWN_RULES:
            return self.call_with_rules(instruction, inputs)
        if op in ENTERED:
            return self.run_plan(plans[0], inputs)
        if op == "cond":
            return self.run_plan(plans[self.decide()], inputs[1:])
        if op == "while":
            return self.loop(instruction, inputs)
        if op == "scan":
            return self.scan(instruction, inputs)
        return [self.keep(value) for value in bind(instruction.equation, inputs)]

    def call_with_rules(self, instruction, inputs: list) -> list:
        count, nodes, inner = self.decide()
        self.decision += inner
        outputs = bind(instruction.equation, inputs)
        fresh = [node >= self.count for node in nodes]
        self.count = count
        return [
            value + self.changes[node] if node in self.changes and new else value
            for value, node, new in zip(outputs, nodes, fresh, strict=True)
        ]

    def loop(self, instruction, inputs: list) -> list:
        params, plans = instruction.params, instruction.plans
        fixed, rest = inputs[: params["cond_nconsts"]], inputs[params["cond_nconsts"] :]
        body_fixed, carry = rest[: params["body_nconsts"]], rest[params["body_nconsts"] :]
        for _ in range(self.decide()):
            self.run_plan(plans[0], [*fixed, *carry])
            carry = self.run_plan(plans[1], [*body_fixed, *carry])
        self.run_plan(plans[0], [*fixed, *carry])
        return carry

    def scan(self, instruction, inputs: list) -> list:
        params, (plan,) = instruction.params, instruction.plans
        n_fixed, n_carry, length = params["num_consts"], params["num_carry"], params["length"]
        fixed, carry, sequences = inputs[:n_fixed], inputs[n_fixed : n_fixed + n_carry], inputs[n_fixed + n_carry :]
        stacked: list[list] = [[] for _ in range(len(plan.results) - n_carry)]
        for t in range(length - 1, -1, -1) if params["reverse"] else range(length):
            out = self.run_plan(plan, [*fixed, *carry, *(self.keep(values[t]) for values in sequences)])
            carry = out[:n_carry]
            for collected, value in zip(stacked, out[n_carry:]):
                collected.append(value)
        results = list(carry)
        for values, aval in zip(stacked, instruction.avals[n_carry:]):
            values = values[::-1] if params["reverse"] else values
            results.append(self.keep(jax.numpy.stack(values) if values else jax.numpy.zeros(aval.shape, aval.dtype)))
        return results


def handing(trace: Trace, node: int, value: np.ndarray) -> int | None:
    """The parent of a node that has the value put in its place, if any has."""
    return next((parent for parent in trace.parents[node] if np.array_equal(trace.values[parent], value)), None)


def bind(equation, inputs: list) -> list:
    out = equation.primitive.bind(*inputs, **equation.primitive.get_bind_params(equation.params))
    return list(out) if equation.primitive.multiple_results else [out]


def constant(value, aval):
    """A constant or literal as JAX has it."""
    if jax.dtypes.issubdtype(aval.dtype, jax.dtypes.prng_key):
        return value
    return from_stored(as_array(value), aval)
