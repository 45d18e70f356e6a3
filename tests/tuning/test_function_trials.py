"""A function `train` of one's own: the ways in which it may take values and give a number."""

import pytest

from refkit.errors import RefkitError
from refkit.tuning.function_trials import function_subject
from refkit.tuning.spaces import Range, Values
from refkit.tuning.subject import Diverged

HEAD = 'SPACE = {"x": (0.0, 1.0), "kind": ["a", "b"]}\nMETRIC = "loss"\n'
VALUES = {"x": 0.25, "kind": "b"}
SILENT = lambda value, step: None


def subject_of(tmp_path, text, head=HEAD, name="train", **more):
    file = tmp_path / "mine.py"
    file.write_text(head + text)
    return function_subject(f"{file}:{name}", **more)


@pytest.mark.parametrize(
    "text",
    [
        "def train(x, kind): return x",
        "def train(x, kind='a', epochs=3): return x",
        "def train(*, x, kind): return {'loss': x, 'accuracy': 1 - x}",
        "def train(**values): return values['x']",
        "def train(config): return config['x']",
        "def train(config, seed=0): return {'anything': config['x']}",
        "def train(config):\n    yield 9\n    yield config['x']",
        "def train(config):\n    yield {'loss': 9}\n    return config['x']",
        "import numpy\ndef train(x, kind): return numpy.float32(x)",
        "import numpy\ndef train(x, kind): return numpy.full((1,), x)",
        "class Train:\n    def __call__(self, x, kind): return x\ntrain = Train()",
    ],
)
def test_a_function_is_called_as_it_is_written(text, tmp_path):
    subject = subject_of(tmp_path, text)
    assert subject.run(VALUES, SILENT) == 0.25 and subject.direction == "minimize"
    assert subject.space == {"x": Range(0.0, 1.0), "kind": Values(("a", "b"))}


@pytest.mark.parametrize(
    "text",
    [
        "def train(config, report):\n    report(3.0)\n    report(2.0)\n    return 1.0",
        "def train(x, kind, report):\n    report({'loss': 3.0}, 1)\n    report(2.0, step=2)\n    return 1.0",
        "def train(config):\n    yield 3.0\n    yield 2.0",
    ],
)
def test_values_on_the_way_are_reported(text, tmp_path):
    told = []
    subject_of(tmp_path, text).run(VALUES, lambda value, step: told.append((step, value)))
    assert told == [(1, 3.0), (2, 2.0)]


def test_a_functions_own_defaults_are_its_own_values(tmp_path):
    assert subject_of(tmp_path, "def train(x=0.5, kind='b'): return x").own == {"x": 0.5, "kind": "b"}
    assert subject_of(tmp_path, "def train(x, kind='b'): return x").own == {"kind": "b"}
    assert subject_of(tmp_path, "def train(x=7.0, kind='b'): return x").own == {"kind": "b"}  # 7 is outside the space
    assert subject_of(tmp_path, "def train(config): return 1").own == {}


def test_values_outside_the_space_are_held(tmp_path):
    subject = subject_of(tmp_path, "def train(x, kind, depth): return x * depth", settings={"depth": 4})
    assert subject.run(VALUES, SILENT) == 1.0 and set(subject.space) == {"x", "kind"}
    assert subject.settings == {"held": {"depth": "4"}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def train(x, kind): return float('nan')", "`loss` is nan"),
        ("def train(x, kind):\n    yield 1.0\n    yield float('inf')", "the value reported at step 2 is inf"),
    ],
)
def test_what_is_not_finite_has_diverged(text, told, tmp_path):
    with pytest.raises(Diverged) as caught:
        subject_of(tmp_path, text).run(VALUES, SILENT)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "def train(x, kind): pass",
            "`{file}:train` returned `NoneType`: let it return the metric as a number, or a dictionary of such",
        ),
        (
            "def train(x, kind): return {'a': 1, 'b': 2}",
            "`{file}:train` returned `a`, `b` and no `loss`: say which one counts by `--metric`",
        ),
        ("def train(x, kind): return True", "`{file}:train` returned `bool`: let it return the metric as a number"),
    ],
)
def test_what_is_no_number_is_said(text, sentence, tmp_path):
    subject = subject_of(tmp_path, text)
    with pytest.raises(RefkitError) as caught:
        subject.run(VALUES, SILENT)
    assert str(caught.value).startswith(sentence.format(file=subject.name.rpartition(":")[0]))


@pytest.mark.parametrize(
    ("text", "head", "sentence"),
    [
        (
            "def fit(config): return 1",
            HEAD,
            "`{file}` has no function `train`: it has `fit`; name one as in `{file}:fit`",
        ),
        ("", HEAD, "`{file}` has no function `train`: it has no function; name one as in `{file}:train`"),
        (
            "def train(x): return 1",
            "METRIC = 'loss'\n",
            "`{file}:train` has no search space: put `SPACE = {{...}}` into the file, or give "
            "`--space name=1e-5..1e-1:log` for each",
        ),
        (
            "def train(data, model): return 1",
            HEAD,
            "`{file}:train` takes `data`, `model`, and the search has `x`, `kind`: let it take one dictionary, as "
            "`train(config)`, or each of them by name",
        ),
        (
            "1 / 0\ndef train(x): return 1",
            HEAD,
            "`{file}` cannot be imported: line 3: ZeroDivisionError: division by zero; mend that first",
        ),
        (
            "import absent_package",
            HEAD,
            "`{file}` cannot be imported: line 3: ModuleNotFoundError: No module named 'absent_package'; mend that first",
        ),
        (
            "def train(x, kind): return 1",
            HEAD.replace("loss", "thing"),
            "whether `thing` is better the higher or the lower cannot be told from its name: say `--direction maximize` or "
            "`--direction minimize`",
        ),
        (
            "DIRECTION = 'maximize'\ndef train(x, kind): return 1",
            HEAD,
            "`loss` is better the lower, and `--direction maximize` is the wrong way round: leave it out, or name another "
            "`--metric`",
        ),
    ],
)
def test_a_file_that_cannot_be_tuned_gets_a_sentence(text, head, sentence, tmp_path):
    with pytest.raises(RefkitError) as caught:
        subject_of(tmp_path, text, head)
    from refkit.loading.location import show

    assert str(caught.value) == sentence.format(file=show(tmp_path / "mine.py"))
