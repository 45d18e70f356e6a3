"""A limit on how long the code of a TARGET may run."""

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

REPEAT_S = 0.5
PATIENT_RAISES = 3
URGENT_REPEAT_S = 5e-5
URGENT_SPIN_S = 1e-4


class OutOfTime(BaseException):
    """Raised inside code that runs over its limit; no `except Exception` holds it back."""


@contextlib.contextmanager
def time_limit(seconds: float, may_interrupt: Callable[[FrameType], bool]) -> Iterator[None]:
    """Raises `OutOfTime` in the block once it has run for `seconds`, and again if that is swallowed.

    In the main thread a timer signal interrupts even a sleep; elsewhere, only code that runs Python steps is reached.

    Args:
        seconds: the limit.
        may_interrupt: whether the code that runs in a frame may be interrupted just there.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(seconds, may_interrupt):
            yield
    else:
        with _asynchronous(seconds, may_interrupt):
            yield


@contextlib.contextmanager
def _alarm(seconds: float, may_interrupt: Callable[[FrameType], bool]) -> Iterator[None]:
    raised = 0

    def interrupt(number, frame):
        nonlocal raised
        if not may_interrupt(frame):
            return
        raised += 1
        if raised > PATIENT_RAISES:
            # The program swallows it: have the next signal wait already, so that it strikes in the swallowing handler.
            signal.setitimer(signal.ITIMER_REAL, URGENT_REPEAT_S, URGENT_REPEAT_S)
            until = time.perf_counter() + URGENT_SPIN_S
            while time.perf_counter() < until:
                pass
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
def _asynchronous(seconds: float, may_interrupt: Callable[[FrameType], bool]) -> Iterator[None]:
    thread, finished, lock = threading.get_ident(), threading.Event(), threading.Lock()

    def interrupt():
        wait, raised = seconds, 0
        while not finished.wait(wait):
            with lock:
                frame = sys._current_frames().get(thread)
                if not finished.is_set() and frame is not None and may_interrupt(frame):
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))
                    raised += 1
            wait = REPEAT_S if raised <= PATIENT_RAISES else URGENT_REPEAT_S

    threading.Thread(target=interrupt, daemon=True, name="refkit time limit").start()
    try:
        yield
    finally:
        with lock:
            finished.set()
