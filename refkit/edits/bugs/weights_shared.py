"""Two layers that are one."""

import itertools

from refkit.edits.bug import Bug
from refkit.edits.bugs.gates_swapped import FROM_H, FROM_X, LINES
from refkit.edits.edit import Edit, Insert, Replace, Rewrite

# Equal layers next to one another, and the options under which they are there.
DENSE = {
    "mlp": {2: {"features": "48", "hidden": "48-48"}, 3: {"hidden": "48-48-48"}, 4: {"hidden": "48-48-48-48"}},
    "lenet": {3: {"dense": "48-48-48"}, 4: {"dense": "48-48-48-48"}},
    "multimodal": {3: {"dense": "48-48-48"}, 4: {"dense": "48-48-48-48"}},
}
CONVOLUTIONS = {
    reference: {3: {"channels": "16-16-16", "padding": "same"}, 4: {"channels": "16-16-16-16", "padding": "same"}}
    for reference in ("lenet", "multimodal")
}


def edits(layers: dict[str, dict[int, dict[str, str]]], name: str) -> list[Edit]:
    found = []
    for reference, pairs in layers.items():
        for k, options in pairs.items():
            layer, other = f"self.{name}{k}", f"self.{name}{k - 1}"
            build = Rewrite(rf"self\.{name}{k} = nnx\.\w+\((?:[^()]|\([^()]*\))*\)$", f"{layer} = {other}")
            call = Rewrite(rf"x = self\.{name}{k}\(x\)(.*)$", rf"x = {other}(x)\1  # as before")
            found += [
                Edit(reference, (build,), options, f"x = {layer}(x)", f"{name}{k} is {name}{k - 1}", "structure"),
                Edit(reference, (call,), options, "# as before", f"{name}{k - 1} called for {name}{k}"),
            ]
    return found


def part_edits() -> list[Edit]:
    """A layer that takes its neighbour's bias, or two layers with one normalisation."""
    found = []
    for reference, options in (
        ("mlp", {"hidden": "48-48"}),
        ("lenet", {"dense": "48-48"}),
        ("multimodal", {"dense": "48-48"}),
    ):
        new = "x = self.dense2(x) - self.dense2.bias[...] + self.dense1.bias[...]"
        change = Replace("x = self.dense2(x)", new)
        found.append(Edit(reference, (change,), options, visible=new, where="dense2 with dense1's bias"))
    for reference in ("lenet", "multimodal"):
        build = Rewrite(r"self\.conv2_norm = nnx\.\w+\(.*\)$", "self.conv2_norm = self.conv1_norm")
        call = "x = self.conv2_norm(x)"
        for place in ("before", "after", "conv-before", "conv-after"):
            options = {"channels": "8-8", "batchnorm": place}
            found.append(
                Edit(reference, (build,), options, call, "one normalisation after both convolutions", "structure")
            )
        also = Insert("self.conv1_norm = nnx.", "self.conv2_norm = self.conv1_norm")
        for place, behind in (
            ("before", r" +x = self\.conv2\(x\).*\n"),
            ("after", r" +x = self\.conv2\(x\).*\n +x = activation\(x\).*\n"),
        ):
            use = Rewrite(rf"^({behind})", rf"\1        {call}\n")
            options = {"channels": "8-8", "batchnorm": f"conv1-{place}"}
            where = "the first convolution's normalisation after the second, too"
            found.append(Edit(reference, (also, use), options, call, where, "structure"))
    return found


def gate_edits(reference: str) -> list[Edit]:
    """A gate that takes one of its two kernels from another gate."""
    found = []
    for half in (FROM_X, FROM_H):
        for wrong, other in itertools.permutations("ifgo", 2):
            where = f"{half[other]} for {half[wrong]}"
            change = Replace(half[wrong], half[other])
            found.append(Edit(reference, (change,), visible=LINES[wrong], where=where))
    return found


def cell_edits(reference: str, width: dict[str, str]) -> list[Edit]:
    """One LSTM cell for two layers, or for both directions."""
    found = []
    for k, options in ((2, width | {"layers": "2"}), (3, {"layers": "3"})):
        other = "self.cell" if k == 2 else "self.cell2"
        build = Rewrite(rf"self\.cell{k} = LSTMCell\(.*\)$", f"self.cell{k} = {other}")
        call = f"states = run(self.cell{k}, states)"
        called = f"states = run({other}, states)  # as before"
        found += [
            Edit(reference, (build,), options, call, f"the LSTMs of layers {k - 1} and {k}", "structure"),
            Edit(reference, (Replace(call, called),), options, called, f"layer {k}'s call is of layer {k - 1}'s LSTM"),
        ]
    build = Rewrite(r"self\.backward = LSTMCell\(.*\)$", "self.backward = self.cell")
    call, called = "backward = run(self.backward, x[", "backward = run(self.cell, x["
    both = {"bidirectional": "true"}
    return [
        *found,
        Edit(reference, (build,), both, call, "both directions", "structure"),
        Edit(reference, (Replace(call, called),), both, called, "the backward call is of the forward LSTM"),
    ]


BUG = Bug(
    id="weights-shared",
    group="architecture",
    rung="forward",
    what="Two layers are one object or go by one name, so that they have the same weights.",
    shows="A layer's parameters are missing, or never used; two layers' outputs come from one kernel, which gets "
    "both gradients.",
    harm="The model has fewer parameters than it seems to, and the two layers cannot learn different things.",
    alike=("gates-swapped",),
    mend="Make an object for each layer: a list built by `[layer] * n` holds one layer n times.",
    edits=(
        *edits(DENSE, "dense"),
        *edits(CONVOLUTIONS, "conv"),
        *cell_edits("lstm", {"features": "128"}),
        *cell_edits("multimodal", {"embedding": "64"}),
        *part_edits(),
        *gate_edits("lstm"),
        *gate_edits("multimodal"),
    ),
)
