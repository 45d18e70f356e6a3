"""`starter`: look at data, say which reference fits, and write that reference for it."""

import os
from pathlib import Path
from typing import Any

import click

from refkit import process
from refkit.edits.catalogue import REFERENCES, edited_source, parse_options
from refkit.errors import RefkitError
from refkit.failures import OneSentence

OUT = "my_model.py"


@click.command(cls=OneSentence)
@click.argument("data")
@click.option("--out", metavar="FILE", help=f"The file to write (default: {OUT}); one that is there is never replaced.")
@click.option("--target", metavar="NAME", help="The column or array to learn.")
@click.option("--inputs", metavar="NAME,…", help="The columns or arrays to learn it from (default: all that can be).")
@click.option("--task", type=click.Choice(["classification", "regression"]), help="Where numbers could be either.")
@click.option(
    "--reference", type=click.Choice(REFERENCES), help="The reference, where arrays could be read in two ways."
)
@click.option(
    "--simplify",
    is_flag=False,
    flag_value="subset",
    type=click.Choice(["subset", "synthetic"]),
    help="A smaller problem first: about 10,000 examples, as many of each class; or a synthetic set of the same shape.",
)
def starter(data: str, out: str | None, **given: Any) -> int:
    """Look at DATA, say which reference fits and why, and write the reference for it: one file that runs by itself.

    DATA is an .npz, a CSV, a folder of pictures by class, or a TFDS set. The name of a reference alone prints that.
    """
    if data.partition(":")[0] in REFERENCES:
        show_reference(data, out, given)
        return 0
    process.prepare()
    from refkit.starting import starting

    file = Path(out or OUT)
    require_new(file)
    begun = starting.begin(data, file, **given)
    save(file, begun.text)
    click.echo(begun.report)
    return 0


def show_reference(spec: str, out: str | None, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            raise RefkitError(f"`--{name}` is for data, and `{spec}` is a reference: leave it out")
    text = edited_source(*parse_options(spec))
    if out is None:
        click.echo(text, nl=False)
        return
    require_new(Path(out))
    save(Path(out), text)
    click.echo(f"wrote {out}, {len(text.splitlines())} lines\nnext: python {out}")


def require_new(file: Path) -> None:
    if file.exists():
        raise RefkitError(f"`{file}` is there already and would be lost: give another name by `--out`")


def save(file: Path, text: str) -> None:
    """The whole file or nothing, and never over another one."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        os.link(partial, file)
    except FileExistsError:
        require_new(file)
    except OSError as error:
        raise RefkitError(
            f"`{file}` cannot be written ({error.strerror or error}): give another place by `--out`"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
