"""What refkit says when nothing could be compared."""


class RefkitError(Exception):
    """One sentence for the user: what was tried and what to do. The command exits with status 2."""
