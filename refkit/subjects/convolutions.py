"""Channels, kernels and padding of convolutions, read off the shapes of their kernels."""

import dataclasses
import itertools
import math
from collections.abc import Callable

LAYOUTS = ((0, 1, 2, 3), (2, 3, 1, 0), (1, 2, 0, 3), (2, 1, 0, 3), (1, 2, 3, 0), (0, 1, 3, 2))  # of (h, w, in, out)
MOST = 6
KERNELS = (5, 3, 7)


@dataclasses.dataclass(frozen=True)
class Convolutions:
    """Convolutions in order of use.

    Args:
        channels: output channels of each.
        kernels: window of each.
        used: how many kernels of the program they take.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    used: int


def read(kernels: list[tuple[int, ...]], channels_in: int) -> list[Convolutions]:
    """What the first kernels may be: arrays of four axes in any layout, or else matrices of patches.

    The last of several arrays of four axes may be a dense layer that takes in a whole picture.
    """
    four = [shape for shape in kernels if len(shape) == 4]
    if four:
        found, at = [], channels_in
        for shape in four:
            read_one = window(shape, at)
            if read_one is None:
                return []
            found.append(read_one)
            at = read_one[1]
        counts = (len(four), len(four) - 1) if len(four) > 2 else (len(four),)
        channels, windows = [c for _, c in found], [k for k, _ in found]
        return [Convolutions(tuple(channels[:count]), tuple(windows[:count]), count) for count in counts]
    return patches(kernels, channels_in)


def dense_kernels(kernels: list[tuple[int, ...]], convolutions: Convolutions) -> list[tuple[int, ...]]:
    """The kernels behind the convolutions, of two axes each."""
    four = [shape for shape in kernels if len(shape) == 4]
    if not four:
        return kernels[convolutions.used :]
    whole = [
        (math.prod(shape[:3]), shape[3]) for shape in four[convolutions.used :]
    ]  # h, w, in and out, as JAX has them
    return whole + [shape for shape in kernels if len(shape) == 2]


def window(shape: tuple[int, ...], channels_in: int) -> tuple[int, int] | None:
    for layout in LAYOUTS:
        height, width, before, after = (shape[axis] for axis in layout)
        if height == width and before == channels_in:
            return height, after
    return None


def patches(kernels: list[tuple[int, ...]], channels_in: int) -> list[Convolutions]:
    """Convolutions written as patches and a matrix: `(k * k * in, out)`, transposed, or split to three axes."""
    found = []
    channels, windows, at = [], [], channels_in
    for shape in kernels[:MOST]:
        sizes = list(shape) if len(shape) == 2 else [shape[0] * shape[1], shape[2]] if len(shape) == 3 else []
        step = None
        for rows, columns in (sizes, sizes[::-1]) if len(sizes) == 2 else ():
            for kernel in KERNELS:
                if rows in (kernel * kernel * at, kernel * kernel * at + 1):
                    step = step or (kernel, columns)
        if step is None:
            break
        windows.append(step[0])
        channels.append(step[1])
        at = step[1]
        found.append(Convolutions(tuple(channels), tuple(windows), len(channels)))
    return sorted(found, key=lambda c: abs(len(c.channels) - 2))


def paddings(convolutions: Convolutions, image: tuple[int, int, int], flat: int) -> list[str]:
    """The paddings, a word for each convolution, under which `flat` features are left after convolution and pooling.

    There are none where something is wrong with a stage.
    """
    layers = len(convolutions.channels)
    found = with_pools(convolutions, image, flat, (halved,) * layers)
    if not found:  # a pooling may be left out, or move by one
        for pools in itertools.product((halved, kept, one_less), repeat=layers):
            found += [word for word in with_pools(convolutions, image, flat, pools) if word not in found]
    return found


def any_padding(layers: int) -> list[str]:
    return [word_of(words) for words in itertools.product(("same", "valid"), repeat=min(layers, 2))]


def halved(side: int) -> int:
    return side // 2


def kept(side: int) -> int:
    return side


def one_less(side: int) -> int:
    return side - 1


def with_pools(convolutions: Convolutions, image, flat: int, pools: tuple[Callable[[int], int], ...]) -> list[str]:
    """The paddings under which `flat` features are left where `pools` say what is left of a side after each convolution."""
    found = []
    for words in itertools.product(("same", "valid"), repeat=len(pools)):
        height, width = image[:2]
        for word, kernel, pool in zip(words, convolutions.kernels, pools):
            lost = 0 if word == "same" else kernel - 1
            height, width = pool(height - lost), pool(width - lost)
        if height > 0 and width > 0 and height * width * convolutions.channels[-1] == flat:
            found.append(word_of(words))
    return found


def word_of(words: tuple[str, ...]) -> str:
    return "-".join(words) if len(set(words)) > 1 else words[0]


def kernel_word(kernels: tuple[int, ...]) -> str:
    return str(kernels[0]) if len(set(kernels)) == 1 else "-".join(map(str, kernels))
