"""Convolutions are read off the shapes of kernels, whatever else of four axes there is."""

from refkit.subjects.convolutions import Convolutions, dense_kernels, read


def test_a_dense_layer_that_takes_in_a_whole_picture_may_have_four_axes():
    kernels = [(5, 5, 1, 6), (5, 5, 6, 16), (5, 5, 16, 120), (120, 84), (84, 10)]
    assert Convolutions((6, 16), (5, 5), 2) in read(kernels, 1)
    assert dense_kernels(kernels, Convolutions((6, 16), (5, 5), 2)) == [(400, 120), (120, 84), (84, 10)]


def test_three_convolutions_stay_three():
    kernels = [(3, 3, 1, 8), (3, 3, 8, 16), (3, 3, 16, 32), (288, 10)]
    assert read(kernels, 1)[0] == Convolutions((8, 16, 32), (3, 3, 3), 3)
