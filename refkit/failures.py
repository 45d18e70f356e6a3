"""How a command fails: one sentence on standard error and an exit status, never a bare traceback."""

import os
import re
import sys
import traceback
from typing import Any, NoReturn

import click

from refkit.errors import RefkitError


class OneSentence(click.Command):
    """A command whose every failure is one sentence on standard error and an exit status."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")
        try:
            status = super().main(*args, standalone_mode=False, **extra)
        except click.Abort:
            leave("interrupted", 130)
        except click.UsageError as error:
            leave(f"error: {usage_sentence(error)}", 2)
        except Exception as error:
            leave(f"error: {sentence_for(error)}", 2)
        sys.exit(status)


class Commands(OneSentence, click.Group):
    """The console command `refkit`."""


def leave(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)


def usage_sentence(error: click.UsageError) -> str:
    """Click's words in refkit's style."""
    words = re.sub(r"'([^']*)'", r"`\1`", error.format_message()).rstrip(".")
    return f"{words[:1].lower()}{words[1:]} (`--help` shows how it is called)"


def sentence_for(error: BaseException) -> str:
    """What to say of an error: its own sentence, or that refkit did not foresee it."""
    if isinstance(error, RefkitError):
        return str(error)
    if os.environ.get("REFKIT_TRACEBACK"):
        traceback.print_exception(error)
    message = " ".join(str(error).split())
    return (
        f"refkit itself failed, through no fault of your file: `{type(error).__name__}: {message[:300]}`; "
        "run it again with REFKIT_TRACEBACK=1 and report the traceback"
    )
