"""Statements are run by need, once, as they would see each other in the file's order."""

import inspect
import linecache
import threading

import jax
import jax.numpy as jnp
import pytest

from refkit.errors import RefkitError
from refkit.loading import Unavailable, load, user_line
from refkit.loading.discovery import find_part, the_model


def test_nothing_is_run_that_nothing_needs(program):
    program("""
        ran = []
        a = ran.append("a")
        b = ran.append("b")
        def f(): return a
    """)
    loaded = load("program.py")
    assert loaded.dropped == [(1, "nothing needs it"), (2, "nothing needs it"), (3, "nothing needs it")]
    assert loaded.module.f() is None
    assert loaded.module.ran == ["a"]
    assert loaded.dropped == [(3, "nothing needs it")]


def test_what_was_left_out_is_said_with_its_reason(program):
    program("""
        import os, sys, random, jax, numpy as np
        import matplotlib.pyplot as plt
        print("hello")
        np.random.seed(0)
        jax.config.update("jax_enable_x64", True)
        os.environ["A"] = "b"
        plt.plot([1])
        np.save("x.npy", 1)
        os.system("ls")
        while True: pass
        sys.exit()
        if __name__ == "__main__":
            print()
        history = train(3)
        assert history
    """)
    assert [reason for _, reason in load("program.py").dropped] == [
        "prints",
        "seeds a generator",
        "changes settings",
        "changes settings",
        "plots",
        "writes files",
        "runs another program",
        "loops",
        "ends the program",
        "runs only as a script",
        "trains or evaluates",
        "nothing needs it",
    ]


def test_functions_see_the_last_value_and_statements_the_one_before_them(program):
    program("""
        n = 1
        first = n
        n = 2
        second = n
        def read(): return n
        third = read()
        n += 1
    """)
    module = load("program.py").module
    assert (module.second, module.first, module.third, module.read(), module.n) == (2, 1, 2, 3, 3)
    module = load("program.py").module
    assert (module.read(), module.third, module.first, module.n, module.second) == (3, 2, 1, 3, 2)


def test_keys_are_split_in_order(program):
    program("""
        import jax
        key = jax.random.key(0)
        key, a = jax.random.split(key)
        key, b = jax.random.split(key)
    """)
    key = jax.random.key(0)
    key, a = jax.random.split(key)
    key, b = jax.random.split(key)
    module = load("program.py").module
    assert (module.b == b).all() and (module.a == a).all() and (module.key == key).all()


def test_lists_and_configurations_are_filled(program):
    program("""
        import types
        sizes = [1]
        sizes.append(2)
        sizes.extend([3])
        for n in range(4, 6):
            sizes.append(n)
        config = types.SimpleNamespace()
        config.width = 8
        config.depth = len(sizes)
        table = {}
        table["a"] = 1
        table.update(b=2)
        total = 0
        for size in sizes:
            total += size
        if total > 3:
            big = True
        else:
            big = False
    """)
    module = load("program.py").module
    assert module.sizes == [1, 2, 3, 4, 5] and module.table == {"a": 1, "b": 2} and module.big and module.total == 15
    assert (module.config.width, module.config.depth) == (8, 5)


def test_training_that_rebinds_a_name_leaves_its_first_value(program):
    program("""
        def make(): return {"w": 1}
        def train_step(p): raise RuntimeError
        params = make()
        for epoch in range(3):
            params = train_step(params)
            print(params)
        def predict(x): return params["w"] * x
    """)
    assert load("program.py").module.predict(3) == 3


def test_a_statement_that_fails_leaves_the_value_before_it_and_says_so(program):
    program("""
        width = 3
        width = int(open("nowhere.txt").read())
        def f(): return width
    """)
    loaded = load("program.py")
    assert loaded.module.f() == 3
    assert loaded.notes == [
        '`width` is the one of line 1, since line 2 (`width = int(open("nowhere.txt").read())`) raised '
        "FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.txt'"
    ]


def test_a_branch_runs_without_its_refused_parts(program):
    program("""
        import tensorflow_datasets as tfds
        name = "mnist"
        if name == "mnist":
            data = tfds.load(name)
            classes = 10
        else:
            classes = 2
        try:
            import nothing_of_the_kind
            there = True
        except ImportError:
            there = False
        with open("program.py") as file:
            first = file.readline()
    """)
    loaded = load("program.py")
    assert (loaded.module.classes, loaded.module.there) == (10, False)
    assert loaded.module.first == "import tensorflow_datasets as tfds\n"
    assert loaded.stubs == []
    with pytest.raises(AttributeError):
        assert loaded.module.nothing_at_all
    with pytest.raises(Unavailable, match="no statement that was run gives it a value"):
        assert loaded.module.data


def test_lines_and_files_are_the_users(program, tmp_path):
    program("""
        import jax

        print("one")
        raised = 1 / 0

        @jax.jit
        def f(x):
            y = x + 1
            raise ValueError("inside")
    """)
    loaded = load("program.py")
    path = str(tmp_path / "program.py")
    assert loaded.file == path and loaded.shown == "program.py"
    with pytest.raises(ValueError) as raised:
        loaded.module.f(1.0)
    assert user_line(raised.value, loaded.files) == (path, 9)
    assert loaded.module.f.__wrapped__.__code__.co_filename == path
    assert linecache.getline(path, 9).strip() == 'raise ValueError("inside")'
    assert "raise ValueError" in inspect.getsource(loaded.module.f.__wrapped__)
    assert loaded.source.splitlines()[3] == "raised = 1 / 0"


def test_traced_equations_carry_the_users_lines(program, tmp_path):
    program("""
        import jax.numpy as jnp
        scale = jnp.arange(3.0)
        def f(x):
            y = x * scale
            return jnp.sin(y)
    """)
    f = load("program.py").module.f
    lines = []
    for equation in jax.make_jaxpr(f)(jnp.ones(3)).eqns:
        frames = [
            frame for frame in equation.source_info.traceback.frames if frame.file_name == str(tmp_path / "program.py")
        ]
        lines.append(frames[0].line_num)
    assert lines == [4, 5]


def test_what_is_first_needed_inside_a_trace_is_no_tracer(program):
    program("""
        import jax, jax.numpy as jnp
        from flax import nnx
        table = jnp.arange(4.0)
        key = jax.random.key(0)
        model = nnx.Linear(4, 2, rngs=nnx.Rngs(0))
        @jax.jit
        def f(x):
            return x * table + jax.random.normal(key, (4,))
        @nnx.jit
        def g(x):
            return model(x)
    """)
    module = load("program.py").module
    jax.make_jaxpr(module.f.__wrapped__)(jnp.ones(4))
    assert not isinstance(module.table, jax.core.Tracer)
    assert module.f(jnp.ones(4)).shape == (4,)
    module = load("program.py").module
    assert jax.jit(lambda x: module.model(x))(jnp.ones((3, 4))).shape == (3, 2)
    assert jax.grad(lambda x: module.model(x).sum())(jnp.ones((3, 4))).shape == (3, 4)
    assert load("program.py").module.g(jnp.ones((3, 4))).shape == (3, 2)


def test_two_targets_with_neighbours_of_one_name_stay_apart(program):
    for folder, width in (("a", 3), ("b", 5)):
        program(
            "import model\nfrom model import W\ndef f():\n    import model as again\n    return W, model.W, again.W\n",
            f"{folder}/net.py",
        )
        program(f"W = {width}\n", f"{folder}/model.py")
    first, second = load("a/net.py"), load("b/net.py")
    assert (first.module.f(), second.module.f(), first.module.f()) == ((3, 3, 3), (5, 5, 5), (3, 3, 3))
    with first.active(), second.active():
        assert second.module.f() == (5, 5, 5)


def test_the_same_target_twice(program):
    program("from absl import flags\nflags.DEFINE_integer('n', 3, '')\nFLAGS = flags.FLAGS\ndef f(): return FLAGS.n\n")
    first, second = load("program.py"), load("program.py")
    first.module.FLAGS.n = 4
    assert (first.module.f(), second.module.f()) == (4, 3)


def test_modules_are_importable_only_while_active(program):
    import sys

    program("class A: pass\n", "only_here.py")
    loaded = load("only_here.py")
    assert "only_here" not in sys.modules
    with loaded.active():
        assert sys.modules["only_here"] is loaded.module
    assert "only_here" not in sys.modules


def test_a_target_named_like_a_module_that_is_there(program):
    import sys

    program("import random\nimport jax\ndef f(): return random.random, jax.jit\n", "random.py")
    there = sys.modules["random"]
    loaded = load("random.py")
    assert loaded.module.f() == (there.random, jax.jit)
    with loaded.active():
        assert sys.modules["random"] is there


def test_a_module_by_its_dotted_name(program, monkeypatch):
    program(
        "W = 2\ndef init(key): return W\ndef apply(params, x): return x\n", "pack/age/net.py", {"pack/__init__.py": ""}
    )
    loaded = load("pack.age.net:init/apply")
    assert loaded.shown == "pack/age/net.py" and loaded.name == "init/apply"
    assert the_model(loaded).name == "init/apply"


def test_dataclasses_with_postponed_annotations(program):
    program("""
        from __future__ import annotations
        import dataclasses, typing
        from typing import ClassVar, NamedTuple
        import flax.linen as nn
        from flax import struct
        @dataclasses.dataclass
        class Config:
            kind: ClassVar[str] = "a"
            width: int = 3
            extra: Missing = None
        class Params(NamedTuple):
            w: int
        @struct.dataclass
        class State:
            step: int
        class Net(nn.Module):
            config: Config = dataclasses.field(default_factory=Config)
            @nn.compact
            def __call__(self, x): return nn.Dense(self.config.width)(x)
    """)
    loaded = load("program.py")
    assert loaded.module.Params(1).w == 1 and loaded.module.State(step=2).step == 2
    model = loaded.module.Net()
    assert model.apply(model.init(jax.random.key(0), jnp.ones((1, 2))), jnp.ones((1, 2))).shape == (1, 3)
    assert [field.name for field in __import__("dataclasses").fields(loaded.module.Config)] == ["width", "extra"]


def test_loading_in_another_thread(program):
    program("import flax.linen as nn\nclass Net(nn.Module): pass\n")
    found = []
    thread = threading.Thread(target=lambda: found.append(the_model(load("program.py")).name))
    thread.start()
    thread.join(60)
    assert found == ["Net"]


def test_files_in_other_encodings(program, tmp_path):
    (tmp_path / "latin.py").write_bytes("# café\nname = 'é'\n".encode("latin-1"))
    (tmp_path / "declared.py").write_bytes("# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"))
    (tmp_path / "marked.py").write_bytes("name = 'é'\n".encode("utf-8-sig"))
    (tmp_path / "wide.py").write_bytes("name = 'é'\n".encode("utf-16"))
    program("")
    assert [load(f"{stem}.py").module.name for stem in ("latin", "declared", "marked", "wide")] == ["é"] * 4
    assert load("latin.py").notes == [
        "`latin.py` is not UTF-8 and was read as Latin-1: save it as UTF-8 for Python to run it"
    ]
    assert load("declared.py").notes == []


def test_commands_of_notebooks_are_told(program):
    program("!pip install x\nimport jax\n%matplotlib inline\ndef f():\n    !ls\n    return 1\n")
    loaded = load("program.py")
    assert loaded.module.f() == 1
    assert loaded.notes == ["3 notebook command(s) (`!pip …`, `%matplotlib …`) in `program.py` were left out"]


def test_a_run_over_the_limit_after_loading(program):
    program("def find():\n    while True: pass\ndef f(): return N\nN = find()\n")
    loaded = load("program.py", limit_s=1)
    with pytest.raises(RefkitError, match="took longer than 1 s"):
        loaded.module.f()


def test_get_runs_what_its_functions_read(program):
    program("""
        import jax.numpy as jnp
        table = jnp.arange(3)
        class nets:
            @staticmethod
            def small(x): return x
        def f(x): return x + table
    """)
    loaded = load("program.py")
    loaded.get("f")
    assert "table" in vars(loaded.module)
    assert loaded.get("nets.small")(3) == 3
    with pytest.raises(RefkitError, match="has no `nope`: it has `nets`, `f`"):
        loaded.get("nope")
    assert loaded.has("table") and not loaded.has("nope")


def test_parts_that_cannot_be_had_are_notes(program):
    program("""
        import optax
        from flax import nnx
        class Net(nnx.Module):
            def __init__(self, rngs): self.layer = nnx.Linear(2, 2, rngs=rngs)
        model = Net(nnx.Rngs(0))
        optimizer = nnx.Optimizer(model, optax.adam(1e-3))
    """)
    loaded = load("program.py")
    assert find_part(loaded, "optimizer") is None
    (note,) = loaded.notes
    assert note.startswith("`optimizer` of `program.py` could not be had: line 6")
    assert "write `nnx.Optimizer(model, tx, wrt=nnx.Param)`" in note


def test_what_needs_each_other_is_had_in_the_end(program):
    program(
        """
        from __future__ import annotations
        from other import Other
        class Shape:
            kind: Square = None
            def make(self) -> Square: return Square()
        class Square(Shape):
            pass
        class Last(Other): pass
        """,
        neighbours={"other.py": "import program\nfrom program import Shape\nclass Other(Shape): pass\n"},
    )
    module = load("program.py").module
    assert module.Square.__base__ is module.Shape and module.Last.__mro__[2] is module.Shape


def test_a_target_among_installed_packages():
    import flax
    import hypothesis.internal.conjecture.shrinking.integer as integer

    loaded = load(f"{flax.__path__[0]}/linen/linear.py:Dense")
    assert loaded.module.Dense is not flax.linen.Dense and the_model(loaded).kind == "linen"
    assert load(f"{integer.__file__}:Integer").module.Integer is not integer.Integer
    assert load("flax.linen.linear:Dense").file == loaded.file
