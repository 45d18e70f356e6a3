"""Window of the convolutions."""

from refkit.edits.choice import Choice
from refkit.edits.choices.stages import SetStage
from refkit.edits.edit import Edit, Replace, SetField
from refkit.edits.values import whole_numbers


def kernel_edit(reference: str, value: str) -> Edit | None:
    windows = whole_numbers("kernel", value, most=6)
    if windows == (5,):
        return None
    if len(windows) == 1:
        return Edit(reference, (SetField("kernel", str(windows[0])),), where=f"kernel {value}")
    changes = [SetField("kernel", repr(windows))]
    changes.append(
        Replace("window, init = (config.kernel, config.kernel), config.kernel_init", "init = config.kernel_init")
    )
    for k in range(len(windows)):
        source = "config.image[-1]" if k == 0 else f"config.channels[{k - 1}]"
        changes.append(
            Replace(
                f"{source}, config.channels[{k}], window,",
                f"{source}, config.channels[{k}], (config.kernel[{k}],) * 2,",
            )
        )
        changes.append(SetStage(f"conv{k + 1}", window=f"config.kernel[{k}]"))
    return Edit(reference, tuple(changes), where=f"kernel {value}")


KERNEL = tuple(
    Choice(
        "kernel",
        reference,
        ("5", "3", "<int>", "<int>-<int>-…"),
        lambda value, reference=reference: kernel_edit(reference, value),
        "window of the convolutions: one for all, or one for each",
        found_by="structure",
    )
    for reference in ("lenet", "multimodal")
)
