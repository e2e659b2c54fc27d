"""A difference that was measured, with its explanation."""

from dataclasses import dataclass


@dataclass
class Difference:
    """A finding: what was asked, what each of the two answered, where the reference says so, why. `agrees`: Microtome's
    answer is the oracle's (or what plain arithmetic says)."""

    what: str
    ours: str
    theirs: str
    reference: str
    why: str
    agrees: bool


def percent(part):
    """A share as text."""
    return f"{100 * part:.1f} %"
