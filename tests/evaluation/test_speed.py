"""Evaluating takes less time than scikit-learn's metric on the same draws."""

import pytest

from refkit.benchmarks import evaluation_speed


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "neg_log_loss"])
def test_counts_are_faster_than_resampling(metric):
    (row,) = evaluation_speed.measure(100_000, 200, (metric,))
    assert row.measured == 200 and row.ours < 3 * row.theirs
    assert evaluation_speed.table([row], 200).startswith(metric)
