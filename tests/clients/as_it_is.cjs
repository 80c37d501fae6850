// One call of one official SDK, as its own documentation has it: as_it_is.cjs SDK. Prints what the model said.
const messages = [{ role: "user", content: "hi" }];

const CLIENTS = {
  async openai() {
    const OpenAI = require("openai");
    const client = new OpenAI({ apiKey: "sk-of-the-app", maxRetries: 0, timeout: 20_000 });
    let text = "";
    for await (const chunk of await client.chat.completions.create({ model: "gpt-5", messages, stream: true })) {
      text += chunk.choices[0]?.delta?.content ?? "";
    }
    return text;
  },
  async anthropic() {
    const Anthropic = require("@anthropic-ai/sdk");
    const client = new Anthropic({ apiKey: "sk-ant-of-the-app", maxRetries: 0, timeout: 20_000 });
    const asked = client.messages.stream({ model: "claude-sonnet-4-5", max_tokens: 64, messages });
    return (await asked.finalMessage()).content[0].text;
  },
  async google_genai() {
    const { GoogleGenAI } = await import("@google/genai");
    const client = new GoogleGenAI({ apiKey: "AIza-of-the-app" });
    return (await client.models.generateContent({ model: "gemini-2.5-flash", contents: "hi" })).text;
  },
  async bedrock() {
    const { BedrockRuntimeClient, ConverseStreamCommand } = require("@aws-sdk/client-bedrock-runtime");
    const credentials = { accessKeyId: "AKIAOFTHEAPP", secretAccessKey: "of-the-app" };
    const client = new BedrockRuntimeClient({ region: "eu-west-1", credentials, maxAttempts: 1 });
    const asked = { modelId: "eu.anthropic.claude-sonnet-4-5-v1:0", messages: [{ role: "user", content: [{ text: "hi" }] }] };
    let text = "";
    for await (const event of (await client.send(new ConverseStreamCommand(asked))).stream) {
      text += event.contentBlockDelta?.delta?.text ?? "";
    }
    return text;
  },
};

CLIENTS[process.argv[2]]().then(
  (text) => console.log(text),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
