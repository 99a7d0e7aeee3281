"""Doors in: one file per kind of source, a pure `parse` above a thin `fetch`. The protocol is in `base`."""
