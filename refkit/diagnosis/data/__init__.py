"""What becomes of examples on their way to the model: how scaled, in which order, with which label."""
