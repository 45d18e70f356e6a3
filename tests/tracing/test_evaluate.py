"""Programs executed step by step: loops unrolled, calls entered, lines and time steps known, floats in float64."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from refkit.tracing.evaluate import Before, EvaluationError, evaluate
from tests.tracing.executed import executed, line_of, programmed, results, steps

rng = np.random.default_rng(4)
ROWS = rng.normal(size=(5, 3)).astype(np.float32)
MATRIX = rng.normal(size=(3, 3)).astype(np.float32)


def in_float64(function, *arguments):
    with jax.enable_x64(True):
        wide = [np.asarray(x, np.float64) if x.dtype == np.float32 else x for x in arguments]
        return [np.asarray(x) for x in jax.tree.leaves(function(*wide))]


def assert_like_jax(function, *arguments):
    trace = executed(function, *arguments)
    for mine, theirs in zip(results(trace), in_float64(function, *arguments), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)
    return trace


def decayed(rows, matrix, reverse=False):
    def advance(state, row):
        state = jnp.tanh(row + state @ matrix)
        return state, 2 * state

    return jax.lax.scan(advance, jnp.zeros(3, rows.dtype), rows, reverse=reverse)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_is_run_step_by_step(reverse):
    trace = assert_like_jax(lambda rows, matrix: decayed(rows, matrix, reverse), ROWS, MATRIX)
    hyperbolic = steps(trace, "tanh")
    assert [trace.times[node] for node in hyperbolic] == [(k,) for k in range(len(ROWS))]
    assert {trace.sites[node].line for node in hyperbolic} == {line_of(decayed, "jnp.tanh")}
    first = trace.values[steps(trace, "slice-of-scan")[0]]
    np.testing.assert_array_equal(first, ROWS[-1 if reverse else 0])


def test_scans_in_scans_count_both_loops():
    def nested(rows):
        def outer(total, row):
            return jax.lax.scan(lambda inner, x: (inner * 0.5 + x, inner), total, row)

        return jax.lax.scan(outer, jnp.zeros((), rows.dtype), rows)

    trace = assert_like_jax(nested, ROWS)
    assert [trace.times[node] for node in steps(trace, "mul")] == [(i, j) for i in range(5) for j in range(3)]


def test_a_scan_over_nothing_keeps_its_carry():
    trace = assert_like_jax(decayed, ROWS[:0], MATRIX)
    assert results(trace)[1].shape == (0, 3)


def test_an_nnx_rnn_is_run_step_by_step():
    drawn = nnx.initializers.normal(0.4)

    def run(rows):
        cell = nnx.OptimizedLSTMCell(3, 4, kernel_init=drawn, recurrent_kernel_init=drawn, rngs=nnx.Rngs(0))
        return nnx.RNN(cell)(rows, initial_carry=(jnp.zeros((2, 4)), jnp.zeros((2, 4))))

    rows = rng.normal(size=(2, 6, 3)).astype(np.float32)
    trace = executed(run, rows)
    np.testing.assert_allclose(results(trace)[0], np.asarray(run(rows)), rtol=1e-4, atol=1e-6)
    times = [trace.times[node] for node in steps(trace, "tanh")]
    assert times == [(k,) for k in range(6) for _ in range(2)]


def newton(x):
    def unfinished(state):
        return state[1] < 4

    def advance(state):
        root, count = state
        root = (root + x / root) / 2
        return root, count + 1

    return jax.lax.while_loop(unfinished, advance, (jnp.ones_like(x), 0))


def test_a_while_loop_runs_until_its_condition_fails():
    trace = assert_like_jax(newton, np.abs(ROWS) + 1)
    divisions = [node for node in steps(trace, "div") if trace.parents[node][0] == trace.arguments[0]]
    assert [trace.times[node] for node in divisions] == [(k,) for k in range(4)]
    assert {trace.sites[node].line for node in divisions} == {line_of(newton, "x / root")}
    assert trace.decisions == [4]


@pytest.mark.parametrize(("index", "taken"), [(-3, 0), (0, 0), (1, 1), (2, 2), (9, 2)])
def test_of_a_switch_one_branch_is_run(index, taken):
    def choose(index, x):
        return jax.lax.switch(index, [jnp.sin, jnp.cos, jnp.exp], x)

    trace = assert_like_jax(choose, np.int32(index), ROWS)
    assert [op for op in trace.ops if op in ("sin", "cos", "exp")] == [("sin", "cos", "exp")[taken]]


@jax.custom_jvp
def clipped(x):
    return jnp.minimum(jnp.sin(x), 0.5)


@clipped.defjvp
def clipped_jvp(primals, tangents):
    return clipped(*primals), tangents[0]


@jax.custom_vjp
def doubled(x):
    return 2 * jnp.sin(x)


doubled.defvjp(lambda x: (doubled(x), None), lambda _, g: (g,))


@pytest.mark.parametrize("function", [clipped, doubled, jax.jit(clipped), jax.checkpoint(doubled)])
def test_calls_with_rules_of_their_own_are_entered(function):
    trace = assert_like_jax(function, ROWS)
    (sine,) = steps(trace, "sin")
    assert "jnp.sin(x)" in Path(__file__).read_text(encoding="utf-8").splitlines()[trace.sites[sine].line - 1]
    assert trace.sites[sine].file == __file__


def layered(x, w):
    hidden = jax.nn.relu(x @ w)
    return jax.nn.log_softmax(hidden).sum()


def test_steps_of_libraries_have_the_line_that_called_them():
    trace = assert_like_jax(layered, ROWS, MATRIX)
    lines = {op: {trace.sites[node].line for node in steps(trace, op)} for op in ("dot_general", "max", "exp", "log")}
    assert lines["dot_general"] == {line_of(layered, "x @ w")}
    assert lines["exp"] == lines["log"] == {line_of(layered, "log_softmax")}
    assert line_of(layered, "relu") in lines["max"]


def test_parents_lead_from_the_output_to_the_arguments():
    trace = executed(layered, ROWS, MATRIX)
    feeds = trace.ancestors(trace.outputs)
    assert all(feeds[node] for node in trace.arguments)
    consumers = trace.consumers()
    assert all(node in consumers[parent] for node, parents in enumerate(trace.parents) for parent in parents)


def test_values_are_in_float64_and_dtypes_in_the_programs_own():
    trace = executed(lambda x: (x + 1e-9) - x, np.ones(2, np.float32))
    (result,) = results(trace)
    assert result.dtype == np.float64 and trace.dtypes[trace.outputs[0]] == np.float32
    assert (result > 0).all()  # in float32 it is zero
    (narrow,) = results(executed(lambda x: (x + 1e-9) - x, np.ones(2, np.float32), wide=False))
    assert narrow.dtype == np.float32 and not narrow.any()


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_a_cast_to_a_lower_precision_rounds(dtype):
    trace = executed(lambda x: x.astype(dtype).astype(jnp.float32), ROWS)
    (result,) = results(trace)
    np.testing.assert_array_equal(result, ROWS.astype(dtype).astype(np.float64))
    assert np.abs(result - ROWS).max() > 1e-5


def test_a_product_in_a_lower_precision_rounds():
    low = executed(lambda x, w: (x.astype(jnp.bfloat16) @ w.astype(jnp.bfloat16)).astype(jnp.float32), ROWS, MATRIX)
    exact = executed(lambda x, w: x @ w, ROWS, MATRIX)
    assert np.abs(results(low)[0] - results(exact)[0]).max() > 1e-4


def test_what_no_rule_covers_is_run_by_jax_and_marked_narrow():
    system = MATRIX @ MATRIX.T + 3 * np.eye(3, dtype=np.float32)

    def solve(matrix, x):
        return jnp.linalg.solve(matrix, x) + 1, x * 2

    trace = executed(solve, system, ROWS[:3])
    solved, double = trace.outputs
    np.testing.assert_allclose(trace.values[solved], np.linalg.solve(system, ROWS[:3]) + 1, rtol=1e-4)
    assert trace.narrow[solved] and not trace.narrow[double]


def test_what_jax_cannot_run_either_is_an_error_that_names_it(monkeypatch):
    program = programmed(lambda x: jnp.linalg.solve(x, x), MATRIX)
    (instruction,) = [i for i in every_instruction(program.plan) if i.op == "custom_linear_solve"]

    def refuse(*arguments, **parameters):
        raise NotImplementedError("not here")

    monkeypatch.setattr(instruction.equation.primitive, "bind", refuse)
    with pytest.raises(EvaluationError, match="`custom_linear_solve` could not be evaluated: not here"):
        evaluate(program, [MATRIX])


def every_instruction(plan):
    for instruction in plan.instructions:
        yield instruction
        for inner in instruction.plans:
            yield from every_instruction(inner)


def test_a_value_can_be_put_in_the_place_of_another():
    program = programmed(lambda x: jnp.sin(x) * 2, ROWS)
    before = evaluate(program, [ROWS])
    (sine,) = steps(before, "sin")
    after = evaluate(program, [ROWS], replaced={sine: np.full(ROWS.shape, 3.0)})
    np.testing.assert_array_equal(results(after)[0], 6.0)
    assert len(after) == len(before)


def test_an_evaluation_stops_where_it_is_told_to():
    program = programmed(lambda x: jnp.exp(jnp.cos(jnp.sin(x))), ROWS)
    (cosine,) = steps(evaluate(program, [ROWS]), "cos")
    trace = evaluate(program, [ROWS], until=cosine)
    assert len(trace) == cosine and trace.outputs == [] and "sin" in trace.ops


def test_values_of_an_earlier_run_are_taken_over_where_nothing_changed():
    program = programmed(lambda x, y: (jnp.exp(jnp.sin(x)) * jnp.cos(y)).sum(), ROWS, ROWS)
    earlier = evaluate(program, [ROWS, ROWS])
    changed = earlier.depending(earlier.arguments[1:], len(earlier))
    again = evaluate(program, [ROWS, 2 * ROWS], before=Before(earlier, changed))
    anew = evaluate(program, [ROWS, 2 * ROWS])
    (sine,), (cosine,) = steps(again, "sin"), steps(again, "cos")
    assert again.values[sine] is earlier.values[sine] and again.values[cosine] is not earlier.values[cosine]
    assert (again.ops, again.parents, again.sites) == (anew.ops, anew.parents, anew.sites)
    for value, expected in zip(again.values, anew.values, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_random_numbers_are_those_of_jax():
    key = jax.random.key(7)
    drawn = executed(lambda bits: jax.random.normal(jax.random.wrap_key_data(bits), (4,)), jax.random.key_data(key))
    np.testing.assert_allclose(results(drawn)[0], jax.random.normal(key, (4,)), rtol=1e-5)


def test_only_what_comes_from_the_inputs_is_data():
    trace = executed(lambda x: x * (jnp.arange(3.0) + 1), ROWS)
    (product,), (sum_,) = steps(trace, "mul")[-1:], steps(trace, "add")[-1:]
    assert trace.data[product] and not trace.data[sum_]
