"""The reference for reading posts: python-frontmatter over every file of a folder, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import frontmatter

if __name__ == "__main__":
    posts = [frontmatter.load(str(path)) for path in sorted(Path(sys.argv[1]).glob("*.md"))]
    print(len(posts))
