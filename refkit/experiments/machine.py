"""What a result was made with: versions, device, commit."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scikit-learn")
WRITTEN = (":(exclude)refkit/results/*.json", ":(exclude)refkit/references")
ROOT = Path(__file__).parents[2]


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide numbers."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}


def device() -> str:
    """`cpu, 2 cores, x86_64` or the accelerator's own name."""
    first = jax.devices()[0]
    if first.platform == "cpu":
        return (
            f"cpu, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores, "
            + (platform.machine())
        )
    return first.device_kind


def commit() -> str:
    """Of refkit's checkout, with `+` where its code is changed; the version where there is no checkout.

    Results and the references' docstrings are written by reproduce itself; a reference's code is in the fingerprint.
    """
    try:
        head = git("rev-parse", "--short=7", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "refkit", "baselines", *WRITTEN)
        return head + "+" * bool(changed)
    except (OSError, subprocess.SubprocessError):
        return importlib.metadata.version("refkit")


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
