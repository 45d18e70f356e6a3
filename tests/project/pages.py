"""Output that stands in a page of Markdown, in a block between `<!-- output:NAME -->` and `<!-- /output:NAME -->`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def block(name: str) -> re.Pattern:
    return re.compile(rf"(?<=<!-- output:{name} -->\n```text\n).*?(?=```\n<!-- /output:{name} -->\n)", re.DOTALL)


def shown(text: str, name: str) -> str:
    """What the page shows as the output of that name.

    Raises:
        ValueError: it has no such block.
    """
    found = block(name).search(text)
    if found is None:
        raise ValueError(f"the page has no block `<!-- output:{name} -->`")
    return found[0]


def write(page: Path, outputs: dict[str, str]) -> None:
    """Put each output into the block of its name."""
    text = page.read_text(encoding="utf-8")
    for name, output in outputs.items():
        shown(text, name)
        text = block(name).sub(lambda _: output, text)
    page.write_text(text, encoding="utf-8")
