"""Ground floor: text in, text out. No files, no network, no clock."""
