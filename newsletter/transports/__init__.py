"""Doors out: one file per way to hand a message over. The protocol is in `base`."""
