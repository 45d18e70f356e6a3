"""What is said where a TARGET cannot be loaded: one sentence, with what was tried and what to do."""

import os
import time

import pytest

from refkit.errors import RefkitError
from refkit.loading import load
from refkit.loading.discovery import the_model

NET = """
import flax.linen as nn
class Net(nn.Module):
    @nn.compact
    def __call__(self, x): return nn.Dense(2)(x)
"""


def message(spec, **options):
    with pytest.raises(RefkitError) as raised:
        the_model(load(spec, **options))
    said = str(raised.value)
    assert "\n" not in said and not said[:1].isupper() and "Traceback" not in said
    return said


def test_no_such_file_suggests_near_names(program):
    program(NET, "my_lenet.py")
    assert message("my_lenot.py") == "there is no file `my_lenot.py`: did you mean `my_lenet.py`?"


def test_no_such_file_lists_what_is_there(program):
    program(NET, "net.py")
    assert message("something_else_entirely.py") == "there is no file `something_else_entirely.py`: `.` holds `net.py`"


def test_no_such_folder(program):
    program(NET)
    assert message("nowhere/net.py") == "there is no file `nowhere/net.py`: `nowhere` does not exist either"


def test_name_without_its_ending(program):
    program(NET, "lenet.py", {"sub/model.txt": "x"})
    assert the_model(load("lenet")).name == "Net"
    assert message("lenett") == "no file and no module `lenett` was found from here: did you mean `lenet.py`?"


def test_nothing(program):
    program(NET)
    assert message("") == "no TARGET was given: name a file, as in `my_lenet.py` or `my_lenet.py:LeNet`"


def test_a_folder(program):
    program(NET, "src_of_mine/net.py", {"empty/readme.md": ""})
    assert message("src_of_mine") == "`src_of_mine` is a folder: name one of its files (`net.py`)"
    assert message("./empty") == "`./empty` is a folder, and it holds no Python file"


def test_a_notebook(program):
    program("{}", "train.ipynb")
    assert (
        message("train.ipynb")
        == "`train.ipynb` is a notebook: export it first with `jupyter nbconvert --to script train.ipynb`"
    )


def test_not_python(program, tmp_path):
    program("hello", "readme.md")
    assert message("readme.md") == "`readme.md` is not a Python file: name a `.py` file"
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\0\0\1")
    assert message("binary.py") == "`binary.py` is not a Python file (it holds null bytes): name a `.py` file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_an_unreadable_file(program, tmp_path):
    (tmp_path / program(NET)).chmod(0)
    assert message("program.py") == "`program.py` could not be read: check its permissions"


def test_a_syntax_error(program):
    program("import jax\n\ndef f(x:\n    return x\n")
    assert message("program.py") == (
        "`program.py` has a syntax error on line 3, `def f(x:`: '(' was never closed; mend that line first"
    )


def test_python_2(program):
    program('print "hello"\n')
    said = message("program.py")
    assert said.startswith("`program.py` has a syntax error on line 1") and "looks like Python 2" in said


def test_a_merge_conflict(program):
    program("x = 1\n<<<<<<< HEAD\ny = 2\n=======\ny = 3\n>>>>>>> other\n")
    assert message("program.py").endswith("resolve the merge conflict first")


def test_an_indentation_error(program):
    program("def f():\nreturn 1\n")
    assert "syntax error on line 2, `return 1`" in message("program.py")


@pytest.mark.parametrize(
    "text", ["", "\n\n", '"""Only a docstring."""\n', "# only a comment\n", "import jax\n", "print('hi')\n"]
)
def test_a_file_without_a_model(program, text):
    program(text)
    said = message("program.py")
    assert said.startswith("no model was found in `program.py`") and "`flax.nnx.Module`" in said


def test_a_forward_pass_without_parameters(program):
    program("def forward(params, x):\n    return x @ params\n")
    assert "`forward` (line 1) has no function beside it that makes its parameters" in message("program.py")
    assert "name the pair, as in `program.py:init_params/forward`" in message("program.py:forward")


def test_no_such_name(program):
    program(NET)
    assert message("program.py:Nett") == "`program.py` has no `Nett`: did you mean `Net`?"
    assert message("program.py:LeNet5Model") == "`program.py` has no `LeNet5Model`: it has `Net`"
    assert message("program.py:Net.inner").startswith("`program.py` has no `Net.inner`")


def test_no_such_part(program):
    program(NET)
    assert message("program.py", roles={"loss": "lossy"}) == "`program.py` has no `lossy`: it has `Net`"
    assert message("program.py", wanted=("Net", "other")) == "`program.py` has no `other`: it has `Net`"


def test_a_name_that_is_no_model(program):
    program(NET + "WIDTH = 3\n")
    assert message("program.py:WIDTH").startswith("`WIDTH` of `program.py` is a `int`, and not a model: name a class")


def test_several_models(program):
    program(NET + "class Other(nn.Module):\n    pass\n")
    assert message("program.py") == (
        "`program.py` has several models, `Net` (line 2), `Other` (line 5): name one, as in `program.py:Other`"
    )


def test_several_pairs(program):
    program("""
        def mlp_init(key): return {}
        def mlp_apply(params, x): return x
        def init_lstm(key): return {}
        def lstm_forward(params, x): return x
    """)
    assert message("program.py") == (
        "`program.py` has several models, `mlp_init/mlp_apply` (line 2), `init_lstm/lstm_forward` (line 4): "
        "name one, as in `program.py:init_lstm/lstm_forward`"
    )


def test_a_framework_that_is_not_installed(program):
    program("import torch.nn as nn\nclass Net(nn.Module):\n    def forward(self, x): return x\n")
    said = message("program.py")
    assert said.startswith(
        "`Net` of `program.py` (line 2) is a `torch.nn.Module`, which cannot be read yet: write `implementation"
    )


def test_a_class_that_raises(program):
    program("import flax.linen as nn\n\nclass Net(nn.Modul):\n    pass\n")
    assert message("program.py") == (
        "`Net` of `program.py` could not be had: line 3 (`class Net(nn.Modul):`) raised AttributeError: "
        "module 'flax.linen' has no attribute 'Modul'; mend that line, or name another model, as in `program.py:Name`"
    )


def test_a_neighbour_with_a_syntax_error(program):
    program("from layers import Block\nclass Net(Block): pass\n", neighbours={"layers.py": "class Block(:\n"})
    said = message("program.py")
    assert "line 1 (`from layers import Block`)" in said and "`layers.py` has a syntax error on line 1" in said


def test_a_neighbour_that_raises(program):
    program(
        "from layers import Block\nclass Net(Block): pass\n",
        neighbours={"layers.py": "import jax\nclass Block(jax.nope): pass\n"},
    )
    assert "line 2 (`class Block(jax.nope): pass`) raised AttributeError" in message("program.py")


def test_a_neighbour_without_the_name(program):
    program("from layers import Blok\nclass Net(Blok): pass\n", neighbours={"layers.py": "class Block: pass\n"})
    assert "cannot import name 'Blok' from 'layers'" in message("program.py")


def test_an_api_that_has_changed(program):
    program("""
        from flax import nn
        class Net(nn.Module):
            def apply(self, x): return nn.Dense(x, 10)
    """)
    said = message("program.py")
    assert "line 1 (`from flax import nn`)" in said
    assert "is now `flax.linen`" in said


def test_something_needed_that_was_not_run(program):
    program("""
        import tensorflow_datasets as tfds
        import flax.linen as nn
        ds, info = tfds.load("mnist", with_info=True)
        CLASSES = info.features["label"].num_classes
        class Net(nn.Module):
            classes: int = CLASSES
            @nn.compact
            def __call__(self, x): return nn.Dense(self.classes)(x)
    """)
    said = message("program.py")
    assert (
        "needs `CLASSES`" in said
        and 'line 3 (`ds, info = tfds.load("mnist", with_info=True)`) downloads data and was not run' in said
    )


ENDLESS = {
    "loop": "while True:\n    WIDTH = 1\n",
    "wait": "import threading\nWIDTH = threading.Event().wait(100)\n",
    "swallowed": "def find():\n    while True:\n        try: sum(range(1000))\n        except: pass\nWIDTH = find()\n",
    "swallowed_by_recursion": (
        "def find():\n    try:\n        while True: pass\n    except BaseException:\n        return find()\n"
        "WIDTH = find()\n"
    ),
    "swallowed_wait": (
        "import threading\ndef find():\n    while True:\n        try: threading.Event().wait(9)\n        except: pass\n"
        "WIDTH = find()\n"
    ),
    "function": "def find():\n    while True: pass\nWIDTH = find()\n",
}


@pytest.mark.parametrize("id", ENDLESS)
def test_an_endless_import(id, program):
    program(ENDLESS[id] + NET.replace("nn.Module):", "nn.Module):\n    width: int = WIDTH"))
    started = time.monotonic()
    said = message("program.py", limit_s=1)
    assert time.monotonic() - started < 8
    assert "took longer than 1 s at `program.py` line" in said


def test_an_endless_import_outside_the_main_thread(program):
    import threading

    program(ENDLESS["function"] + NET.replace("nn.Module):", "nn.Module):\n    width: int = WIDTH"))
    said = []
    thread = threading.Thread(target=lambda: said.append(message("program.py", limit_s=1)))
    thread.start()
    thread.join(20)
    assert said and "took longer than 1 s" in said[0]
