"""Training on one batch that is held, and what kind of curve it gives."""
