"""Writes programs into a temporary folder, and holds loading to leaving no trace."""

import os
import random
import signal
import sys
import textwrap

import numpy as np
import pytest


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Writes one program, and its neighbours by `neighbours={path: text}`; gives its file's name."""
    monkeypatch.chdir(tmp_path)

    def write_program(text, name="program.py", neighbours=None):
        for path, content in {name: text, **(neighbours or {})}.items():
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")
        return name

    return write_program


@pytest.fixture(autouse=True)
def no_trace(tmp_path, request):
    """Whatever was loaded, this process and the program's folder are as they were."""
    import jax

    def state():
        return {
            "own modules": {name for name, module in sys.modules.items() if type(module).__name__ == "UserModule"},
            "sys.path": list(sys.path),
            "sys.argv": list(sys.argv),
            "environment": dict(os.environ),
            "streams": (sys.stdout, sys.stderr, sys.stdin),
            "jax": {k: v for k, v in jax.config.values.items() if isinstance(v, (bool, int, str))},
            "random": random.getstate(),
            "numpy": np.random.get_state()[1].tolist(),
            "bytecode": sys.dont_write_bytecode,
            "open": (open, os.mkdir, os.system),
            "alarm": (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[1]),
            "recursion": sys.getrecursionlimit(),
        }

    def contents():
        return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}

    before = state()
    yield contents
    environment = {"PYTEST_CURRENT_TEST"}
    after = state()
    for kept in (before, after):
        kept["environment"] = {name: value for name, value in kept["environment"].items() if name not in environment}
    assert after == before
    assert not any("__pycache__" in path for path in contents())
