// Every vendor's Node SDK in the same few words:
//
// - `user(text)`: a history that begins with that;
// - `say(model, history, {tools, think, stream})`: what the model says;
// - `results([[call, text], ...])`: what goes on a history after its calls;
// - `told(error)`: the status and the message of a failure.
const Anthropic = require("@anthropic-ai/sdk").default;
const { GoogleGenAI } = require("@google/genai");
const OpenAI = require("openai");

const url = process.env.OUTRIDER_URL;
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
// How long an SDK waits for an answer to begin.
const timeout = 1000 * (process.env.OUTRIDER_PATIENCE ?? 10);
const quiet = { apiKey: "x", maxRetries: 0, timeout };

const openai = new OpenAI({ ...quiet, baseURL: url + "/v1" });
const anthropic = new Anthropic({ ...quiet, baseURL: url });
const gemini = new GoogleGenAI({ apiKey: "x", httpOptions: { baseUrl: url, timeout: 60_000 } }); // for the whole answer

const chat = {
  name: "openai chat",
  user: (text) => [{ role: "user", content: text }],
  async say(model, messages, { tools, think, stream }) {
    const function_ = { name: "weather", description: "w", parameters: schema };
    const body = { model, messages };
    if (tools) body.tools = [{ type: "function", function: function_ }];
    if (think) body.reasoning_effort = "medium";
    // The helper keeps only the last piece of members that it does not know.
    let thoughts = "";
    const answer = stream
      ? await openai.chat.completions
          .stream({ ...body, stream: true, stream_options: { include_usage: true } })
          .on("chunk", (chunk) => (thoughts += chunk.choices[0]?.delta?.reasoning_content ?? ""))
          .finalChatCompletion()
      : await openai.chat.completions.create(body);
    const message = answer.choices[0].message;
    return {
      history: [message],
      text: message.content ?? "",
      thoughts: stream ? thoughts : message.reasoning_content,
      calls: (message.tool_calls ?? []).map((call) => ({
        id: call.id,
        name: call.function.name,
        arguments: JSON.parse(call.function.arguments),
      })),
      input: answer.usage.prompt_tokens,
      output: answer.usage.completion_tokens,
    };
  },
  results: (results) => results.map(([call, text]) => ({ role: "tool", tool_call_id: call.id, content: text })),
  told: (error) => ({ status: error.status, message: error.message }),
};

const responses = {
  ...chat,
  name: "openai responses",
  async say(model, input, { tools, think, stream }) {
    const body = { model, input, store: false };
    if (tools) body.tools = [{ type: "function", name: "weather", description: "w", parameters: schema, strict: false }];
    if (think) Object.assign(body, { reasoning: { effort: "medium", summary: "auto" }, include: ["reasoning.encrypted_content"] });
    const answer = stream
      ? await openai.responses.stream(body).finalResponse()
      : await openai.responses.create(body);
    const of = (type) => answer.output.filter((item) => item.type === type);
    return {
      history: answer.output.map(({ parsed_arguments, ...item }) => item),
      text: answer.output_text,
      thoughts: of("reasoning").flatMap((item) => [...item.summary, ...(item.content ?? [])]).map((piece) => piece.text).join(""),
      calls: of("function_call").map((call) => ({ id: call.call_id, name: call.name, arguments: JSON.parse(call.arguments) })),
      input: answer.usage.input_tokens,
      output: answer.usage.output_tokens,
    };
  },
  results: (results) =>
    results.map(([call, text]) => ({ type: "function_call_output", call_id: call.id, output: text })),
};

const messages = {
  ...chat,
  name: "anthropic",
  async say(model, messages, { tools, think, stream }) {
    const body = { model, messages, max_tokens: 2000 };
    if (tools) body.tools = [{ name: "weather", description: "w", input_schema: schema }];
    if (think) body.thinking = { type: "enabled", budget_tokens: 1024 };
    const answer = stream ? await anthropic.messages.stream(body).finalMessage() : await anthropic.messages.create(body);
    const of = (type) => answer.content.filter((block) => block.type === type);
    return {
      history: [{ role: "assistant", content: answer.content }],
      text: of("text").map((block) => block.text).join(""),
      thoughts: of("thinking").map((block) => block.thinking).join(""),
      calls: of("tool_use").map((block) => ({ id: block.id, name: block.name, arguments: block.input })),
      input: answer.usage.input_tokens,
      output: answer.usage.output_tokens,
    };
  },
  results: (results) => [
    {
      role: "user",
      content: results.map(([call, text]) => ({ type: "tool_result", tool_use_id: call.id, content: text })),
    },
  ],
};

const generate = {
  name: "google genai",
  user: (text) => [{ role: "user", parts: [{ text }] }],
  async say(model, contents, { tools, think, stream }) {
    const config = {};
    if (tools) {
      config.tools = [{ functionDeclarations: [{ name: "weather", description: "w", parametersJsonSchema: schema }] }];
    }
    if (think) config.thinkingConfig = { includeThoughts: true, thinkingBudget: 1024 };
    const chunks = [];
    if (stream) {
      for await (const chunk of await gemini.models.generateContentStream({ model, contents, config })) chunks.push(chunk);
    } else {
      chunks.push(await gemini.models.generateContent({ model, contents, config }));
    }
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    const usage = chunks.map((chunk) => chunk.usageMetadata).filter(Boolean).at(-1);
    const text = (thought) => parts.filter((part) => part.text && !!part.thought === thought).map((part) => part.text);
    return {
      history: [{ role: "model", parts }],
      text: text(false).join(""),
      thoughts: text(true).join(""),
      calls: parts.filter((part) => part.functionCall).map(({ functionCall: call }) => ({ id: call.id, name: call.name, arguments: call.args })),
      input: usage.promptTokenCount,
      output: usage.candidatesTokenCount,
    };
  },
  results: (results) => [
    {
      role: "user",
      parts: results.map(([call, text]) => ({
        functionResponse: { id: call.id, name: call.name, response: { output: text } },
      })),
    },
  ],
  told: (error) => ({ status: error.status, message: error.message }),
};

module.exports = { SDKS: [chat, responses, messages, generate, ...require("./ai_sdks.cjs").SDKS] };
