"""A program is compiled once for each kind of arguments, and runs as JAX would run it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refkit.subjects import compiling
from refkit.subjects.compiling import Compiled


@pytest.fixture
def given_back(monkeypatch):
    calls = []
    monkeypatch.setattr(compiling, "give_back", lambda: calls.append(None))
    return calls


def test_each_kind_of_arguments_is_compiled_once(given_back):
    traced = []

    def step(state, batch):
        traced.append(batch["x"].shape)
        return {"sum": state["sum"] + batch["x"].sum()}, state["sum"]

    compiled, state = Compiled(step), {"sum": jnp.zeros(())}
    for length in (3, 3, 2, 3, 2):
        state, before = compiled(state, {"x": np.ones(length, np.float32)})
    assert state["sum"] == 13 and before == 11
    assert traced == [(3,), (2,)] and len(given_back) == 2


def test_arguments_of_another_type_are_another_kind():
    double = Compiled(lambda x: x * 2)
    assert double(jnp.ones(2, jnp.int32)).dtype == jnp.int32
    assert double(jnp.ones(2, jnp.float32)).dtype == jnp.float32
    assert double(1.5) == 3.0 and double(jnp.float32(1.5)) == 3.0


def test_arguments_are_given_away_where_that_is_asked_for():
    step = Compiled(lambda state: state + 1, donate_argnums=0)
    first = jnp.zeros(1000)
    assert float(step(first)[0]) == 1 and first.is_deleted()


def test_memory_can_be_given_back_anywhere(monkeypatch):
    compiling.give_back()
    monkeypatch.setattr(compiling.sys, "platform", "win32")
    monkeypatch.setattr(compiling.ctypes, "CDLL", None)
    compiling.give_back()
    assert jax.jit(lambda x: x + 1)(1) == 2
