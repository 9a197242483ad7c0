"""What refused a plan, as one text."""

from console.change.plan import Plan


def refusal(made: Plan) -> str:
    """Every check that does not hold, with its value and its limit; fails when there is none."""
    assert made.refusals, "it was not refused"
    return "; ".join(f"{c.says}: {c.value} / {c.limit}" for c in made.refusals)


def warned(made: Plan) -> str:
    """Every check that does not hold and refuses nothing."""
    return "; ".join(f"{c.says}: {c.value}" for c in made.checks if c.warns and not c.ok)
