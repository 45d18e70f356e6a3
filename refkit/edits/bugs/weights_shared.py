"""Two layers that are one."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

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


BUG = Bug(
    id="weights-shared",
    group="architecture",
    rung="forward",
    what="Two layers are one object or go by one name, so that they have the same weights.",
    shows="A layer's parameters are missing, or never used; two layers' outputs come from one kernel, which gets both gradients.",
    harm="The model has fewer parameters than it seems to, and the two layers cannot learn different things.",
    mend="Make an object for each layer: a list built by `[layer] * n` holds one layer n times.",
    edits=(*edits(DENSE, "dense"), *edits(CONVOLUTIONS, "conv")),
)
