"""How slices of rows are named, and how rarely chance alone may show something in them."""

REST = "other"
# What the baseline of the labels is called; no slice is, as slices are named `column=value`.
LABELS = "labels"
# The probability that chance alone shows anything in any slice of a window.
FALSE_ALARM_RATE = 0.01


def is_rest(name: str) -> bool:
    """Say whether a slice collects whatever is not among the frequent values: it is no fixed population."""
    return name.endswith(f"={REST}")


def baseline_name(baseline: str, segment: str) -> str:
    """Return the name that a baseline's slice has, such as `default/country=de`, or that of its labels."""
    return f"{baseline}/{segment}"


def false_alarm_rate(count: int) -> float:
    """Return the rate for each of `count` slices, so that together they keep theirs (Bonferroni)."""
    return FALSE_ALARM_RATE / max(1, count)
