"""`--lines`: both programs line by line."""

from pathlib import Path

import pytest

import refkit
from refkit.report.finding import LinePair

PROGRAMS = Path(__file__).resolve().parents[1] / "programs" / "correct"


def lines_of(program, until="forward"):
    return refkit.compare(str(program), program.parent.name, until=until).lines


@pytest.fixture
def planted(tmp_path):
    """Writes a right program with one line changed; gives its file and that line's number."""

    def plant(program, old, new):
        text = (PROGRAMS / program).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (tmp_path / Path(program).parent).mkdir()
        file = tmp_path / program
        file.write_text(text.replace(old, new), encoding="utf-8")
        return file, text[: text.index(old)].count("\n") + 1

    return plant


def test_a_right_program_agrees_line_by_line():
    pairs = lines_of(PROGRAMS / "lenet" / "nnx_explicit.py", until="loss")
    told = [(pair.source, pair.reference_source, pair.shape, pair.agree) for pair in pairs if pair.line is not None]
    assert told[:4] == [
        ("x = nnx.relu(self.conv1(x))", "x = activation(x)", (7, 28, 28, 6), True),
        (
            "x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))",
            "x = pool(x, (2, 2), strides=(2, 2))",
            (7, 14, 14, 6),
            True,
        ),
        ("x = nnx.relu(self.conv2(x))", "x = activation(x)", (7, 10, 10, 16), True),
        (
            "x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))",
            "x = pool(x, (2, 2), strides=(2, 2))",
            (7, 5, 5, 16),
            True,
        ),
    ]
    assert told[4][:2] == ("x = x.reshape(x.shape[0], -1)", "x = x.reshape(x.shape[0], -1)")
    assert [pair for pair in pairs if pair.line is None] == []
    assert pairs[-1].shape == () and pairs[-1].agree
    assert all(pair.dtype == "float32" for pair in pairs)


def test_the_line_of_a_bug_does_not_agree_and_what_was_left_out_stands_in_its_place(planted):
    file, line = planted("lenet/nnx_explicit.py", "x = nnx.relu(self.conv2(x))", "x = self.conv2(x)")
    pairs = lines_of(file)
    assert [pair.line for pair in pairs if pair.agree is False] == [line + 1]
    (left_out,) = [pair for pair in pairs if pair.line is None]
    assert left_out == LinePair(None, "", 63, "x = activation(x)", (7, 10, 10, 16), "float32", None)
    place = pairs.index(left_out)
    assert (pairs[place - 1].line, pairs[place + 1].line) == (line, line + 1)
    assert all(pair.agree for pair in pairs if pair.line is not None and pair.line > line + 1)


def test_a_recurrence_is_shown_once():
    pairs = lines_of(PROGRAMS / "lstm" / "jax_fori_loop.py")
    numbers = [pair.line for pair in pairs if pair.line is not None]
    assert len(numbers) == len(set(numbers))
    assert all(pair.agree is not False for pair in pairs)
    (cell,) = [pair for pair in pairs if pair.source == "c = f * c + i * g"]
    assert cell.reference_source == "c = f * c + i * g" and cell.agree


def test_a_recurrence_that_disagrees_at_any_step_says_no(planted):
    file, line = planted("lstm/jax_fori_loop.py", "return o * jnp.tanh(c), c", "return o * c, c")
    pairs = lines_of(file)
    assert [pair.line for pair in pairs if pair.agree is False] == [line]


def test_what_occurs_nowhere_but_leads_on_has_nothing_to_compare():
    pairs = lines_of(PROGRAMS / "lstm" / "nnx_fused_loop.py")
    (fused,) = [pair for pair in pairs if pair.source.startswith("gates = ")]
    assert (fused.agree, fused.reference_line, fused.shape) == (None, None, (7, 512))
