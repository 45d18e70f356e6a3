"""What a TARGET does while it is loaded reaches neither this process nor anything outside it."""

import os
import sys

import jax
import numpy as np
import pytest

from refkit.loading import Unavailable, load
from refkit.loading.isolation import _may_write

DOES = {
    "prints": "print('hello'); import sys; sys.stderr.write('x')",
    "logs": "import logging; logging.basicConfig(level=0); logging.error('x')",
    "warns": "import warnings; warnings.simplefilter('error'); warnings.warn('x') if False else None",
    "seeds": "import random, numpy; random.seed(3); numpy.random.seed(4)",
    "chdir": "import os; os.chdir('/')",
    "environment": "import os; os.environ['JAX_DEBUG_NANS'] = '1'; os.environ.pop('PATH')",
    "path": "import sys; sys.path.insert(0, '/nowhere'); sys.argv.append('x'); sys.setrecursionlimit(9000)",
    "x64": "import jax; jax.config.update('jax_enable_x64', True)",
    "promotion": "import jax; jax.config.update('jax_numpy_rank_promotion', 'raise')",
    "numpy": "import numpy; numpy.seterr(all='raise'); numpy.set_printoptions(precision=1)",
    "modules": "import model; import pkg.sub; from pkg import sub as other",
}
REFUSED = {
    "open": "open('out.txt', 'w')",
    "append": "open('out.txt', mode='a')",
    "pathlib": "__import__('pathlib').Path('out.txt').write_text('x')",
    "numpy": "__import__('numpy').save('out.npy', 1)",
    "mkdir": "__import__('os').makedirs('logs/run')",
    "remove": "__import__('os').remove('program.py')",
    "rename": "__import__('os').rename('program.py', 'x.py')",
    "shutil": "__import__('shutil').copy('program.py', 'x.py')",
    "network": "__import__('socket').create_connection(('localhost', 80))",
    "socket": "__import__('socket').socket().connect(('127.0.0.1', 80))",
    "url": "__import__('http.client', fromlist=['x']).HTTPConnection('localhost', 80).request('GET', '/')",
    "program": "__import__('subprocess').Popen(['ls'])",
    "shell": "__import__('os').popen('ls')",
    "hard_exit": "__import__('os')._exit(3)",
    "exit": "exit(3)",
    "sys_exit": "__import__('sys').exit(3)",
    "stdin": "__import__('sys').stdin.readline().strip() or 1 / 0",
    "input": "input()",
    "raise": "(_ for _ in ()).throw(KeyError('x'))",
    "generator_exit": "(_ for _ in ()).throw(GeneratorExit)",
    "recursion": "(lambda f: f(f))(lambda f: f(f))",
}


@pytest.mark.parametrize("id", DOES)
def test_it_changes_nothing_here(id, program, capfd):
    before = dict(jax.config.values), os.getcwd(), np.geterr(), np.get_printoptions(), dict(os.environ), list(sys.path)
    program(
        f"def act():\n    {DOES[id]}\n    return 1\nN = act()\n",
        neighbours={"model.py": "A = 1", "pkg/__init__.py": "", "pkg/sub.py": ""},
    )
    assert load("program.py").module.N == 1
    after = dict(jax.config.values), os.getcwd(), np.geterr(), np.get_printoptions(), dict(os.environ), list(sys.path)
    assert after == before
    assert tuple(capfd.readouterr()) == ("", "")
    assert not {"model", "pkg", "pkg.sub"} & set(sys.modules)


@pytest.mark.parametrize("id", REFUSED)
def test_it_is_refused_or_held(id, program, no_trace):
    program(f"def act():\n    return {REFUSED[id]}\nN = act()\ndef f(): return N\n")
    before = no_trace()
    with pytest.raises(Unavailable):
        load("program.py").module.f()
    assert no_trace() == before


def test_functions_run_while_active_are_isolated_too(program, no_trace, capfd):
    program("""
        import os, numpy as np
        def train():
            print("training")
            os.environ["WHO"] = "me"
            with open("checkpoint.txt", "w") as file:
                file.write("x")
    """)
    before = no_trace()
    loaded = load("program.py")
    with pytest.raises(OSError, match="writing `checkpoint.txt` is refused"), loaded.active():
        loaded.module.train()
    assert no_trace() == before and "WHO" not in os.environ
    assert tuple(capfd.readouterr()) == ("", "")


def test_draws_go_on_from_one_call_to_the_next_while_active(program):
    program("import numpy as np\ndef draw(): return np.random.rand()\n")
    loaded = load("program.py")
    state = np.random.get_state()
    draws = []
    for _ in range(2):
        with loaded.active():
            draws.append(loaded.module.draw())
    np.random.set_state(state)
    assert draws[0] != draws[1]


def test_libraries_may_still_write_into_temporary_folders(program, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.npy"
    program(f"import numpy as np\ndef act():\n    np.save({str(elsewhere)!r}, 1)\n    return 1\nN = act()\n")
    assert load("program.py").module.N == 1 and elsewhere.exists()
    with pytest.raises(Unavailable):
        program(f"N = open({str(elsewhere)!r}, 'w')\n")
        assert load("program.py").module.N


def test_files_are_read(program):
    program("N = len(open('data.txt').read()) + len(open('data.txt', 'rb').read())\n", neighbours={"data.txt": "abc"})
    assert load("program.py").module.N == 6


def test_caches_in_the_home_folder_are_writable_for_a_program_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, cache = str(tmp_path / "program.py"), tmp_path / ".cache"
    assert _may_write(cache / "jax" / "entry", program, [cache])
    assert not _may_write(tmp_path / "notes.txt", program, [cache])
    assert not _may_write(tmp_path / "notes.txt", program, [cache, tmp_path])
    assert not _may_write(tmp_path.parent / "other.txt", program, [cache])
