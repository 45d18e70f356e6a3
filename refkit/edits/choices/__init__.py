"""The choices: the legitimate options of each reference, in the order in which they are applied."""

from refkit.edits.choices.activation import ACTIVATION
from refkit.edits.choices.channels import CHANNELS
from refkit.edits.choices.dense import DENSE
from refkit.edits.choices.kernel import KERNEL
from refkit.edits.choices.loss import LOSS
from refkit.edits.choices.output import OUTPUT
from refkit.edits.choices.padding import PADDING
from refkit.edits.choices.pool import POOL
from refkit.edits.choices.scaling import SCALING
from refkit.edits.choices.sizes import SIZES

CHOICES = (
    *SIZES,
    *CHANNELS,
    *DENSE,
    *KERNEL,
    *PADDING,
    *POOL,
    *ACTIVATION,
    *SCALING,
    *LOSS,
    *OUTPUT,
)
