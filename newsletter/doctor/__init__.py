"""Looks at everything that can be wrong around the program, and says what to do about it."""

from newsletter.doctor.examination import Unopened, examine
from newsletter.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "Unopened", "examine"]
