"""newsletter: a blog's best stories in its readers' inboxes."""

__version__ = "0.1.0"
