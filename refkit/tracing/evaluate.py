"""Run a program step by step in NumPy, keeping every value: no compilation, floats in float64."""

import dataclasses

import jax
import numpy as np

from refkit.tracing.primitives import RULES, stored
from refkit.tracing.program import ENTERED, OWN_RULES, Instruction, Plan, Program, as_array
from refkit.tracing.trace import Site, Trace


class EvaluationError(RuntimeError):
    """A step could not be evaluated."""


class Enough(Exception):
    """The last node that was asked for is there."""


@dataclasses.dataclass(frozen=True)
class Before:
    """What an earlier run of the same program computed, and which of its nodes other arguments change.

    A program whose steps are as many whatever its arguments are, without `cond` and `while`, numbers them alike.
    """

    trace: Trace
    changed: list[bool]

    def has(self, node: int) -> bool:
        return not self.changed[node]


def evaluate(
    program: Program,
    arguments: list[np.ndarray],
    *,
    wide: bool = True,
    replaced: dict[int, np.ndarray] | None = None,
    until: int | None = None,
    before: Before | None = None,
) -> Trace:
    """Execute `program`.

    Args:
        arguments: one array an argument of the program; typed keys as their bits `u32[..., 2]`.
        wide: evaluate floats in float64 (the default) or in the program's own dtypes, as numerics need it.
        replaced: values to put in the place of those computed, by node.
        until: stop before this node; the trace then has no outputs.
        before: an earlier run with other arguments, whose values are taken over where they are the same.

    Returns:
        The trace of every value, loops unrolled.
    """
    return Evaluator(program, wide, replaced or {}, until, before).run(arguments)


class Evaluator:
    def __init__(
        self,
        program: Program,
        wide: bool,
        replaced: dict[int, np.ndarray],
        until: int | None = None,
        before: Before | None = None,
    ):
        self.program, self.wide, self.trace, self.replaced = program, wide, Trace(), replaced
        self.until, self.before = until, before

    def run(self, arguments) -> Trace:
        trace, program = self.trace, self.program
        with np.errstate(all="ignore"):
            self.constants = [
                trace.add(stored(as_array(value), aval, self.wide), "literal", None, (), (), False, False, aval.dtype)
                for value, aval in program.constants
            ]
            for value, aval, (kind, _) in zip(arguments, program.avals, program.roles, strict=True):
                data = kind in ("input", "label")
                value = stored(np.asarray(value), aval, self.wide)
                trace.arguments.append(trace.add(value, "argument", None, (), (), data, False, aval.dtype))
            try:
                trace.outputs = self.run_plan(program.plan, trace.arguments, ())
            except Enough:
                pass
        return trace

    def run_plan(self, plan: Plan, arguments: list[int], time: tuple[int, ...]) -> list[int]:
        environment = [-1] * plan.size
        for slot, constant in plan.constants:
            environment[slot] = self.constants[constant]
        for slot, node in zip(plan.arguments, arguments, strict=True):
            environment[slot] = node
        for instruction in plan.instructions:
            inputs = [environment[slot] for slot in instruction.inputs]
            if instruction.plans:
                outputs = self.enter(instruction, inputs, time)
            else:
                outputs = self.step(instruction, inputs, time)
            for slot, node in zip(instruction.outputs, outputs, strict=True):
                environment[slot] = node
        return [environment[slot] for slot in plan.results]

    def step(self, instruction: Instruction, inputs: list[int], time) -> list[int]:
        trace = self.trace
        if self.until is not None and len(trace) >= self.until:
            raise Enough
        if self.before is not None and self.before.has(len(trace) + len(instruction.avals) - 1):
            return self.take_over(instruction, inputs, time)
        values = [trace.values[node] for node in inputs]
        rule = RULES.get(instruction.op)
        narrow = any([trace.narrow[node] for node in inputs])
        if rule is None:
            results, narrow = self.bind(instruction, values), True
        else:
            results = rule(values, instruction.params, instruction.avals, self.wide)
        parents = tuple(inputs)
        data = any([trace.data[node] for node in inputs])
        nodes = []
        for value, aval in zip(results, instruction.avals, strict=True):
            value = self.replaced[len(trace)] if len(trace) in self.replaced else stored(value, aval, self.wide)
            nodes.append(
                trace.add(
                    value, instruction.op, instruction.site, time, parents, data, narrow, getattr(aval, "dtype", None)
                )
            )
        return nodes

    def take_over(self, instruction: Instruction, inputs: list[int], time) -> list[int]:
        """The nodes of a step as an earlier run had them."""
        trace, old = self.trace, self.before.trace
        nodes = range(len(trace), len(trace) + len(instruction.avals))
        for node in nodes:
            trace.add(
                old.values[node],
                old.ops[node],
                old.sites[node],
                time,
                tuple(inputs),
                old.data[node],
                old.narrow[node],
                old.dtypes[node],
            )
        return list(nodes)

    def bind(self, instruction: Instruction, values) -> list[np.ndarray]:
        """What no rule covers is run by JAX itself, in the program's own dtypes."""
        equation = instruction.equation
        given = [from_stored(value, var.aval) for value, var in zip(values, equation.invars)]
        try:
            with jax.enable_x64(False):
                out = equation.primitive.bind(*given, **equation.primitive.get_bind_params(equation.params))
        except Exception as error:
            raise EvaluationError(f"`{instruction.op}` could not be evaluated: {error}") from error
        return [as_array(value) for value in (out if equation.primitive.multiple_results else [out])]

    def enter(self, instruction: Instruction, inputs: list[int], time) -> list[int]:
        op, plans, params = instruction.op, instruction.plans, instruction.params
        if op in OWN_RULES:
            place = len(self.trace.decisions)
            self.trace.decisions.append(None)
            outputs = self.run_plan(plans[0], inputs, time)
            inner = len(self.trace.decisions) - place - 1
            self.trace.decisions[place] = (len(self.trace), outputs, inner)
            return outputs
        if op in ENTERED:
            return self.run_plan(plans[0], inputs, time)
        if op == "cond":
            index = min(max(int(self.trace.values[inputs[0]]), 0), len(plans) - 1)
            self.trace.decisions.append(index)
            return self.run_plan(plans[index], inputs[1:], time)
        if op == "while":
            return self.loop(plans, params, inputs, time)
        return self.scan(instruction, inputs, time)

    def loop(self, plans, params, inputs, time) -> list[int]:
        condition_size, body_size = params["cond_nconsts"], params["body_nconsts"]
        fixed, rest = inputs[:condition_size], inputs[condition_size:]
        body_fixed, carry = rest[:body_size], rest[body_size:]
        iteration, place = 0, len(self.trace.decisions)
        self.trace.decisions.append(None)
        while bool(self.trace.values[self.run_plan(plans[0], [*fixed, *carry], (*time, iteration))[0]]):
            carry = self.run_plan(plans[1], [*body_fixed, *carry], (*time, iteration))
            iteration += 1
        self.trace.decisions[place] = iteration
        return carry

    def scan(self, instruction: Instruction, inputs, time) -> list[int]:
        trace, params, (plan,) = self.trace, instruction.params, instruction.plans
        n_fixed, n_carry, length = params["num_consts"], params["num_carry"], params["length"]
        fixed, carry, sequences = inputs[:n_fixed], inputs[n_fixed : n_fixed + n_carry], inputs[n_fixed + n_carry :]
        stacked: list[list[int]] = [[] for _ in range(len(plan.results) - n_carry)]
        order = range(length - 1, -1, -1) if params["reverse"] else range(length)
        for count, t in enumerate(order):
            at = (*time, count)
            slices = [
                self.derive("slice-of-scan", [node], trace.values[node][t], instruction.site, at) for node in sequences
            ]
            out = self.run_plan(plan, [*fixed, *carry, *slices], at)
            carry = out[:n_carry]
            for collected, node in zip(stacked, out[n_carry:]):
                collected.append(node)
        results = list(carry)
        for nodes, aval in zip(stacked, instruction.avals[n_carry:]):
            nodes = nodes[::-1] if params["reverse"] else nodes
            value = (
                np.stack([trace.values[node] for node in nodes])
                if nodes
                else stored(np.zeros(aval.shape, aval.dtype), aval, self.wide)
            )
            results.append(self.derive("stack-of-scan", nodes, value, instruction.site, time, dtype=aval.dtype))
        return results

    def derive(self, op, parents, value, site: Site | None, time, dtype=None) -> int:
        trace = self.trace
        data = any([trace.data[node] for node in parents])
        narrow = any([trace.narrow[node] for node in parents])
        dtype = trace.dtypes[parents[0]] if dtype is None else dtype
        return trace.add(value, op, site, time, tuple(parents), data, narrow, dtype)


def from_stored(value: np.ndarray, aval):
    """A stored value back in the dtype that the program gives it."""
    if jax.dtypes.issubdtype(aval.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(value, impl=aval.dtype._impl)
    return jax.numpy.asarray(value, dtype=aval.dtype)
