"""One line of the table: what was measured, its reference, and the limits that it is held to."""

from __future__ import annotations

import math
from dataclasses import dataclass

HEAD = f"{'what':<38} {'measured':>11}   {'reference':<32} {'measured':>11}   {'ratio':>6}  limit"


@dataclass(frozen=True, slots=True)
class Result:
    """`value` and `reference` are medians in `unit`, `ratio` is the one by the other.

    `limit` is the most that the ratio may be and `least` the least, `ceiling` the most that `value` itself may be.
    """

    name: str
    value: float
    against: str
    reference: float
    limit: float = math.inf
    unit: str = "s"
    least: float = 0.0
    ceiling: float = math.inf

    @property
    def ratio(self) -> float:
        return self.value / self.reference

    @property
    def held(self) -> bool:
        return self.least <= self.ratio <= self.limit and self.value <= self.ceiling

    @property
    def line(self) -> str:
        value, reference = (_figure(number, self.unit) for number in (self.value, self.reference))
        return f"{self.name:<38} {value:>11}   {self.against:<32} {reference:>11}   {self.ratio:>6.2f}  {self._limits}"

    @property
    def _limits(self) -> str:
        told = [f"at most {self.limit:g}"] if self.limit < math.inf else []
        told += [f"at least {self.least:g}"] if self.least else []
        told += [f"at most {_figure(self.ceiling, self.unit)}"] if self.ceiling < math.inf else []
        return ", ".join(told)


def _figure(number: float, unit: str) -> str:
    return f"{number:,.2f} {unit}" if number < 100 else f"{number:,.0f} {unit}"
