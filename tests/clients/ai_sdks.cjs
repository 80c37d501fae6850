// Vercel's `ai` with its own providers, which read the vendors' formats with code and checks of their own.
const { generateText, streamText, jsonSchema, tool } = require("ai");
const { createAnthropic } = require("@ai-sdk/anthropic");
const { createGoogleGenerativeAI } = require("@ai-sdk/google");
const { createOpenAI } = require("@ai-sdk/openai");

const url = process.env.OUTRIDER_URL;
const openai = createOpenAI({ baseURL: url + "/v1", apiKey: "x" });
const anthropic = createAnthropic({ baseURL: url + "/v1", apiKey: "x" });
const google = createGoogleGenerativeAI({ baseURL: url + "/v1beta", apiKey: "x" });
const inputSchema = jsonSchema({ type: "object", properties: { city: { type: "string" } }, required: ["city"] });

function sdk(name, model, options) {
  return {
    name,
    user: (text) => [{ role: "user", content: text }],
    async say(id, messages, { tools, think, stream }) {
      const body = { model: model(id), messages, maxRetries: 0, maxOutputTokens: 2000 };
      if (tools) body.tools = { weather: tool({ description: "w", inputSchema }) };
      if (think) body.providerOptions = options;
      let failure;
      const answer = stream ? streamText({ ...body, onError: ({ error }) => (failure = error) }) : await generateText(body);
      if (stream) await answer.consumeStream();
      if (failure) throw failure;
      const [text, thoughts, calls, usage, response] = await Promise.all([
        answer.text, answer.reasoningText, answer.toolCalls, answer.usage, answer.response,
      ]);
      return {
        history: response.messages,
        text,
        thoughts,
        calls: calls.map((call) => ({ id: call.toolCallId, name: call.toolName, arguments: call.input })),
        input: usage.inputTokens,
        output: usage.outputTokens,
      };
    },
    results: (results) => [
      {
        role: "tool",
        content: results.map(([call, value]) => ({
          type: "tool-result",
          toolCallId: call.id,
          toolName: call.name,
          output: { type: "text", value },
        })),
      },
    ],
    told: (error) => ({ status: error.statusCode, message: error.message }),
  };
}

const effort = { openai: { reasoningEffort: "medium", reasoningSummary: "auto", store: false, forceReasoning: true } };
const SDKS = [
  sdk("ai openai chat", (id) => openai.chat(id), { openai: { reasoningEffort: "medium" } }),
  sdk("ai openai responses", (id) => openai.responses(id), effort),
  sdk("ai anthropic", anthropic, { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } }),
  sdk("ai google", google, { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } }),
];
module.exports = { SDKS };
