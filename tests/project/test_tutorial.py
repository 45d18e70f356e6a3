"""The tutorial says what its commands print and draw.

Words have to be the same, and so has every number of a step that trains nothing. Numbers that come out of training may end in other
digits on another processor, which sums in another order: there a fraction may be off by `FRACTION`, and a count by `COUNT`.
"""

import re

import numpy as np
import pytest
from PIL import Image

from tests.project import tutorial
from tests.project.pages import shown

TEXT = tutorial.PAGE.read_text(encoding="utf-8")
OUTPUTS = [step.output for step in tutorial.steps(TEXT) if step.output]
UNTRAINED = ("starter", "known", "compare", "explain")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
FRACTION, COUNT = 0.02, 3
PIXELS = 0.02  # mean difference of two pictures, of 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def printed(folder):
    return tutorial.run_in(folder)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_command_prints_what_the_page_shows(printed, name):
    assert departures(shown(TEXT, name), printed[name], trained=name not in UNTRAINED) == []


@pytest.mark.parametrize("name", tutorial.pictures())
def test_a_picture_is_the_one_that_is_drawn(printed, folder, name):
    yours, theirs = (np.asarray(Image.open(place / name).convert("L"), float) / 255 for place in (tutorial.PAGE.parent, folder))
    assert yours.std() > 0 and yours.shape == theirs.shape and abs(yours - theirs).mean() < PIXELS
