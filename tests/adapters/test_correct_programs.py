"""Every right program adapts with no help: it builds, it runs, and its loss is a scalar of its batch."""

import pathlib
import tomllib

import jax
import pytest

from tests.adapters.seeing import label_shape, output_shape, see, shapes

FOLDER = pathlib.Path(__file__).parents[1] / "programs" / "correct"


def programs():
    for listing in sorted(FOLDER.glob("*.toml")):
        for entry in tomllib.loads(listing.read_text())["program"]:
            yield pytest.param(listing.stem, entry, id=f"{listing.stem}/{entry['file']}")


@pytest.mark.parametrize(("reference", "entry"), list(programs()))
def test_program_adapts(reference, entry):
    seen = see(str(FOLDER / reference / entry["file"]) + entry["target"], entry["reference"])
    assert output_shape(seen)[0] == 7
    assert set(jax.eval_shape(seen.init, jax.random.key(0))) <= {"parameters", "statistics", "constants"}
    assert seen.loss is not None or seen.output_loss is not None
    if seen.loss is not None:
        tree = jax.eval_shape(seen.init, jax.random.key(0))
        assert jax.eval_shape(seen.loss, tree, shapes(seen), label_shape(seen)).shape == ()
