"""The tutorial says what its commands print and draw.

What comes of a step that trains nothing has to be the same, letter by letter. Another processor sums in another order, so that what
comes out of training may end in other digits: there the words have to be the same, a number with decimals may be off by `FRACTION`, a
whole one by `COUNT`, and rows that are ranked by such numbers may have changed places.
"""

import re
from pathlib import Path

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


def departs(page: str, output: str, trained: bool) -> bool:
    """Whether an output is another than the page shows."""
    if not trained:
        return page != output
    yours, theirs = (sorted(map(parts, text.splitlines())) for text in (page, output))
    if [words for words, _ in yours] != [words for words, _ in theirs]:
        return True
    pairs = [pair for (_, ours), (_, others) in zip(yours, theirs) for pair in zip(ours, others)]
    return any(abs(float(a) - float(b)) > (FRACTION if "." in a + b else COUNT) for a, b in pairs)


def parts(line: str) -> tuple[str, list[str]]:
    """The words of a line with `#` for each number, and the numbers."""
    return " ".join(NUMBER.sub("#", line).split()), NUMBER.findall(line)


@pytest.mark.parametrize(
    ("output", "other"),
    [
        ("accuracy on val: 0.957", False),
        ("accuracy on val: 0.945", False),
        ("accuracy on val: 0.867", True),
        ("accuracy on test: 0.957", True),
        ("", True),
    ],
)
def test_a_departure_is_seen(output, other):
    assert departs("accuracy on val: 0.957", output, trained=True) == other
    assert departs("accuracy on val: 0.957", output, trained=False) == (output != "accuracy on val: 0.957")


def test_every_command_of_refkit_is_shown():
    words = [step.text.split()[1] for step in tutorial.steps(TEXT) if step.text.startswith("refkit ")]
    assert list(dict.fromkeys(words)) == ["starter", "compare", "evaluate", "improve", "tune"]
    assert len(OUTPUTS) == TEXT.count("```text")


def test_every_link_leads_somewhere():
    for target, heading in re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", TEXT):
        file = tutorial.PAGE.parent / target
        assert file.is_file()
        assert not heading or f"## {heading.replace('-', ' ')}\n" in file.read_text(encoding="utf-8").lower()


@pytest.mark.timeout(1200)  # about a minute of one core, which other tests may be waiting for
def test_the_commands_print_and_draw_what_the_page_shows(tmp_path):
    printed = tutorial.run_in(tmp_path)
    assert list(printed) == OUTPUTS
    other = {name: text for name, text in printed.items() if departs(shown(TEXT, name), text, name not in UNTRAINED)}
    assert not other, "\n".join(f"{name}:\n{text}" for name, text in other.items())
    for name in tutorial.pictures():
        page, drawn = grey(tutorial.PAGE.parent / name), grey(tmp_path / name)
        assert page.std() > 0 and page.shape == drawn.shape and abs(page - drawn).mean() < PIXELS, name


def grey(file: Path) -> np.ndarray:
    """A picture in 0 to 1, `f64[height, width]`."""
    return np.asarray(Image.open(file).convert("L"), float) / 255
