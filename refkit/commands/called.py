"""How the next command is called, in the way in which this one was."""

import click


def command_line(name: str) -> str:
    """`refkit NAME` for whoever called `refkit`, `python scripts/NAME.py` for whoever called a script.

    Args:
        name: of a command, such as `improve`.
    """
    called = click.get_current_context().find_root().info_name
    return f"refkit {name}" if called == "refkit" else f"python scripts/{name}.py"
