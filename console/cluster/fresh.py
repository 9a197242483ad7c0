"""How old a sight may be to act on, and how its age is said."""

FRESH_S = 5.0
"""What we learnt longer ago than this is no ground for a change."""


def fresh(age_s: float | None) -> bool:
    """Seen lately enough to act on."""
    return age_s is not None and age_s <= FRESH_S


def seen(age_s: float | None) -> str:
    """`seen 0.3 s ago`, or `never seen`."""
    return "never seen" if age_s is None else f"seen {age_s:.1f} s ago"
