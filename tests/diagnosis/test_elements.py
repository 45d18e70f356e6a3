"""A model that is put together without a function of one's own is blamed on the element that departs."""

import pytest

import refkit
from tests.diagnosis.written import line_with, rewritten, wrong

SEQUENTIAL = '''"""A network as a list."""
from flax import linen as nn

model = nn.Sequential(
    [
        nn.Dense(64, kernel_init=nn.initializers.he_normal()),
        nn.relu,
        nn.Dense(2, kernel_init=nn.initializers.he_normal()),
    ]
)
'''


@pytest.mark.parametrize(
    ("old", "new", "line", "id"),
    [
        ("        nn.relu,\n", "        nn.softmax,\n", "nn.softmax", "wrong-activation"),
        ("        nn.relu,\n", "", "nn.Dense(2", "missing-activation"),
        ("nn.Dense(2,", "nn.Dense(2, use_bias=False,", "nn.Dense(2", "missing-bias"),
    ],
)
def test_the_element_is_named(tmp_path, old, new, line, id):
    source = rewritten(SEQUENTIAL, (old, new))
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    (finding,) = wrong(refkit.compare(str(tmp_path / "mine.py"), "mlp", until="forward"))
    assert (finding.id, finding.line) == (id, line_with(source, line))
