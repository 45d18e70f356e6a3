"""Pictures of known results: scales that a metric can have, every figure drawn or told, no name upon another."""

import numpy as np
import pytest

from refkit.errors import RefkitError
from refkit.experiments.plots import draw, draw_curves, draw_seeds, plt, span, spread
from refkit.results import store
from refkit.results.record import LOWER, Metric


@pytest.fixture
def axes():
    drawn, made = plt.subplots()
    yield made
    plt.close(drawn)


def words_on(axes) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


@pytest.mark.parametrize("reference", sorted(file.stem for file in store.FOLDER.glob("*.json")))
def test_every_published_figure_and_baseline_is_drawn_or_told(reference, axes):
    for result in store.load(reference).values():
        axes.clear()
        draw_seeds(axes, result)
        assert all(told.name in words_on(axes) for told in result.published)
        axes.clear()
        draw_curves(axes, result)
        assert all(name in words_on(axes) for name in result.baselines)
        low, high = axes.get_ylim()
        assert low < np.nanmin(result.curves) and np.nanmax(result.curves) < high


def test_a_scale_stays_within_what_is_measured():
    accuracy, error = Metric("accuracy"), Metric("RMSE", LOWER)
    assert span(np.array([0.5, 1.0]), accuracy) == (0.5, 1.0)
    assert span(np.array([1.0, 1.0]), accuracy) == pytest.approx((0.995, 1.0))
    assert span(np.array([0.0, 0.0]), accuracy)[0] == 0
    assert span(np.array([4.0, 4.0]), error) == pytest.approx((3.98, 4.02))
    assert span(np.array([np.nan, 2.0, 1.0]), error) == (1, 2)
    assert span(np.array([np.nan]), error) == (0, 1)


def test_names_keep_their_distance_and_their_order():
    heights = [0.3, 0.31, 0.9, 0.32, 0.3]
    places = spread(heights, 0.05)
    assert all(place >= height for place, height in zip(places, heights))
    assert (np.diff(sorted(places)) > 0.0499).all() and places[2] == 0.9
    assert (np.argsort(places) == np.argsort(heights, kind="stable")).all()


def test_a_file_for_each_result(tmp_path):
    files = draw("lenet", ["digits"], into=tmp_path)
    assert [file.name for file in files] == ["lenet-digits.png"] and files[0].read_bytes()[1:4] == b"PNG"
    with pytest.raises(RefkitError, match="no known result to draw"):
        draw("lenet", results=tmp_path)
