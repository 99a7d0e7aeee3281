"""What every part of config.yaml is made of."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator
from pydantic_core import PydanticKnownError

_HALF = re.compile("[\ud800-\udfff]")


class Section(BaseModel):
    """A part of the file. Unknown keys are errors; a section whose keys are all commented out is as if absent."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        """`smtp:` with every key below it commented out, and `tagline:` with nothing behind it, say nothing."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            return value
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {key: inner for key, inner in value.items() if inner is not None or key not in optional}

    @field_validator("*")
    @classmethod
    def _text_is_unicode(cls, value: Any) -> Any:
        """Half a character, like "\\ud800", can stand in no path and no mail; pydantic finds it in some texts only."""
        for text in value if isinstance(value, tuple) else (value,):
            written = text.get_secret_value() if isinstance(text, SecretStr) else text
            if isinstance(written, str) and _HALF.search(written):
                raise PydanticKnownError("string_unicode")
        return value
