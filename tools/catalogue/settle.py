"""One word from several: the rule by which sources that disagree are settled.

Prices. The first source that has the price of input counts for all prices of a model: genai-prices (every price there
cites the vendor's page, with the day since when it holds), then LiteLLM, then models.dev. A later source adds a price
that the first does not have only where both agree on input and output: two sources that mean different prices would
make one that nobody asks for.

Limits. The largest. What is too large costs a refused call, which goes elsewhere; what is too small keeps calls from a
model that could serve them.

Abilities. A yes of anybody is a yes; a no needs somebody who says no, and nobody who says yes; what nobody mentions is
not known. Outrider keeps calls from a model only for a no.
"""

from sources import Said


class Differences:
    """Where the sources do not say the same."""

    def __init__(self):
        self.rows = []
        self.compared = 0

    def note(self, kind, model, what, taken, other):
        self.rows.append((kind, model, what, *taken, *other))


def settle(kind, model, said, differences) -> Said:
    """`said`: pairs of a source's name and what it says, the one that counts most first."""
    priced = [(name, one) for name, one in said if "in" in one.price]
    result = Said()
    if priced:
        first, best = priced[0]
        result.price = dict(best.price)
        for name, other in priced[1:]:
            differences.compared += 1
            agree = True
            for rate in sorted(set(best.price) & set(other.price)):
                if best.price[rate] != other.price[rate]:
                    differences.note(kind, model, rate, (first, best.price[rate]), (name, other.price[rate]))
                    agree = agree and rate not in ("in", "out")
            if agree:
                for rate, amount in other.price.items():
                    result.price.setdefault(rate, amount)
    for limit in ("context", "output"):
        values = [(name, getattr(one, limit)) for name, one in said if getattr(one, limit)]
        if values:
            best = max(values, key=lambda pair: pair[1])
            setattr(result, limit, best[1])
            for name, value in values:
                if value != best[1]:
                    differences.note(kind, model, limit, best, (name, value))
    for word in sorted({word for _, one in said for word in one.able}):
        votes = [(name, one.able[word]) for name, one in said if word in one.able]
        result.able[word] = any(vote for _, vote in votes)
        if len({vote for _, vote in votes}) > 1:
            yes = next(name for name, vote in votes if vote)
            no = next(name for name, vote in votes if not vote)
            differences.note(kind, model, word, (yes, "yes"), (no, "no"))
    result.levels = next((one.levels for _, one in said if one.levels), ())
    result.until = next((one.until for _, one in said if one.until), "")
    result.mode = next((one.mode for _, one in said if one.mode), "chat")
    return result
