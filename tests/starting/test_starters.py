"""Written starters: the reference's own text, short, and run as they are."""

import ast
import os
import re
import subprocess
import sys

import pytest

import refkit
from refkit.edits.catalogue import edited_source, parse_options
from refkit.starting.definitions import text_of
from refkit.starting.training_text import MODELS
from tests.references.shapes import agrees, read_lines, watch
from tests.references.test_shapes import import_file
from tests.starting import made

KINDS = [*made.KINDS]
OWN = {  # definitions that a starter has from its reference, word for word
    "mlp": ("make_optimizer", "batches"),
    "lenet": ("make_optimizer", "batches"),
    "lstm": ("LSTMCell", "make_optimizer"),
    "multimodal": ("LSTMCell", "make_optimizer", "train_step", "batches", "accuracy"),
}
SHAPES = re.compile(r"\w+\[[^\]]*\]")


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def starter(request, tmp_path):
    return made.start(request.param(tmp_path), tmp_path, **made.KINDS[request.param][1]), made.KINDS[request.param][0]


def without_shapes(text: str) -> str:
    return re.sub(r"\b(labels|targets)\b", "told", SHAPES.sub("", text))


def test_it_fits_is_short_and_runs(starter):
    (file, begun), spec = starter
    assert begun.plan.spec == spec
    assert len(begun.text.splitlines()) < 200 and max(map(len, begun.text.splitlines())) <= 120
    told = [node.module for node in ast.walk(ast.parse(begun.text)) if isinstance(node, ast.ImportFrom)]
    assert "refkit" not in {module.partition(".")[0] for module in told}
    printed = made.run(file, "--epochs", "2")
    assert re.search(
        r"^epoch 2: loss \d+\.\d+\n(accuracy|RMSE) on \d+ test examples: [\d., ]+\nbaseline, .+: [\d., ]+$",
        printed,
        re.M,
    )


def test_the_rest_is_the_reference_s_own(starter):
    (_, begun), spec = starter
    reference = begun.plan.reference
    own = edited_source(*parse_options(spec))
    names = [name for name in OWN[reference] if not (name == "batches" and begun.plan.lengths == "true")]
    for name in ("loss_fn", *names):
        assert without_shapes(text_of(begun.text, name)) == without_shapes(text_of(own, name)), name
    model = [
        without_shapes(text_of(text, MODELS[reference])).partition('"""')[2].partition('"""')[2]
        for text in (begun.text, own)
    ]
    assert model[0] == model[1]


def test_shape_comments_are_true(starter):
    (file, begun), _ = starter
    module, lines = import_file(file), read_lines(file)
    test = module.load_data(module.DATA)[1]
    rows = [array[:3] for array in test]
    first = rows[0].astype("int32" if begun.plan.lengths == "ids" else "float32")
    prepared = [module.jnp.asarray(array) for array in (first, *rows[1:])]
    model = getattr(module, MODELS[begun.plan.reference])(module.Config(), module.nnx.Rngs(0))
    seen = list(watch(file, lines, lambda: module.loss_fn(model, *prepared)))
    assert len(seen) > 4 and [value for value in seen if not agrees(value, lines[value.line], {"batch": 3})] == []


@pytest.mark.parametrize(
    "kind", [made.csv_of_words, made.pictures, made.sequences, made.pictures_and_words], ids=lambda k: k.__name__
)
def test_it_compares_as_the_same(kind, tmp_path):
    spec, options = made.KINDS[kind]
    file, _ = made.start(kind(tmp_path), tmp_path, **options)
    report = refkit.compare(str(file), spec, until="gradients")
    assert report.verdict == "same", report.findings


def test_a_change_of_the_model_is_no_longer_the_same(tmp_path):
    file, begun = made.start(made.csv_of_words(tmp_path), tmp_path)
    file.write_text(begun.text.replace("        x = activation(x)  # f32[batch, 64]\n", ""), encoding="utf-8")
    assert refkit.compare(str(file), begun.plan.spec, until="forward").verdict == "different"


def test_it_runs_where_no_refkit_is(tmp_path):
    file, _ = made.start(made.one_hot_rows(tmp_path), tmp_path)
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-I", "my_model.py", "--epochs", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and "accuracy on 12 test examples" in done.stdout, done.stderr


def test_it_learns_and_normalises_by_the_training_examples_alone(tmp_path):
    file, _ = made.start(made.csv_of_words(tmp_path), tmp_path)
    module = import_file(file)
    (x, labels), (test_x, test_labels) = module.load_data(module.DATA)
    scaled = module.preprocess(x, x)
    assert (
        abs(scaled.mean(axis=0)).max() < 1e-5 and sorted(set(labels)) == [0, 1, 2] and len(x) + len(test_x) == made.ROWS
    )
    assert (module.preprocess(test_x, x) != module.preprocess(test_x, test_x)).any()
    printed = made.run(file)
    assert float(re.search(r"accuracy .*: ([\d.]+)$", printed, re.M)[1]) > 0.9


def test_padding_counts_in_no_mean_and_no_state(tmp_path):
    file, begun = made.start(made.sequences(tmp_path), tmp_path)
    module = import_file(file)
    (x, lengths, _), _ = module.load_data(module.DATA)
    scaled = module.preprocess(x, x)
    real = module.np.arange(7) < lengths[:, None]
    assert abs(scaled[real].mean(axis=0)).max() < 1e-5 and (scaled[~real] == 0).all()


def test_its_text_is_the_same_each_time(tmp_path):
    data = made.csv_of_texts(tmp_path)
    assert made.start(data, tmp_path)[1].text == made.start(data, tmp_path)[1].text
