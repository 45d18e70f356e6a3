"""The known bugs, one file each."""

BUGS = ()
