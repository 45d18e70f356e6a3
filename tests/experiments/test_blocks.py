"""Seeds side by side: the figures are those of a seed alone up to rounding, and the same whichever seeds are wanted."""

import dataclasses
import json

import numpy as np
import pytest

from refkit.experiments import reproducing, widths
from refkit.experiments.blocks import blocks, run_block, whole
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.together import fit_together, run_together
from refkit.experiments.training import run_seed
from tests.experiments.clouds import PROTOCOL, few
from tests.experiments.watched import Watched


def told(seed, share):
    pass


def figures(runs):
    return {seed: (run.value, run.curve) for seed, run in runs.items()}


def test_seeds_fall_into_blocks():
    assert blocks([9, 1, 4, 0, 5], 4) == [[0, 1], [4, 5], [9]]
    assert blocks([2, 0], 1) == [[0], [2]]
    assert whole(5, 4, None) == [4, 5, 6, 7]
    assert whole(5, 4, 6) == [4, 5]


def test_side_by_side_a_seed_learns_what_it_learns_alone():
    alone = {seed: run_seed(PROTOCOL, seed) for seed in range(3)}
    together = run_together(PROTOCOL, [0, 1, 2])
    for seed, run in together.items():
        np.testing.assert_allclose(run.curve, alone[seed].curve, atol=1 / 20)  # one of 20 examples near the border
    assert len({run.curve for run in together.values()}) > 1


def test_a_seed_is_the_same_whichever_of_its_block_are_wanted(tmp_path):
    every = run_block(PROTOCOL, SeedFiles(PROTOCOL, tmp_path / "every"), [0, 1, 2, 3], 4, told)
    files = SeedFiles(PROTOCOL, tmp_path / "some")
    some = run_block(PROTOCOL, files, [2], 4, told) | run_block(PROTOCOL, files, [0, 2, 3], 4, told)
    assert figures(some) == {seed: run for seed, run in figures(every).items() if seed != 1}


def test_a_broken_run_goes_on_with_the_width_that_it_began_with(tmp_path):
    def reproduced(name, *parts):
        files = SeedFiles(PROTOCOL, tmp_path / name)
        files.folder.mkdir(parents=True)
        (files.folder / widths.NAME).write_text('{"width": 4}')
        for seeds in parts:
            found = reproducing.reproduce(PROTOCOL, seeds, Watched(), tmp_path / name, tmp_path / f"{name} results")
        return figures(found.runs)

    assert reproduced("broken", range(2), range(6)) == reproduced("whole", range(6))


@pytest.mark.parametrize(("seconds", "width"), [({1: 1.0, 8: 0.5}, 8), ({1: 1.0, 8: 0.95}, 1), ({}, 1)])
def test_the_faster_width_is_kept(tmp_path, monkeypatch, seconds, width):
    files = SeedFiles(PROTOCOL, tmp_path)
    assert widths.kept_width(files, 7) == 1
    assert widths.kept_width(files, 8) is None
    monkeypatch.setattr(widths, "measured", lambda protocol: seconds)
    assert widths.find_width(PROTOCOL, files) == width
    assert widths.kept_width(files, 1) == width
    assert json.loads((files.folder / widths.NAME).read_text())["seconds"] == {
        str(count): one for count, one in seconds.items()
    }


def test_both_widths_are_tried():
    seconds = widths.measured(PROTOCOL)
    assert set(seconds) == {1, widths.WIDTH}
    assert all(0 < one < 10 for one in seconds.values())


def test_seeds_of_other_sizes_are_not_side_by_side():
    def other(seed):
        examples = few(seed)
        return dataclasses.replace(examples, train=tuple(part[seed:] for part in examples.train))

    assert fit_together(PROTOCOL, [0, 1])
    protocol = dataclasses.replace(PROTOCOL, examples=other)
    assert not fit_together(protocol, [0, 1])
    assert widths.measured(protocol) == {}
