"""A stage of the network left out."""

from refkit.edits.bug import Bug
from refkit.edits.choices.stages import SetStage
from refkit.edits.edit import Edit, Remove, Replace, Rewrite

FLATTEN = {"lenet": "x = x.reshape(x.shape[0], -1)", "multimodal": "image_vector = x.reshape(x.shape[0], -1)"}
BUILD = r"^ {{8}}self\.{name} = nnx\.Conv\([^\n]*\n(?: {{9,}}[^\n]*\n)*(?: {{8}}\)\n)?"


def edits(reference: str, argument: str) -> list[Edit]:
    flatten = FLATTEN[reference]
    pool1, pool2 = "# f32[batch, 14, 14, 6]", "# f32[batch, 5, 5, 16]"
    activation1, activation2 = (
        "x = activation(x)  # f32[batch, 28, 28, 6]",
        "x = activation(x)  # f32[batch, 10, 10, 16]",
    )
    conv1 = (
        SetStage("conv1"),
        SetStage("pool1"),
        Rewrite(BUILD.format(name="conv1"), ""),
        Replace("config.channels[0], config.channels[1], window", "config.image[-1], config.channels[1], window"),
        Remove(f"x = self.conv1({argument})"),
        Remove(activation1),
        Remove(pool1),
        Replace("x = self.conv2(x)", f"x = self.conv2({argument})"),
    )
    conv2 = (
        SetStage("conv2"),
        Rewrite(BUILD.format(name="conv2"), ""),
        Remove("x = self.conv2(x)"),
        Replace("* config.channels[-1]", "* config.channels[0]"),
    )
    stage2 = (*conv2, Remove(activation2), Remove(pool2), SetStage("pool2"))
    unflattened = (Remove(flatten), Replace("nnx.Linear(flat_features(config)", "nnx.Linear(config.channels[-1]"))
    if reference == "multimodal":
        unflattened = (Replace(flatten, "image_vector = x"), unflattened[1])
    return [
        Edit(reference, (Remove(pool1), SetStage("pool1")), visible="x = self.conv2(x)", where="pooling after conv1"),
        Edit(reference, (Remove(pool2), SetStage("pool2")), visible=flatten, where="pooling after conv2"),
        Edit(
            reference,
            (Remove(pool1), SetStage("pool1"), Remove(pool2), SetStage("pool2")),
            visible="x = self.conv2(x)",
            where="both poolings",
        ),
        Edit(reference, conv1, visible=f"x = self.conv2({argument})", where="conv1 with its pooling", rung="structure"),
        Edit(reference, stage2, visible=flatten, where="conv2 with its pooling", rung="structure"),
        Edit(reference, conv2, visible=activation2, where="conv2 alone", rung="structure"),
        Edit(
            reference,
            (*conv2, Remove(activation2)),
            visible=pool2,
            where="conv2 with its activation",
            rung="structure",
        ),
        *every_pooling(reference),
        Edit(
            reference,
            unflattened,
            visible="x = self.dense1(x)" if reference == "lenet" else "x = jnp.concatenate(",
            where="flatten",
            rung="runs",
        ),
    ]


def every_pooling(reference: str) -> list[Edit]:
    """Where there are more convolutions than two: all of them; the last's alone is a choice."""
    options = {"channels": "4-6-8", "image": "48x48x1"}
    stages = tuple(SetStage(f"pool{k}") for k in (1, 2, 3))
    every = (Rewrite(r"^ +x = pool\(x, .*\n", "", each=True), *stages)
    return [Edit(reference, every, options, visible="x = self.conv2(x)", where="all three poolings")]


BUG = Bug(
    id="layer-omitted",
    group="architecture",
    rung="forward",
    what="A stage is left out: a pooling, a convolution, or the flattening before the dense layers.",
    shows="From the next line on the picture has another size; the next layer has more or fewer inputs than the "
    "reference's.",
    harm="Without a pooling the dense layers get four times the inputs and see no larger surroundings; without a "
    "convolution the features stay those of edges.",
    mend="Put the stage back, or ask for the architecture meant with the reference's options.",
    edits=(*edits("lenet", "x"), *edits("multimodal", "image")),
    alike=("wrong-stride-or-kernel",),
)
