// The official Node SDKs wait for models that are silent for longer than they wait for an answer to begin: only what
// they pass over without a word keeps them waiting. Prints `PASS what` for each thing that worked.
const assert = require("node:assert");
const { SDKS } = require("./translated_sdks.cjs");

async function waits(sdk, model) {
  const { text } = await sdk.say(model, sdk.user("hi, model"), { stream: true });
  assert.strictEqual(text, "Hello there");
}

async function isTold(sdk, model) {
  const said = await sdk.say(model, sdk.user("hi, model"), { stream: true }).then((said) => said, () => null);
  assert.strictEqual(said, null, "a failure was taken for an answer");
}

async function play(sdk) {
  for (const [scene, model] of [[waits, "slow"], [waits, "cut"], [isTold, "fails"]]) {
    try {
      await scene(sdk, model);
      console.log("PASS", sdk.name, model);
    } catch (error) {
      process.exitCode = 1;
      console.error("FAIL", sdk.name, model, "\n", error);
    }
  }
}

Promise.all(SDKS.map(play)).then(() => process.exitCode || console.log("ALL PASSED"));
