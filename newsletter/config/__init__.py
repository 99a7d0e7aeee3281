"""config.yaml and the environment -> a frozen Config. The only reader of either."""

from newsletter.config.design import Colours, Design, Fonts, Palettes, over, said
from newsletter.config.reading import load
from newsletter.config.schema import (
    Clients,
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
    "Clients", "Colours", "Config", "Delivery", "Design", "Edition", "FeedSource", "Fonts", "JekyllSource", "Log",
    "Newsletter", "Pace", "Palettes", "Ranking", "Schedule", "Server", "Site", "Smtp", "SourceConfig", "WarmUp", "Web",
    "load", "over", "said",
]  # fmt: skip
