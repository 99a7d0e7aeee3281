"""How many bytes of HTML a mail may have, with a reader's values in it as Gmail counts it: decoded."""

from __future__ import annotations

KB = 1024
LONG = 80 * KB  # preflight warns
MOST = 95 * KB  # a longer issue shortens itself when it is built
CUT = 102 * KB  # Gmail shows no more, nor the unsubscribe link behind it; preflight blocks
