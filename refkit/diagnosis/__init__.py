"""The shortest list of edits that turns the reference into your program."""
