"""What is wrong with a document, in a line for each mistake: its place without numbers, and what it should be.

Where none of several alternatives fits, that one is told of which was most likely meant: whose mistakes lie deepest,
since the members that tell alternatives apart (`type`, `role`) lie at their top.
"""


def told(errors):
    """Every mistake once, in the order of their places."""
    return sorted({line for error in flat(list(errors)) for line in lines(error)})


def flat(errors):
    """The mistakes, those of the likeliest alternative in the place of "none of these"."""
    for error in errors:
        branches = [branch for branch in getattr(error.kind, "context", None) or [] if branch]
        if branches:
            yield from flat(max(branches, key=likely))
        elif not follows(error, errors):
            yield error


def follows(error, errors):
    """Whether it only follows from another: of a part (`allOf`) that does not fit, every member counts as unknown."""
    if error.kind.name != "unevaluatedProperties":
        return False
    parts = [*error.evaluation_path[:-1], "allOf"]
    return any(other.evaluation_path[: len(parts)] == parts for other in errors)


def lines(error):
    """A mistake in words; one for each member where these are unknown."""
    place = ".".join("*" if isinstance(step, int) else str(step) for step in error.instance_path)
    name = error.kind.name
    if name in ("unevaluatedProperties", "additionalProperties"):
        return [f"{place}: unknown member {member}" for member in error.kind.unexpected]
    if name == "type":
        wanted = error.message.rpartition(" is not of type")[2]
        kind = "null" if error.instance is None else type(error.instance).__name__
        return [f"{place}: {kind} where it should be{wanted}"]
    return [f"{place}: {name}: {error.message[-200:]}"]


def likely(branch):
    """How likely this alternative was meant."""
    tells = ("type", "role")
    apart = any(
        one.kind.name in ("enum", "const", "type") and (not one.instance_path or one.instance_path[-1] in tells)
        for one in branch
    )
    return (not apart, max(len(one.instance_path) for one in branch), -len(branch))
