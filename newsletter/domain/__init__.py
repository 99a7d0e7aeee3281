"""Ground floor: what the words mean. Standard library only; no clock, no I/O, `now` is passed in."""
