"""`newsletter demo`: the whole thing on sample posts, with a built-in inbox; no network, no SMTP server."""
