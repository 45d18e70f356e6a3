"""Settings that must stand before jax is imported."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
