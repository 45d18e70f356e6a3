"""What the changes do to a text."""

import pytest

from refkit.edits.edit import AddField, EditError, Insert, Remove, Replace, Rewrite, SetField

SOURCE = """\
class Config:
    width: int = 3
    learning_rate: float = 3e-4


def run(x):
    x = first(x)  # f32[3]
    if x:
        x = second(x)
    return x
"""


def test_replace_keeps_the_indentation():
    edited = Replace("second(x)", "a(x)\nx = b(x)").apply(SOURCE)
    assert "        x = a(x)\n        x = b(x)\n    return x\n" in edited


def test_insert_before_and_after():
    assert "  # f32[3]\n    x = b(x)\n    if x:\n" in Insert("x = first(x)", "x = b(x)").apply(SOURCE)
    assert "        x = b(x)\n        x = second(x)\n" in Insert("second", "x = b(x)", before=True).apply(SOURCE)
    assert Insert("return x", "# end").apply(SOURCE).endswith("    return x\n    # end\n")


def test_remove_takes_the_whole_line():
    assert Remove("first").apply(SOURCE) == SOURCE.replace("    x = first(x)  # f32[3]\n", "")


def test_fields():
    assert "    width: int = 5\n" in SetField("width", "5").apply(SOURCE)
    assert "    width: int = 3\n    depth: int = 2\n" in AddField("depth", "int", "2").apply(SOURCE)


@pytest.mark.parametrize(
    "change",
    [Replace("x = ", ""), Insert("third", ""), Remove("x"), Rewrite(r"x = \w+", ""), Rewrite("third", "", each=True),
     SetField("depth", "5")],
    ids=lambda change: type(change).__name__,
)  # fmt: skip
def test_once_or_not_at_all(change):
    with pytest.raises(EditError, match="wanted"):
        change.apply(SOURCE)


def test_rewrite_each():
    assert Rewrite(r"x = (\w+)", r"x = not_\1", each=True).apply(SOURCE).count("not_") == 2
