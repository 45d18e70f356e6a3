"""The choices: the legitimate options of each reference, in the order in which they are applied."""

from refkit.edits.choices.activation import ACTIVATION
from refkit.edits.choices.bidirectional import BIDIRECTIONAL
from refkit.edits.choices.channels import CHANNELS
from refkit.edits.choices.dense import DENSE
from refkit.edits.choices.dropout import DROPOUT
from refkit.edits.choices.embedding import EMBEDDING
from refkit.edits.choices.flatten import FLATTEN
from refkit.edits.choices.forget_bias import FORGET_BIAS
from refkit.edits.choices.gate_activation import GATE_ACTIVATION
from refkit.edits.choices.initialization import INITIALIZATION
from refkit.edits.choices.kernel import KERNEL
from refkit.edits.choices.layers import LAYERS
from refkit.edits.choices.lengths import LENGTHS
from refkit.edits.choices.loss import LOSS
from refkit.edits.choices.merge import MERGE
from refkit.edits.choices.normalization import NORMALIZATION
from refkit.edits.choices.order import ORDER
from refkit.edits.choices.output import OUTPUT
from refkit.edits.choices.padding import PADDING
from refkit.edits.choices.pool import POOL
from refkit.edits.choices.regularization import REGULARIZATION
from refkit.edits.choices.scaling import SCALING
from refkit.edits.choices.sizes import SIZES
from refkit.edits.choices.states import STATES_TAKEN
from refkit.edits.choices.time import TIME

CHOICES = (
    *SIZES,
    *EMBEDDING,
    *CHANNELS,
    *LAYERS,
    *DENSE,
    *STATES_TAKEN,
    *BIDIRECTIONAL,
    *KERNEL,
    *PADDING,
    *POOL,
    *FLATTEN,
    *ACTIVATION,
    *GATE_ACTIVATION,
    *NORMALIZATION,
    *ORDER,
    *DROPOUT,
    *SCALING,
    *MERGE,
    *LOSS,
    *OUTPUT,
    *LENGTHS,
    *TIME,
    *REGULARIZATION,
    *INITIALIZATION,
    *FORGET_BIAS,
)
