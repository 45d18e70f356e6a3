"""How much the LSTM keeps at first."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.values import real_number

FORGET = "self.forget_x, self.forget_h = from_x(), from_h()"


def forget_bias_edit(reference: str, value: str) -> Edit | None:
    bias = real_number("forget-bias", value, -10, 10)
    if bias == 0:
        return None
    set_bias = f"self.forget_x.bias[...] = jnp.full((config.hidden,), {bias})  # f32[hidden]"
    return Edit(reference, (Insert(FORGET, set_bias),), where=f"forget-bias {value}")


def forget_shift_edit(reference: str, value: str) -> Edit | None:
    shift = real_number("forget-shift", value, -10, 10)
    if shift == 0:
        return None
    return Edit(reference, (Replace("self.forget_h(h)", f"self.forget_h(h) + {shift}"),), where=f"forget-shift {value}")


FORGET_BIAS = tuple(
    choice
    for reference in ("lstm", "multimodal")
    for choice in (
        Choice(
            "forget-bias",
            reference,
            ("0", "1", "<number>"),
            lambda value, reference=reference: forget_bias_edit(reference, value),
            "the forget gate's bias before training",
        ),
        Choice(
            "forget-shift",
            reference,
            ("0", "1", "<number>"),
            lambda value, reference=reference: forget_shift_edit(reference, value),
            "a constant added to the forget gate at every step, as Haiku's and TensorFlow's first LSTM have it",
        ),
    )
)
