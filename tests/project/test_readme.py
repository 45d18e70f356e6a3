"""What README says is true."""

import re

import pytest

from refkit import cli
from refkit.edits.catalogue import REFERENCES
from tests.project.pages import ROOT, shown
from tests.project.readme import NAME, README, produced

TEXT = README.read_text(encoding="utf-8")
COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.splitlines()
]


def options_of(command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


OPTIONS = {name: options_of(command) for name, command in cli.main.commands.items()}


def test_it_opens_with_the_two_commands():
    assert COMMANDS[:2] == ["make compare", "make test"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command):
    program, *words = command.split()
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        target, *variables = words
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
        for variable in variables:
            assert re.search(rf"^{variable.partition('=')[0]} \?=", makefile, flags=re.MULTILINE)
        return
    if program == ".venv/bin/python":
        script = ROOT / words.pop(0)
        assert script.is_file()
        name = script.stem
    else:
        assert program == ".venv/bin/refkit"
        name = words.pop(0)
    assert {word for word in words if word.startswith("--")} <= OPTIONS[name]


def test_every_option_is_there_and_no_other():
    named = set(re.findall(r"`(--[a-z-]+)", TEXT)) - {"--reference"}
    assert named <= set().union(*OPTIONS.values()) and OPTIONS["compare"] - {"--reference"} <= named


def test_every_reference_is_there():
    assert set(re.findall(r"^\| `(\w+)` \| (?=`f32|image)", TEXT, flags=re.MULTILINE)) == set(REFERENCES)


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        heading = target.removeprefix("#").replace("-", " ")
        assert (ROOT / target).exists() or f"## {heading}\n" in TEXT.lower(), target


def test_the_output_shown_is_the_real_one():
    assert shown(TEXT, NAME) == produced()
