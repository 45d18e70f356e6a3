"""What the command sets for its own process."""

import os

import pytest

from refkit import process


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """An environment of one's own, with a cache folder in it."""
    values = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    monkeypatch.setattr(os, "environ", values)
    return values


def test_cpu_and_a_cache_of_its_own(environment, tmp_path):
    process.prepare()
    assert environment["JAX_PLATFORMS"] == "cpu"
    assert environment["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "cache" / "refkit" / "jax")
    assert (tmp_path / "cache" / "refkit" / "jax").is_dir()


def test_what_the_user_has_set_stays(environment, tmp_path):
    environment |= {"JAX_PLATFORMS": "cuda", "JAX_COMPILATION_CACHE_DIR": "elsewhere"}
    process.prepare()
    assert environment["JAX_PLATFORMS"] == "cuda"
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "elsewhere"
    assert not (tmp_path / "cache").exists()


def test_a_cache_folder_that_cannot_be_made_is_done_without(environment, tmp_path):
    (tmp_path / "cache").write_text("a file")
    process.prepare()
    assert "JAX_COMPILATION_CACHE_DIR" not in environment
