"""What a model is called everywhere: its slug, `author/name` as OpenRouter writes it.

Providers spell one model in many ways (`us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-sonnet-4.5`,
`accounts/fireworks/models/llama-v3p3-70b-instruct`). `plain` takes that away, so that two spellings can be compared.
"""

import re

# Who makes what begins so: for names that OpenRouter does not list.
AUTHORS = [
    (r"gpt-|o[134](-|$)|chatgpt|codex|davinci|babbage|text-embedding-(3|ada)", "openai"),
    (r"claude", "anthropic"),
    (r"gemini|gemma|learnlm|text-embedding-00|text-multilingual-embedding", "google"),
    (r"llama", "meta-llama"),
    (r"(open-)?(mistral|mixtral|codestral|ministral|pixtral|devstral|magistral|voxtral)", "mistralai"),
    (r"qwen|qwq|qvq", "qwen"),
    (r"deepseek", "deepseek"),
    (r"grok", "x-ai"),
    (r"command|c4ai|aya|embed-(english|multilingual|v)|rerank-", "cohere"),
    (r"kimi|moonshot", "moonshotai"),
    (r"glm", "z-ai"),
    (r"nova|titan", "amazon"),
    (r"phi-|wizardlm", "microsoft"),
    (r"jamba|j2-", "ai21"),
    (r"nemotron", "nvidia"),
    (r"minimax", "minimax"),
    (r"sonar", "perplexity"),
    (r"hermes|nous-hermes", "nousresearch"),
    (r"granite", "ibm-granite"),
    (r"voyage", "voyageai"),
    (r"jina", "jinaai"),
]
VENDORS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|"
    "qwen|stability|twelvelabs|writer|xai|zai"
)
DATE = re.compile(r"[-@](20\d{2}-\d{2}-\d{2}|20\d{6})(?=$|[-:])")


def plain(name: str) -> str:
    """The name without what says where and when it is served: no author, profile, date; dashes alone."""
    name = name.lower().rsplit("/", 1)[-1]
    name = re.sub(rf"^(?:[a-z-]+\.)?(?:{VENDORS})\.(?=[a-z])", "", name)
    name = re.sub(r"-v\d+:\d+(:\w+)?$|@(latest|default|\d{3})$", "", name)
    name = DATE.sub("", name)
    name = re.sub(r"-latest$", "", name)
    name = re.sub(r"(?<=\d)p(?=\d)", "-", name)
    name = re.sub(r"[._ @]", "-", name)
    name = re.sub(r"^meta-(?=llama)", "", name)
    name = re.sub(r"^llama-?v?(?=\d)", "llama-", name)
    return name


# What some providers call a model that the others call by its maker's name: (kind or any, their end, its end).
SAME = [
    ("", r"^(llama-3-[1-3]-\d+b)-(versatile|instant|specdec|instruct-turbo)$", r"\1-instruct"),
    ("", r"^(llama-3-\d+b)-8192$", r"\1-instruct"),
    ("", r"^qwen-3-(?=\d)", "qwen3-"),
    ("cerebras", r"^(llama-3-[1-3]-\d+b)$", r"\1-instruct"),
]


class Slugs:
    """The slugs that OpenRouter lists, by their plain names."""

    def __init__(self, listed):
        self.listed = {}
        for slug in sorted(listed, key=lambda slug: (len(slug), slug)):
            if "/" in slug and not slug.startswith("~"):
                self.listed.setdefault(plain(slug), slug)

    def of(self, kind: str, name: str) -> str:
        """The model's slug; without an author where nobody knows who made it."""
        if kind == "openrouter":
            return DATE.sub("", name)
        short = plain(name)
        for whose, theirs, makers in SAME:
            if whose in ("", kind):
                short = re.sub(theirs, makers, short)
        if short in self.listed:
            return self.listed[short]
        author = next((author for begin, author in AUTHORS if re.match(begin, short)), None)
        return f"{author}/{short}" if author else short
