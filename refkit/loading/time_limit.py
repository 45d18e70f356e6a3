"""A limit on how long the code of a TARGET may run."""

import contextlib
import ctypes
import signal
import threading
import time
from collections.abc import Iterator

REPEAT_S = 0.5


class OutOfTime(BaseException):
    """Raised inside code that runs over its limit; no `except Exception` holds it back."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `OutOfTime` in the block once it has run for `seconds`, and again if that is swallowed.

    In the main thread a timer signal interrupts even a sleep; elsewhere, only code that runs Python steps is reached.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _asynchronous(seconds):
            yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def interrupt(number, frame):
        raise OutOfTime

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, interrupt)
    pending, repeat = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), REPEAT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if pending:
            signal.setitimer(signal.ITIMER_REAL, max(pending - (time.monotonic() - started), 1e-3), repeat)


@contextlib.contextmanager
def _asynchronous(seconds: float) -> Iterator[None]:
    thread, finished, lock = threading.get_ident(), threading.Event(), threading.Lock()

    def interrupt():
        wait = seconds
        while not finished.wait(wait):
            with lock:
                if not finished.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))
            wait = REPEAT_S

    threading.Thread(target=interrupt, daemon=True, name="refkit time limit").start()
    try:
        yield
    finally:
        with lock:
            finished.set()
