"""config.yaml and the environment -> a frozen Config. The only reader of either."""

from newsletter.config.reading import load
from newsletter.config.schema import (
    Config,
    Delivery,
    Edition,
    FeedSource,
    JekyllSource,
    Log,
    Newsletter,
    Pace,
    Ranking,
    Schedule,
    Server,
    Site,
    Smtp,
    SourceConfig,
    WarmUp,
    Web,
)

__all__ = [
    "Config", "Delivery", "Edition", "FeedSource", "JekyllSource", "Log", "Newsletter", "Pace", "Ranking", "Schedule",
    "Server", "Site", "Smtp", "SourceConfig", "WarmUp", "Web", "load",
]  # fmt: skip
