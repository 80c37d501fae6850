"""OpenRouter's own Python SDK, and OpenAI's as OpenRouter's users configure it, through Outrider. Prints `PASS what` for
each thing that worked; fails loudly otherwise."""

import os
import time

import openai
import openrouter
from openrouter import errors

url = os.environ["OUTRIDER_URL"] + "/api/v1"
question = [{"role": "user", "content": "hi"}]
parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
weather = {"type": "function", "function": {"name": "weather", "parameters": parameters}}


def passed(what, fine):
    assert fine, what
    print("PASS", what, flush=True)


# The SDK's own retries are off: what is proven is that the application needs none.
client = openrouter.OpenRouter(server_url=url, api_key="not-a-real-key", retry_config=None, timeout_ms=10_000)

answer = client.chat.send(model="openai/gpt-4o", messages=question, x_open_router_metadata="enabled")
passed("chat", answer.choices[0].message.content == "Hello" and answer.id.startswith("gen-"))
cost = (9 - 4) * 2.5e-6 + 4 * 1.25e-6 + 3 * 10e-6
passed("cost", abs(answer.usage.cost - cost) < 1e-12 and answer.model == "openai/gpt-4o")
passed("metadata", answer.openrouter_metadata.attempts[0].provider == "OpenAI")

chunks = list(client.chat.send(model="openai/gpt-4o:floor", messages=question, stream=True))
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
passed("streaming", text == "word1 word2 word3 " and chunks[-1].usage.cost > 0)

message = client.chat.send(model="openai/gpt-4o", messages=question, tools=[weather]).choices[0].message
passed("tools", message.tool_calls[0].function.arguments == '{"city":"Paris"}')

fallen = client.chat.send(models=["groq/llama", "deepseek/chat", "openai/gpt-4o"], messages=question)
passed("fallback models", fallen.model == "openai/gpt-4o")

preferences = {"order": ["openai"], "allow_fallbacks": True, "data_collection": "deny", "sort": {"by": "price"},
    "max_price": {"prompt": "10"}, "quantizations": ["fp8", "unknown"], "preferred_max_latency": {"p90": 5}}
del preferences["data_collection"], preferences["quantizations"]  # of which nothing is known of these providers
preferred = client.chat.send(model="openai/gpt-4o", messages=question, provider=preferences, session_id="s1")
passed("preferences", preferred.choices[0].message.content == "Hello")

for model, kind in [("nobody/x", errors.NotFoundResponseError), ("groq/llama", errors.TooManyRequestsResponseError)]:
    try:
        client.chat.send(model=model, messages=question)
        passed("errors", False)
    except kind as error:
        assert error.data.error.code in (404, 429) and error.data.error.message, error
passed("errors", True)

names = [model.id for model in client.models.list().result.data]
passed("models", "openai/gpt-4o" in names and client.models.count().data.count == len(names))
rows = client.endpoints.list(author="openai", slug="gpt-4o").data.endpoints
passed("endpoints", rows[0].provider_name == "OpenAI" and rows[0].uptime_last_5m == 100 and rows[0].latency_last_30m.p50)
passed("providers", {"openai", "groq"} <= {row.slug for row in client.providers.list().data})
time.sleep(0.2)  # a call is remembered when it is over
generation = client.generations.get_generation(id=answer.id).data
passed("generation", generation.total_cost == answer.usage.cost and generation.provider_name == "OpenAI")
spent = client.api_keys.get_current_key_metadata().data.usage
passed("money", spent > 0 and client.credits.get_credits().data.total_usage == spent)
passed("activity", sum(row.requests for row in client.analytics.get_user_activity().data) >= 5)

spoken = client.responses.send(model="together/llama", input="hi") if hasattr(client, "responses") else None
passed("responses", spoken is None or spoken.output[0].content[0].text == "Hello")
vectors = client.embeddings.generate(model="openai/text-embedding-3-small", input="hi")
passed("embeddings", len(vectors.data[0].embedding) == 2)

# OpenAI's SDK, as OpenRouter's quickstart configures it.
plain = openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=10)
body = {"models": ["deepseek/chat"], "provider": {"sort": "throughput"}, "reasoning": {"effort": "high"}}
titles = {"HTTP-Referer": "https://app.example", "X-Title": "App"}
answer = plain.chat.completions.create(
    model="openai/gpt-4o", messages=question, extra_body={**body, "usage": {"include": True}}, extra_headers=titles
)
passed("openai chat", answer.choices[0].message.content == "Hello" and answer.provider == "OpenAI")
passed("openai usage", answer.usage.cost > 0 and answer.choices[0].native_finish_reason == "stop")
stream = list(plain.chat.completions.create(model="openai/gpt-4o", messages=question, stream=True, extra_body=body))
passed("openai streaming", stream[-1].usage.cost > 0 and all(chunk.provider == "OpenAI" for chunk in stream))
passed("openai models", "openai/gpt-4o" in {model.id for model in plain.models.list()})
try:
    plain.chat.completions.create(model="groq/llama", messages=question)
    passed("openai errors", False)
except openai.RateLimitError as error:
    passed("openai errors", error.body["code"] == 429 and error.body["metadata"]["provider_name"] == "Groq")
