"""Every figure that is shown is the one in the results data."""

import pytest

from refkit.edits.catalogue import REFERENCES, reference_source
from refkit.experiments import showing
from refkit.experiments.protocols import BY_REFERENCE
from refkit.results import store
from refkit.results.chance import CHANCE


def test_the_readme_shows_the_results_data():
    text = showing.README.read_text(encoding="utf-8")
    assert text.split(showing.START)[1].split(showing.END)[0] == showing.section()


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_docstring_says_the_known_result(reference):
    assert showing.LINE.findall(reference_source(reference)) == [showing.docstring_line(reference)]


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_result_is_of_the_protocol_that_the_code_has(reference):
    protocols = {protocol.data: protocol for protocol in BY_REFERENCE[reference]}
    for name, result in store.load(reference).items():
        assert result.made.protocol == protocols[name].fingerprint, f"reproduce {reference} on {name} anew"
        assert set(result.runs) == set(range(len(result.runs)))
        assert len(result.runs) >= 3 or protocols[name].seeds < 3


@pytest.mark.parametrize("chance", CHANCE, ids=lambda chance: chance.task)
def test_a_figure_that_is_chance_is_no_better_than_a_constant(chance):
    assert chance.figure == pytest.approx(chance.constant, rel=0.02)
