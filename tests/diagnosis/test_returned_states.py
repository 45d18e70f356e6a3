"""The `return` that hands a state back as it came."""

import textwrap

import pytest

from refkit.diagnosis.returned_states import returned_as_given
from refkit.tracing.trace import Site

STEPS = {
    "return state, h": True,
    "return (h, state[1]), h": True,
    "return (h, before), h": True,
    "return state._replace(hidden=h), h": True,
    "return State(hidden=h, cell=state.cell), h": True,
    "return (h, c), h": False,
    "return state._replace(hidden=h, cell=c), h": False,
    "return cell(state, x), h": False,
    "return (h, c + state[1]), h": False,
}


@pytest.mark.parametrize(("last", "as_given"), STEPS.items())
def test_return(last, as_given, tmp_path):
    file = tmp_path / "step.py"
    file.write_text(
        textwrap.dedent(
            f"""\
        def step(state, x):
            c, before = state
            h, c = cell(x, c)
            {last}
        """
        )
    )
    found = returned_as_given(Site(str(file), 3, 3))
    assert (found is not None and found.line == 4) == as_given
