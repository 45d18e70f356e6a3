"""LeNet: pictures in."""

from refkit.implementation import Input
from refkit.subjects.chains import backwards, joined
from refkit.subjects.convolutions import Convolutions, any_padding, dense_kernels, kernel_word, paddings, read
from refkit.subjects.subject import Options, Shown, Subject

OWN_KERNEL = 5


def inputs(config) -> list[tuple[Input, ...]]:
    return [(Input("x", "image", tuple(config.image)),)]


def fit(shown: Shown) -> list[Options]:
    image = shown.inputs[0].shape
    base = {"image": "x".join(map(str, image)), "classes": str(shown.width)}
    found = []
    for convolutions in read(shown.kernels, image[-1]):
        widths = backwards(dense_kernels(shown.kernels, convolutions), shown.width)
        if widths is None:
            continue
        options = base | convolution_options(convolutions) | {"dense": joined(widths[1:])}
        found += with_padding(options, convolutions, image, widths[0] if widths else 0)
        if len(convolutions.channels) == 1:  # or of two convolutions one is left out
            found.insert(0, {**options, "channels": joined((*convolutions.channels, 16))})
    return found or [base]


def convolution_options(convolutions: Convolutions) -> Options:
    """Their sizes. A window other than the reference's is a choice where all have it, or none has the reference's own."""
    channels = {"channels": joined(convolutions.channels)}
    if OWN_KERNEL in convolutions.kernels:
        return channels
    return channels | {"kernel": kernel_word(convolutions.kernels)}


def with_padding(options: Options, convolutions: Convolutions, image, flat: int) -> list[Options]:
    """The options with every padding that leaves `flat` features; where none does, with any, for the values to decide."""
    words = paddings(convolutions, image, flat) or any_padding(len(convolutions.channels))
    return [options | {"padding": word} for word in words]


LENET = Subject("lenet", "LeNet", inputs, "classes", fit, twice=("dense", "channels"))
