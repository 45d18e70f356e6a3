"""Loops over the steps of a sequence, whose passes are too small for the products in them to be fast.

Products of one pass are made as one where they share a factor or are added up; sums over all passes, as weights' gradients
are, are made behind the loop; and what is kept for the way back is not what a few operations make again.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core as jex

from refkit.lowering.behind import Accumulated, Behind, Beside, accumulated, needed
from refkit.lowering.bodies import RESHAPES, Body, is_variable
from refkit.lowering.interpreter import Environment, evaluate
from refkit.lowering.merged import Merged, Summed, merged
from refkit.lowering.recomputed import Recomputed, sources_of, spared
from refkit.lowering.turned import settled

Values = dict[Any, Any]


def loop(equation: jex.JaxprEqn, inputs: list[Any], environment: Environment) -> list[Any] | None:
    """The results of a scan; None where nothing in it can be made otherwise."""
    params = equation.params
    if params["jaxpr"].effects:
        return None
    closed = inlined(params["jaxpr"])
    body = Body(closed.jaxpr, params["num_consts"], params["num_carry"])
    first = body.consts + body.carries
    left_out = {
        variable: environment.values[given]
        for variable, given in zip(body.elements, equation.invars[first:], strict=True)
        if isinstance(given, jex.Var) and isinstance(environment.values.get(given), Recomputed)
    }
    other = Loop(body, left_out)
    if not other.differs:
        return None
    arrays = [settled(value) for value in inputs]
    how = {name: params[name] for name in ("length", "reverse", "unroll")}
    weights = dict(zip(body.program.constvars, closed.consts, strict=True)) | dict(zip(body.fixed, arrays))
    return other.carry_out(weights, arrays[body.consts : first], arrays[first:], how)


def inlined(program: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """The program with what it calls written out, in faster forms where there are such."""
    shapes = [jax.ShapeDtypeStruct(one.aval.shape, one.aval.dtype) for one in program.jaxpr.invars]
    return jax.make_jaxpr(lambda *arrays: [settled(one) for one in evaluate(program, arrays, Environment())])(*shapes)


class Loop:
    """A scan in another form.

    Args:
        left_out: elements that an earlier loop has not kept.
    """

    def __init__(self, body: Body, left_out: dict[jex.Var, Recomputed]):
        self.body, self.left_out = body, left_out
        self.groups: list[Merged] = merged(body)
        self.found: list[Accumulated] = accumulated(body)
        wanted = dict.fromkeys(needed(body, self.found))
        self.beside = [
            group for group in self.groups if isinstance(group, Summed) and wanted.keys() >= set(group.factors)
        ]
        for factor in (factor for group in self.beside for factor in group.factors):
            wanted.pop(factor, None)
        self.wanted = [variable for variable in wanted if variable not in set(body.elements)]
        self.spared = {variable: how for variable, how in spared(body).items() if variable not in self.wanted}
        self.emitted: list[Any] = [
            *dict.fromkeys(one for one in body.results if is_variable(one) and one not in self.spared),
            *(variable for variable in self.wanted if variable not in body.results),
            *(group.factors for group in self.beside),
        ]

    @property
    def differs(self) -> bool:
        return bool(self.groups or self.found or self.spared or self.left_out)

    def carry_out(self, weights: Values, carried: list[Any], elements: list[Any], how: dict[str, Any]) -> list[Any]:
        body = self.body
        gone = {one.number for one in self.found}
        stay = [number for number in range(body.carries) if number not in gone]
        given = dict(zip(body.elements, elements, strict=True))
        arrays: dict[int, Any] = {}  # of which each pass sees one element, none twice
        at = {variable: places(self.sources(variable, given), arrays) for variable in body.elements}
        single = self.pass_of(weights, [body.carried[number] for number in stay], at)
        last, kept = jax.lax.scan(single, [carried[number] for number in stay], list(arrays.values()), **how)
        kept = dict(zip(self.emitted, kept, strict=True)) | given
        beside = {group.factors: Beside(kept[group.factors], group.axis) for group in self.beside}
        behind = Behind(body, self.found, kept, beside)
        final = dict(zip(stay, last, strict=True))
        for one in self.found:
            final[one.number] = sum(map(behind.total, one.added), carried[one.number])
        return [final[number] for number in range(body.carries)] + [self.result(one, kept, how) for one in body.results]

    def result(self, variable: Any, kept: Values, how: dict[str, Any]) -> Any:
        """What is kept of every pass, or how to make it again."""
        if not is_variable(variable):
            return jnp.broadcast_to(variable.val, (how["length"], *jnp.shape(variable.val)))
        if variable in self.spared:
            made = self.spared[variable]
            return Recomputed(tuple(made), {one: kept[one] for one in sources_of(made)})
        return kept[variable]

    def sources(self, variable: jex.Var, given: Values) -> list[Any]:
        """What an element is, or is made again from."""
        return list(self.left_out[variable].sources.values()) if variable in self.left_out else [given[variable]]

    def pass_of(self, weights: Values, carried: list[jex.Var], at: dict[jex.Var, list[int]]) -> Callable:
        """The body of the loop in its other form.

        Args:
            at: of each element, which of the arrays it is, or is made again from.
        """
        body = self.body
        wide = {id(group): side_by_side(body, group, weights) for group in self.groups}
        begins = {id(group.begins): group for group in self.groups}
        skipped = {id(one) for group in self.groups for one in group.spared}
        skipped |= {id(equation) for one in self.found for equation in one.sums}

        def single(state: list[Any], elements: list[Any]) -> tuple[list[Any], list[Any]]:
            values = weights | dict(zip(carried, state, strict=True))
            for variable, numbers in at.items():
                seen = [elements[number] for number in numbers]
                values[variable] = self.left_out[variable].again(seen) if variable in self.left_out else seen[0]
            for equation in body.program.eqns:
                if id(equation) in begins:
                    group = begins[id(equation)]
                    values |= group.carry_out(values, wide[id(group)])
                elif id(equation) not in skipped:
                    values |= carried_out(equation, values)
            following = dict(zip(body.carried, body.following, strict=True))
            return [read(values, following[one]) for one in carried], [values[one] for one in self.emitted]

        return single


def places(sources: list[Any], arrays: dict[int, Any]) -> list[int]:
    """Where each of these is among the arrays, which take up what they have not."""
    arrays |= {id(source): source for source in sources if id(source) not in arrays}
    return [list(arrays).index(id(source)) for source in sources]


def read(values: Values, variable: Any) -> Any:
    return values[variable] if is_variable(variable) else variable.val


def carried_out(equation: jex.JaxprEqn, values: Values) -> Values:
    params = equation.primitive.get_bind_params(equation.params)
    found = equation.primitive.bind(*(read(values, one) for one in equation.invars), **params)
    return dict(zip(equation.outvars, found if equation.primitive.multiple_results else [found], strict=True))


def side_by_side(body: Body, group: Merged, weights: Values) -> Any:
    """The weights of a group as one, made before the loop."""
    values = dict(weights)
    for equation in body.program.eqns:
        if equation.primitive.name in RESHAPES and equation.invars[0] in values:
            values |= carried_out(equation, values)
    variables, axis = group.weights
    return group.parts[0].laid(jnp.concatenate([values[one] for one in variables], axis))
