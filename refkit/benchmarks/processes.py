"""A command as a whole process: wall time and peak memory."""

import dataclasses
import os
import subprocess
import sys
import tempfile
import time


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one process took.

    Args:
        seconds: wall time.
        megabytes: peak resident memory.
    """

    seconds: float
    megabytes: float


def run_python(arguments: list[str], cache: str, accepted: tuple[int, ...] = (0,)) -> Cost:
    """Run Python with `arguments` and JAX's compilation cache in the folder `cache`.

    Raises:
        RuntimeError: another exit status than those accepted.
    """
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            errors.seek(0)
            raise RuntimeError(
                f"`{' '.join(arguments)}` exited with {process.returncode}: {errors.read().decode()[-600:]}"
            )
    return Cost(seconds, usage.ru_maxrss / 1024)
