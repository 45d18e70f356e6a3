"""A reshape where a transpose is meant."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.places import FIRST

SWAP, SWAP_BACK = "x = x.swapaxes(0, 1)", "return states.swapaxes(0, 1)"
RESHAPE = "x = x.reshape(x.shape[1], x.shape[0], -1)"
COLUMNS = "x = x.reshape(x.shape[1], x.shape[2], x.shape[0]).swapaxes(1, 2)"
RESHAPE_BACK = "return states.reshape(x.shape[1], x.shape[0], -1)"
TAKEN = {"lstm": "x = states[:, -1]", "multimodal": "words_vector = states[:, -1]"}
FEATURES = "x = x.swapaxes(1, 2).reshape(x.shape)"
AFTER_POOL1 = "# f32[batch, 14, 14, 6]"
READ_AS_FIRST = "channels last read as channels first"
PICTURE = {
    "channels first read as channels last": "{x} = {x}.transpose(0, 3, 1, 2).reshape({x}.shape)",
    READ_AS_FIRST: ("{x} = {x}.reshape({x}.shape[0], {x}.shape[3], *{x}.shape[1:3]).transpose(0, 2, 3, 1)"),
}
BATCH = {
    "examples last read as examples first": "{x} = {x}.transpose(1, 2, 3, 0).reshape({x}.shape)",
    "examples first read as examples last": "{x} = {x}.reshape(*{x}.shape[1:], {x}.shape[0]).transpose(3, 0, 1, 2)",
}


def sequence_edits(reference: str) -> list[Edit]:
    last = TAKEN[reference].replace("[:, -1]", ".reshape(states.shape[1], states.shape[0], -1)[-1]")
    both = (Replace(SWAP, RESHAPE), Replace(SWAP_BACK, RESHAPE_BACK))
    return [
        Edit(reference, both[:1], visible=RESHAPE, where="the sequence before the recurrence"),
        Edit(
            reference,
            (Replace(SWAP, COLUMNS),),
            visible=COLUMNS,
            where="the sequence before the recurrence, examples last",
        ),
        Edit(reference, both[1:], visible=RESHAPE_BACK, where="the states after the recurrence"),
        Edit(reference, both, visible=RESHAPE, where="the sequence before the recurrence and the states after it"),
        Edit(reference, (Replace(TAKEN[reference], last),), visible=last, where="the states before the last is taken"),
        Edit(reference, (Insert(SWAP, FEATURES, before=True),), visible=FEATURES, where="time and features"),
    ]


def picture_edits(reference: str) -> list[Edit]:
    first, name = FIRST[reference]
    edits = []
    for where, line in BATCH.items():
        new = line.format(x=name)
        edits.append(Edit(reference, (Insert(first, new, before=True),), visible=new, where=f"input: {where}"))
    for where, line in PICTURE.items():
        new = line.format(x=name)
        change = Insert(first, new, before=True)
        edits.append(Edit(reference, (change,), {"image": "28x28x3"}, visible=new, where=f"input: {where}"))
        new = line.format(x="x")
        edits.append(Edit(reference, (Insert(AFTER_POOL1, new),), visible=new, where=f"before conv2: {where}"))
    new = f"{PICTURE[READ_AS_FIRST].format(x='x')}  # before flattening"  # the other way is another order to flatten in
    change = Insert("x.reshape(x.shape[0], -1)", new, before=True)
    edits.append(Edit(reference, (change,), visible=new, where=f"before flattening: {READ_AS_FIRST}"))
    calls = [f"x = self.conv1({name})", "x = self.conv2(x)"]
    for where, line in PICTURE.items():
        new = f"{line.format(x='x')}  # of a convolution"
        for call in calls:
            place = f"after {call[9:14]}: {where}"
            edits.append(Edit(reference, (Insert(call, new),), visible=new, where=place))
        both = (Insert(calls[0], new), Insert(calls[1], new + "'s output"))
        edits.append(Edit(reference, both, visible=f"{new}\n", where=f"after both convolutions: {where}"))
    return edits


# A convolution as patches and a product: the patches come with channels first, and are only reshaped to channels last.
PATCHES = """patches = jax.lax.conv_general_dilated_patches(
    {x}.transpose(0, 3, 1, 2), self.{name}.kernel_size, (1, 1), self.config.padding[{k}]
)  # f32[batch, channels * kernel * kernel, height, width]
patches = patches.reshape(patches.shape[0], *patches.shape[2:], -1)  # {name}
x = patches @ self.{name}.kernel[...].transpose(2, 0, 1, 3).reshape(patches.shape[-1], -1) + self.{name}.bias[...]"""


def patch_edits(reference: str) -> list[Edit]:
    _, first = FIRST[reference]
    changes = {
        name: Replace(f"x = self.{name}({x})", PATCHES.format(name=name, x=x, k=k))
        for k, (name, x) in enumerate((("conv1", first), ("conv2", "x")))
    }
    chosen = {"conv1": ("conv1",), "conv2": ("conv2",), "both convolutions": ("conv1", "conv2")}
    return [
        Edit(
            reference,
            tuple(changes[name] for name in names),
            visible=f"*patches.shape[2:], -1)  # {names[0]}",
            where=f"the patches of {where}",
        )
        for where, names in chosen.items()
    ]


BUG = Bug(
    id="reshape-for-transpose",
    group="shapes",
    rung="forward",
    what="Axes are exchanged by a reshape: the shape comes out right and the elements stay in their old order.",
    shows="Shapes agree everywhere; the values are the right ones in wrong places, and what belongs to example j "
    "changes the output of example i.",
    harm="The model sees examples, time steps or channels mixed into one another and can at best learn averages.",
    mend="Exchange axes with `transpose` or `swapaxes`; reshape only to split or join neighbouring axes.",
    edits=(
        *sequence_edits("lstm"),
        *picture_edits("lenet"),
        *sequence_edits("multimodal"),
        *picture_edits("multimodal"),
        *patch_edits("lenet"),
        *patch_edits("multimodal"),
    ),
    alike=("flatten-across-batch",),
)
