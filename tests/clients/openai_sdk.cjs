// The official Node SDK through Outrider. Prints `PASS what` for each thing that worked; fails loudly otherwise.
const assert = require("node:assert");
const OpenAI = require("openai");

// The SDK's own retries are off: what is proven is that the application needs none.
const client = new OpenAI({
  baseURL: process.env.OUTRIDER_URL,
  apiKey: "not-a-real-key",
  maxRetries: 0,
  timeout: 10_000,
});
const messages = [{ role: "user", content: "hi" }];
const tools = [
  {
    type: "function",
    function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

function passed(what, fine) {
  assert.ok(fine, what);
  console.log("PASS", what);
}

async function main() {
  const { data, response } = await client.chat.completions.create({ model: "m", messages }).withResponse();
  passed("chat", data.choices[0].message.content === "Hello" && data.usage.total_tokens === 12);
  passed("failover", response.headers.get("x-outrider-target") === "b/m-b");

  let text = "";
  let usage;
  const options = { model: "m", messages, stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await client.chat.completions.create(options)) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  passed("streaming", text === "word1 word2 word3 " && usage.prompt_tokens === 9);

  const whole = await client.chat.completions.create({ model: "m", messages, tools });
  let streamed = "";
  for await (const chunk of await client.chat.completions.create({ model: "m", messages, tools, stream: true })) {
    streamed += chunk.choices[0]?.delta?.tool_calls?.[0]?.function?.arguments ?? "";
  }
  const name = whole.choices[0].message.tool_calls[0].function.name;
  passed("tools", name === "weather" && streamed === '{"city":"Paris"}');

  const vectors = await client.embeddings.create({ model: "m", input: ["some text"] });
  passed("embeddings", vectors.data[0].embedding[0] === 0.5 && vectors.data[0].embedding[1] === -1);

  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  passed("models", names.includes("m") && names.includes("limited"));

  const unknown = await client.chat.completions.create({ model: "m-that-nobody-has", messages }).catch((e) => e);
  passed("unknown model", unknown instanceof OpenAI.NotFoundError && unknown.code === "model_not_found");

  const limited = await client.chat.completions.create({ model: "limited", messages }).catch((e) => e);
  passed("rate limit", limited instanceof OpenAI.RateLimitError && limited.message.includes("provider says 429"));

  let seen = 0;
  const endless = await client.chat.completions.create({ model: "endless", messages, stream: true });
  for await (const _ of endless) {
    if (++seen === 5) break;
  }
  passed("cancel", seen === 5);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
