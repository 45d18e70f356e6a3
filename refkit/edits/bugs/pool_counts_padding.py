"""Average pooling that counts padded cells."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

OLD, NEW = "count_include_pad=False", "count_include_pad=True"

BUG = Bug(
    id="pool-counts-padding",
    group="architecture",
    rung="forward",
    what="A padded average pooling divides by the whole window, padded cells included, which is Flax's default.",
    shows="Only the cells at the edge differ from the reference's: they are smaller by the padded share of their "
    "window.",
    harm="The picture's border is darkened; weights from a framework that leaves the padding out do not fit.",
    mend="Pass `count_include_pad=False`.",
    edits=tuple(
        Edit(reference, (Replace(OLD, NEW),), {"pool-window": "3x2-same"}, "# f32[batch, 14, 14, 6]", "both poolings")
        for reference in ("lenet", "multimodal")
    ),
)
