"""Every right program adapts with no help: it builds, it runs, and its loss is a scalar of its batch."""

import jax
import pytest

from tests.adapters.seeing import label_shape, output_shape, see, shapes
from tests.programs import measure

CASES = measure.correct_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_program_adapts(case):
    seen = see(f"{case.file}{case.target}", case.reference)
    assert output_shape(seen)[0] == 7
    assert set(jax.eval_shape(seen.init, jax.random.key(0))) <= {"parameters", "statistics", "constants"}
    assert seen.loss is not None or seen.output_loss is not None
    if seen.loss is not None:
        tree = jax.eval_shape(seen.init, jax.random.key(0))
        assert jax.eval_shape(seen.loss, tree, shapes(seen), label_shape(seen)).shape == ()
