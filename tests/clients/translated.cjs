// The official Node SDKs, each against a provider of every dialect: answers, streams, tool loops, streamed tools,
// errors. Prints `PASS what` for each thing that worked.
const assert = require("node:assert");
const { SDKS } = require("./translated_sdks.cjs");

const models = process.env.OUTRIDER_MODELS.split(",");
const failures = [];

async function attempt(what, work) {
  try {
    await work();
    console.log("PASS", what);
  } catch (error) {
    failures.push(what);
    console.error("FAIL", what, "\n", error);
  }
}

async function drive(sdk, model) {
  const what = (deed) => `${sdk.name} ${model} ${deed}`;
  for (const stream of [false, true]) {
    const how = stream ? " streamed" : "";
    await attempt(what("text" + how), async () => {
      const { text, input, output } = await sdk.say(model, sdk.user("hi, model"), { stream });
      assert.deepStrictEqual({ text, input, output }, { text: "Hello there", input: 9, output: 3 });
    });
    for (const [words, cities] of [
      ["weather?", ["Paris"]],
      ["both weathers?", ["Paris", "Rome"]],
      ["ponder the weather", ["Paris"]],
    ]) {
      await attempt(what(words + how), async () => {
        const think = words.startsWith("ponder");
        const history = sdk.user(words);
        const first = await sdk.say(model, history, { stream, think, tools: true });
        const called = first.calls.map((call) => [call.name, call.arguments]);
        assert.deepStrictEqual(called, cities.map((city) => ["weather", { city }]));
        if (think && first.thoughts !== undefined) assert.strictEqual(first.thoughts, "The user wants weather");
        const results = sdk.results(first.calls.map((call) => [call, "sunny"]));
        const last = await sdk.say(model, [...history, ...first.history, ...results], { stream, think, tools: true });
        assert.deepStrictEqual([last.text, last.calls], ["Hello there", []]);
      });
    }
  }
  for (const status of [400, 429, 500]) {
    await attempt(what(`error ${status}`), async () => {
      const error = await sdk.say(model, sdk.user(`fail ${status}`), {}).then(() => null, (error) => error);
      const told = error && sdk.told(error);
      assert.ok(told && told.status === status && told.message.includes(`provider says ${status}`), error);
    });
  }
}

async function main() {
  for (const sdk of SDKS) {
    for (const model of models) await drive(sdk, model);
  }
  if (failures.length) throw new Error(`${failures.length} failed: ${failures.join(", ")}`);
  console.log("ALL PASSED");
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
