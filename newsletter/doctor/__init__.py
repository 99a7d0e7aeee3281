"""Looks at everything that can be wrong around the program, and says what to do about it."""

from newsletter.doctor.examination import Unopened, examine
from newsletter.doctor.symptom import Severity, Symptom

__all__ = ["Severity", "Symptom", "Unopened", "examine"]
