"""What every part of config.yaml is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


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
