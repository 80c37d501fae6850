"""The official Python SDK through Outrider. Prints `PASS what` for each thing that worked; fails loudly otherwise."""

import os

import openai

# The SDK's own retries are off: what is proven is that the application needs none.
client = openai.OpenAI(base_url=os.environ["OUTRIDER_URL"], api_key="not-a-real-key", max_retries=0, timeout=10)
question = [{"role": "user", "content": "hi"}]
weather = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def passed(what, fine):
    assert fine, what
    print("PASS", what, flush=True)


raw = client.chat.completions.with_raw_response.create(model="m", messages=question)
answer = raw.parse()
passed("chat", answer.choices[0].message.content == "Hello" and answer.usage.total_tokens == 12)
passed("failover", raw.headers["x-outrider-target"] == "b/m-b")

stream = client.chat.completions.create(
    model="m", messages=question, stream=True, stream_options={"include_usage": True}
)
chunks = list(stream)
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
passed("streaming", text == "word1 word2 word3 " and chunks[-1].usage.prompt_tokens == 9)

call = client.chat.completions.create(model="m", messages=question, tools=[weather]).choices[0].message.tool_calls[0]
streamed = client.chat.completions.create(model="m", messages=question, tools=[weather], stream=True)
parts = [part for chunk in streamed if chunk.choices for part in chunk.choices[0].delta.tool_calls or []]
passed("tools", call.function.name == "weather" and parts[0].function.arguments == '{"city":"Paris"}')

vectors = client.embeddings.create(model="m", input=["some text"])
passed("embeddings", vectors.data[0].embedding == [0.5, -1.0])

passed("models", {"m", "limited"} <= {model.id for model in client.models.list()})

try:
    client.chat.completions.create(model="m-that-nobody-has", messages=question)
    passed("unknown model", False)
except openai.NotFoundError as error:
    passed("unknown model", error.code == "model_not_found" and "m-that-nobody-has" in error.message)

try:
    client.chat.completions.create(model="limited", messages=question)
    passed("rate limit", False)
except openai.RateLimitError as error:
    passed("rate limit", "provider says 429" in error.message)

with client.chat.completions.create(model="endless", messages=question, stream=True) as endless:
    for number, _ in enumerate(endless):
        if number == 5:
            break
passed("cancel", True)
