"""What the command sets for its own process before jax is imported."""

import os
from pathlib import Path


def prepare() -> None:
    """Use the CPU, and keep compiled programs under the user's cache directory; what the user has set stays.

    The programs compared are small: most of a run is compilation, and an accelerator would only round differently.
    """
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # the probes' matrices are small: threads only wait for one another
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    folder = cache_folder() / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/refkit`, or `~/.cache/refkit`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "refkit"
