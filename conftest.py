"""Settings that must stand before jax is imported, and what tests leave behind."""

import gc
import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")


@pytest.fixture(autouse=True, scope="module")
def compiled_programs_are_forgotten():
    """What one file's tests have traced and compiled is of no use to the next, and would add up to gigabytes."""
    yield
    import jax

    jax.clear_caches()
    gc.collect()
