"""Tests that train for long are marked `slow`, and run with `-m slow`."""

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: trains for long; left out unless asked for with -m slow")


def pytest_collection_modifyitems(config, items):
    if not config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="trains for long: run it with -m slow"))
