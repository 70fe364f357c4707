"""Figures out of samples: percentiles, medians, and ratios of interleaved rounds."""

import math
import statistics


def percentile(sorted_samples, percent):
    """The smallest sample that at least `percent` of all samples do not exceed."""
    if not sorted_samples:
        return math.nan
    rank = math.ceil(len(sorted_samples) * percent / 100)
    return sorted_samples[max(rank, 1) - 1]


def median(samples):
    """The median, or NaN of nothing."""
    return statistics.median(samples) if samples else math.nan


def paired_ratio(samples, baseline):
    """Median, minimum and maximum of the ratios of rounds measured next to each other.

    Pairs cancel what drifts slowly on a machine (clock rate, neighbours), which a ratio of two
    medians does not. Rounds that are missing on one side (None) are left out.
    """
    ratios = [a / b for a, b in zip(samples, baseline) if a is not None and b]
    if not ratios:
        return None
    return {"median": median(ratios), "min": min(ratios), "max": max(ratios)}


def waiting_percentile(samples, percent):
    """The percentile that clients arriving at any time would see, not just the closed loop.

    A closed loop sends nothing while it waits, so a stall of 50 ms is one slow request among
    thousands. A client arriving at a random moment of a request of length L waits for the rest
    of it: between 0 and L, evenly. The returned t is where the time spent waiting longer than
    t, the sum of (L - t) over requests with L > t, falls to 100 - percent of all time.
    - Complexity: O(n log n).
    """
    if not samples or not 0 <= percent < 100:
        return math.nan
    allowed = sum(samples) * (100 - percent) / 100
    longer_sum = 0.0
    for count, sample in enumerate(sorted(samples, reverse=True), 1):
        # With `count` requests longer than t: longer_sum - count * t = allowed.
        if longer_sum - (count - 1) * sample >= allowed:
            return (longer_sum - allowed) / (count - 1)
        longer_sum += sample
    return max(0.0, (longer_sum - allowed) / len(samples))


class Goal:
    """A limit on a figure, and whether it was met."""

    def __init__(self, name, limit, measured, unit=""):
        self.name = name
        self.limit = limit
        self.measured = measured
        self.unit = unit

    @property
    def verdict(self):
        """`met`, `missed`, or `not measured`."""
        if self.measured is None or math.isnan(self.measured):
            return "not measured"
        return "met" if self.measured <= self.limit else "missed"

    def row(self):
        """Cells for the table of goals."""
        unit = self.unit if math.isfinite(self.measured or 0) else ""
        measured = "-" if self.verdict == "not measured" else figure(self.measured) + unit
        return [self.name, f"<= {self.limit:g}{self.unit}", measured, self.verdict]

    def as_json(self):
        measured = None if self.verdict == "not measured" else self.measured
        if measured == math.inf:
            measured = "never"
        return {"goal": self.name, "limit": self.limit, "measured": measured,
                "unit": self.unit.strip(), "verdict": self.verdict}


def figure(value):
    """A number with three figures that count, without an exponent."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "never"
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}"
