"""Adapters: a user's model in its framework, seen as an `Implementation`."""

from refkit.adapters.adapt import adapt
from refkit.adapters.raised import ModelRaised

__all__ = ["ModelRaised", "adapt"]
