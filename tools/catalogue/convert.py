#!/usr/bin/env python3
"""Makes src/catalogue/models.tsv, the table of models that is built into Outrider, from open data. See README.md."""

import argparse
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import sources
from names import Slugs
from settle import Differences, settle
from settle import __doc__ as rule
from sources import RATES

HERE = Path(__file__).parent
FORMAT = 1
WORDS = (
    "tools parallel choice schema reasoning mandatory-reasoning prefill sampling search computer cache image pdf audio video speech"
).split()
HEAD = """\
#outrider-models\t{format}\t{day}
# What models cost and can do, per kind of provider. Made by tools/catalogue from open data: do not edit.
# Sources: {sources}. All of them under the MIT licence.
# Columns: kind, model, slug, context, output, prices, abilities, last day. `-`: not known.
# Prices in US dollars: in, out, read and write (the cache), hour (a cache for an hour), think, audio for a million
# tokens; image and req for each. `>N.` before one: where the prompt has more tokens than N. `batch.`, `flex.`,
# `priority.`: for calls of that class.
# Abilities: a word says yes, `-word` no; what is not mentioned is not known.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=date.fromisoformat, default=date.today(), help="prices of this day")
    parser.add_argument("--out", type=Path, default=HERE / "../../src/catalogue/models.tsv")
    parser.add_argument("--differences", type=Path, help="where to tell what the sources disagree on")
    asked = parser.parse_args()
    litellm, genai, models_dev = sources.LiteLLM(), sources.Genai(asked.day), sources.ModelsDev()
    differences = Differences()
    slugs = Slugs({*genai.models("openrouter"), *models_dev.models("openrouter")})
    rows = {}
    for kind, theirs in kinds():
        for model, said in merged(kind, theirs, litellm, genai, models_dev, differences).items():
            slug = slugs.of(kind, model)
            # genai-prices has one Google for both of its doors, of which one has nothing but Google's own.
            foreign = kind == "gemini" and not slug.startswith("google/") and "/" in slug
            # Its open weights have a price there too, and are served by everybody but OpenAI.
            foreign = foreign or kind == "openai" and model.startswith("gpt-oss")
            if (said.price or said.context) and not foreign:
                rows[kind, model] = line(kind, model, slug, said)
    versions = sources.versions()
    head = HEAD.format(format=FORMAT, day=asked.day, sources=versions)
    asked.out.write_text(head + "".join(rows[key] + "\n" for key in sorted(rows, key=lambda key: "\t".join(key))))
    print(f"{len(rows)} models of {len({kind for kind, _ in rows})} kinds; {versions}")
    tell(differences, asked.differences)


def kinds():
    """Our kinds, with their names in each source."""
    for row in (HERE / "kinds.tsv").read_text().splitlines():
        if row and not row.startswith("#"):
            kind, *theirs = row.split("\t")
            yield kind, [[] if cell == "-" else cell.split(",") for cell in theirs]


def merged(kind, theirs, litellm, genai, models_dev, differences):
    """Every model of a kind that a source names, settled."""
    tables = []
    for source, names in zip((litellm, genai, models_dev), theirs):
        table = {}
        for name in names:
            for model, said in source.models(name).items():
                table.setdefault(cleaned(kind, model), said)
        tables.append(table)
    ours, exact, dev = tables
    found = {}
    for model in filter(fit, sorted({*ours, *exact, *dev})):
        alike = next((said for name in theirs[1] if (said := genai.alike(name, model))), None)
        said = [(genai.name, alike or exact.get(model)), (litellm.name, ours.get(model)), (models_dev.name, dev.get(model))]
        found[model] = settle(kind, model, [(name, one) for name, one in said if one], differences)
    return found


def cleaned(kind, model):
    """A model as a call names it: genai-prices' `regional.` is all of Bedrock's names but `global.`"""
    return model.removeprefix("regional.") if kind == "bedrock" else model


def fit(model):
    """Prices of regions, of commitments and of sizes are no models."""
    places = r"(global|us|eu|apac|[a-z]{2}(-gov)?-[a-z]+-\d|global-standard|claude_platform|invoke|converse)/"
    sized = r"\d+-x-\d+|fireworks-ai-(above|up-to|moe|default|embedding|\d)|together-ai-"
    return bool(re.fullmatch(r"[\x21-\x7e]{1,120}", model)) and not re.match(f"{places}|.*-month-commitment|{sized}", model)


def line(kind, model, slug, said):
    """A row of the table."""
    able = dict(said.able)
    cache = caches(kind, slug, able, said.price)
    words = []
    for word in WORDS:
        if word == "cache" and cache:
            words.append(f"cache={cache}")
        elif word == "reasoning" and able.get(word) and said.levels:
            words.append("reasoning=" + ",".join(said.levels))
        elif word in able:
            words.append(word if able[word] else f"-{word}")
    if said.mode in ("embedding", "rerank"):
        words.insert(0, said.mode)
    cells = [kind, model, slug, said.context or "-", said.output or "-", prices(said.price), " ".join(words) or "-"]
    return "\t".join(map(str, [*cells, said.until or "-"]))


def caches(kind, slug, able, price):
    """How a prompt comes into the cache: by marks in the request, or by itself."""
    if not (able.get("cache") or "read" in price):
        return None
    marked = "claude" in slug or kind == "bedrock" and "nova" in slug
    return "marked" if marked else "auto"


def prices(price):
    """`in=3 out=15 >200000.in=6`: what is known, in the order of RATES; a tier or class only with what differs."""

    def place(key):
        scope, _, rate = key.rpartition(".")
        return (scope.startswith(">"), int(scope[1:]) if scope.startswith(">") else 0, scope, RATES.index(rate))

    if any(value < 0 for value in price.values()):
        raise SystemExit(f"a negative price: {price}")
    # Longer prompts and other classes change what tokens of text cost; sound in them is left at its one price.
    carried = [key for key in price if "." not in key or key.rpartition(".")[2] in ("in", "out", "read", "write", "hour")]
    told = [f"{key}={amount(price[key])}" for key in sorted(carried, key=place)]
    return " ".join(told) or "-"


def amount(value: Decimal) -> str:
    """In whole billionths: what has more places is a third or the like, which the source has rounded already."""
    text = f"{value.quantize(Decimal('1e-9')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tell(differences, path):
    """How often, by which rule, and, where a file is given, which."""
    print(f"{differences.compared} pairs of prices were compared. The rule:\n\n{rule.strip()}\n")
    counts = {}
    for _, _, what, taken, _, other, _ in differences.rows:
        counts[taken, other] = counts.get((taken, other), 0) + 1
    for (taken, other), count in sorted(counts.items()):
        print(f"{count:5} times {taken} was taken, and {other} says otherwise")
    if path:
        head = "kind\tmodel\twhat\ttaken from\tvalue\tother\tvalue\n"
        path.write_text(head + "".join("\t".join(map(str, row)) + "\n" for row in sorted(differences.rows, key=str)))


if __name__ == "__main__":
    main()
