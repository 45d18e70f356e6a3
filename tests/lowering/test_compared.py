"""refkit's own compare finds a lowered reference the same: forward, gradients and three updates."""

from pathlib import Path

import pytest

import refkit
from refkit.references import lenet

LOWERED = """
from refkit.lowering import lowered

plain = {model}


class {model}(plain):
    def __call__(self, *inputs):
        graph, state = nnx.split(self)
        return lowered(lambda state, *inputs: plain.__call__(nnx.merge(graph, state), *inputs))(state, *inputs)
"""


@pytest.mark.parametrize(("name", "model"), [("lenet", "LeNet"), ("lstm", "LSTM"), ("multimodal", "Multimodal")])
def test_a_lowered_reference_is_the_same(tmp_path, name, model):
    text = Path(lenet.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    head, _ = text.split('\n\nif __name__ == "__main__":')
    file = tmp_path / f"lowered_{name}.py"
    file.write_text(head + LOWERED.format(model=model), encoding="utf-8")
    report = refkit.compare(f"{file}:{model}", name, until="update")
    status = {rung.name: rung.status for rung in report.rungs}
    assert report.verdict == "same", report
    assert {status[name] for name in ("forward", "loss", "gradients", "update")} == {"pass"}, report
