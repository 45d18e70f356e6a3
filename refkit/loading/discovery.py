"""What is found in a TARGET by itself: its model, and the parts around it."""

from refkit.loading.found import Found
from refkit.loading.models import find_models, the_model
from refkit.loading.parts import find_part

__all__ = ["Found", "find_models", "find_part", "the_model"]
