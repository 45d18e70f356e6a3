"""The known bugs, one file each."""

from refkit.edits.bugs import (
    activation_on_logits,
    cell_tanh_missing,
    first_state_used,
    gates_swapped,
    layer_omitted,
    loss_summed_over_batch,
    missing_activation,
    missing_bias,
    softmax_before_loss,
    state_not_carried,
    wrong_activation,
    wrong_stride_or_kernel,
)

BUGS = (
    softmax_before_loss.BUG,
    loss_summed_over_batch.BUG,
    activation_on_logits.BUG,
    missing_activation.BUG,
    wrong_activation.BUG,
    missing_bias.BUG,
    layer_omitted.BUG,
    wrong_stride_or_kernel.BUG,
    gates_swapped.BUG,
    cell_tanh_missing.BUG,
    state_not_carried.BUG,
    first_state_used.BUG,
)
