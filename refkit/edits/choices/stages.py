"""How large the picture is after every stage: one line for each, which choices and bugs can change."""

import dataclasses
import re

from refkit.edits.edit import EditError, Rewrite

LEFT = '''

def left(size: tuple[int, int], window: int, stride: int, padding: str | int) -> tuple[int, int]:
    """Rows and columns left by a window moved by its stride."""
    if padding == "SAME":
        return tuple(-(-side // stride) for side in size)
    around = 2 * padding if isinstance(padding, int) else 0
    return tuple((side + around - window) // stride + 1 for side in size)
'''


@dataclasses.dataclass(frozen=True)
class UnrollStages:
    """Write `flat_features` with one line a stage, ending in `# conv1`, `# pool1` and so on, unless it is so."""

    def apply(self, source: str) -> str:
        if "\ndef left(" in source:
            return source
        found = re.search(
            r"^    height, width, _ = config\.image\n(?:        .*\n|    for .*\n)+    return height \* width \* "
            r"config\.channels\[-1\]\n",
            source,
            flags=re.MULTILINE,
        )
        if found is None:
            raise EditError("`flat_features` is not as the reference has it")
        lines = ["    size = config.image[:2]"]
        for k in range(1, count_convolutions(source) + 1):
            lines.append(
                f"    size = left(size, window=config.kernel, stride=1, padding=config.padding[{k - 1}])  # conv{k}"
            )
            lines.append(f'    size = left(size, window=2, stride=2, padding="VALID")  # pool{k}')
        lines.append("    return size[0] * size[1] * config.channels[-1]")
        return source[: found.start()] + "\n".join(lines) + "\n" + LEFT + source[found.end() :]


@dataclasses.dataclass(frozen=True)
class SetStage:
    """Change the size line of one stage: `SetStage("pool1", stride="1")`; with no change, leave it out."""

    stage: str
    window: str = ""
    stride: str = ""
    padding: str = ""

    def apply(self, source: str) -> str:
        source = UnrollStages().apply(source)
        ending = rf"  # {self.stage}$"
        if not (self.window or self.stride or self.padding):
            return Rewrite(rf"^    size = left\(.*\){ending}\n", "").apply(source)
        for name in ("window", "stride", "padding"):
            if getattr(self, name):
                value = getattr(self, name)
                pattern = rf"^(    size = left\(.*{name}=)[^,\n]*?((?:, \w+=.*)?\){ending})"
                source = Rewrite(pattern, lambda found: found[1] + value + found[2]).apply(source)  # noqa: B023
        return source


def count_convolutions(source: str) -> int:
    return len(re.findall(r"^ +self\.conv\d = nnx\.Conv\(", source, flags=re.MULTILINE))
