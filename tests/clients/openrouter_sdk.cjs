// OpenRouter's own JavaScript SDK, and its provider for Vercel's `ai`, through Outrider. Prints `PASS what` for each
// thing that worked; fails loudly otherwise.
const assert = require("node:assert");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { generateText, streamText, embed, jsonSchema, tool } = require("ai");
const { createOpenRouter } = require("@openrouter/ai-sdk-provider");

const url = process.env.OUTRIDER_URL + "/api/v1";
const messages = [{ role: "user", content: "hi" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

function passed(what, fine) {
  assert.ok(fine, what);
  console.log("PASS", what);
}

async function ai() {
  const openrouter = createOpenRouter({ baseURL: url, apiKey: "not-a-real-key", compatibility: "strict" });
  const say = (model, options, more) =>
    generateText({ model: openrouter(model, options), prompt: "hi", maxRetries: 0, ...more });

  const answer = await say("openai/gpt-4o");
  const told = answer.providerMetadata.openrouter;
  passed("ai chat", answer.text === "Hello" && answer.response.id.startsWith("gen-"));
  passed("ai cost", told.provider === "OpenAI" && told.usage.cost > 0 && answer.usage.inputTokens === 9);

  const stream = streamText({ model: openrouter("openai/gpt-4o:nitro"), prompt: "hi", maxRetries: 0 });
  let text = "";
  for await (const piece of stream.textStream) text += piece;
  const { openrouter: end } = await stream.providerMetadata;
  passed("ai streaming", text === "word1 word2 word3 " && end.usage.cost > 0 && end.provider === "OpenAI");

  const weather = tool({ description: "w", inputSchema: jsonSchema(parameters) });
  const called = await say("openai/gpt-4o", {}, { tools: { weather } });
  passed("ai tools", called.toolCalls[0].input.city === "Paris");

  const options = { models: ["deepseek/chat", "openai/gpt-4o"], provider: { sort: "price", order: ["groq", "openai"] } };
  const fallen = await say("groq/llama", options);
  passed("ai fallback models", fallen.text === "Hello" && fallen.response.modelId === "openai/gpt-4o");

  const thought = await say("openai/thinks", { reasoning: { effort: "high" } });
  passed("ai reasoning", thought.reasoningText === "hm" && thought.text === "Hello");

  const failed = await say("groq/llama").catch((error) => error);
  passed("ai errors", failed.statusCode === 429 && failed.data.error.code === 429);
  const { embedding } = await embed({ model: openrouter.textEmbeddingModel("openai/text-embedding-3-small"), value: "hi" });
  passed("ai embeddings", embedding.length === 2);
}

async function sdk() {
  const entry = path.join(process.env.NODE_PATH, "@openrouter/sdk/esm/index.js");
  const { OpenRouter } = await import(pathToFileURL(entry));
  const client = new OpenRouter({ serverURL: url, apiKey: "not-a-real-key", retryConfig: { strategy: "none" } });
  const send = (chatRequest) => client.chat.send({ chatRequest });

  const answer = await send({ model: "openai/gpt-4o", messages });
  passed("sdk chat", answer.choices[0].message.content === "Hello" && answer.usage.cost > 0);
  let text = "";
  for await (const chunk of await send({ model: "openai/gpt-4o", messages, stream: true })) {
    text += chunk.choices[0]?.delta?.content ?? "";
  }
  passed("sdk streaming", text === "word1 word2 word3 ");
  const tools = [{ type: "function", function: { name: "weather", parameters } }];
  const called = await send({ model: "openai/gpt-4o", messages, tools });
  passed("sdk tools", called.choices[0].message.toolCalls[0].function.name === "weather");
  const fallen = await send({ models: ["groq/llama", "openai/gpt-4o"], messages, provider: { sort: "latency" } });
  passed("sdk fallback models", fallen.model === "openai/gpt-4o");
  const failed = await send({ model: "groq/llama", messages }).catch((error) => error);
  passed("sdk errors", failed.statusCode === 429 && failed.error.code === 429);
  const unknown = await send({ model: "nobody/x", messages }).catch((error) => error);
  passed("sdk unknown model", unknown.statusCode === 404);
  const listed = await client.models.list();
  passed("sdk models", (listed.result ?? listed).data.some((model) => model.id === "openai/gpt-4o"));
  const { data } = await client.endpoints.list({ author: "openai", slug: "gpt-4o" });
  passed("sdk endpoints", data.endpoints[0].providerName === "OpenAI");
  await new Promise((resolve) => setTimeout(resolve, 200)); // a call is remembered when it is over
  const generation = await client.generations.getGeneration({ id: answer.id });
  passed("sdk generation", generation.data.totalCost === answer.usage.cost);
  passed("sdk money", (await client.credits.getCredits()).data.totalUsage > 0);
}

ai().then(sdk).catch((error) => {
  console.error(error);
  process.exit(1);
});
