"""Reads differences.md: the failures of the suite that are decisions."""

from dataclasses import dataclass
from pathlib import Path
import re

PATH = Path(__file__).resolve().parent.parent / "differences.md"


@dataclass
class Difference:
    """One row: what it covers and why."""
    unit: str
    test: str
    reason: str
    used: bool = False

    @property
    def may_be_unused(self):
        """Whether the test sometimes passes, or runs only with --spawn."""
        return self.reason.startswith(("Race:", "Spawn:"))

    def covers(self, unit, name, message):
        """Whether a failure is this difference."""
        if self.unit not in ("*", unit):
            return False
        if self.test.startswith("message: "):
            return re.search(self.test.removeprefix("message: "), message) is not None
        if len(self.test) > 2 and self.test[0] == self.test[-1] == "/":
            return re.search(self.test[1:-1], name) is not None
        return self.test == re.sub(r" #\d+$", "", name)


def read_differences(path=PATH):
    """The rows of the table."""
    rows = []
    for line in path.read_text().splitlines():
        # A bar inside a cell is escaped.
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) == 5 and cells[2].startswith("`"):
            rows.append(Difference(cells[1], cells[2].strip("`"), cells[3]))
    return rows


def why(differences, unit, name, message):
    """Why a failure is on purpose; nothing where it is not."""
    for difference in differences:
        if difference.covers(unit, name, message):
            difference.used = True
            return difference.reason
    return ""
