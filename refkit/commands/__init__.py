"""The commands beside `compare`, one file each: parse, one call, exit status."""
