"""Start simple: look at data, say which reference fits, and write that reference for it."""
