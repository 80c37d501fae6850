"""The official Python SDKs, each against a provider of every dialect. Prints `PASS what` for each thing that worked."""

import json
import os
import sys
import traceback

import anthropic
import boto3
import botocore.config
import cohere
import openai
from google import genai
from google.genai import types

url = os.environ["OUTRIDER_URL"]
models = os.environ["OUTRIDER_MODELS"].split(",")
schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
failures = []


def check(what, fine, got=None):
    if not fine:
        raise AssertionError(f"{what}: got {got!r}")


class OpenAIChat:
    tools = [{"type": "function", "function": {"name": "weather", "description": "w", "parameters": schema}}]

    def __init__(self):
        self.client = openai.OpenAI(base_url=url + "/v1", api_key="x", max_retries=0, timeout=10)

    def create(self, model, messages, **more):
        return self.client.chat.completions.create(model=model, messages=messages, **more)

    def text(self, model):
        answer = self.create(model, [{"role": "user", "content": "hi, model"}])
        return answer.choices[0].message.content, answer.usage.prompt_tokens, answer.usage.completion_tokens

    def stream(self, model):
        options = {"include_usage": True}
        chunks = list(self.create(model, [{"role": "user", "content": "hi"}], stream=True, stream_options=options))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        return text, chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens

    def tool_loop(self, model):
        asked = [{"role": "user", "content": "what is the weather?"}]
        said = self.create(model, asked, tools=self.tools).choices[0]
        call = said.message.tool_calls[0]
        check("finish", said.finish_reason == "tool_calls", said)
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        answer = self.create(model, [*asked, said.message.model_dump(exclude_none=True), result], tools=self.tools)
        return call.function.name, call.function.arguments, answer.choices[0].message.content

    def tool_stream(self, model):
        with self.client.chat.completions.stream(
            model=model, messages=[{"role": "user", "content": "weather?"}], tools=self.tools
        ) as stream:
            call = stream.get_final_completion().choices[0].message.tool_calls[0]
        return call.function.name, call.function.arguments

    def fail(self, model, status):
        try:
            self.create(model, [{"role": "user", "content": f"fail {status}"}])
        except openai.APIStatusError as error:
            return error.status_code, error.message


class OpenAIResponses(OpenAIChat):
    tools = [{"type": "function", "name": "weather", "description": "w", "parameters": schema, "strict": False}]

    def create(self, model, messages, **more):
        return self.client.responses.create(model=model, input=messages, **more)

    def text(self, model):
        answer = self.create(model, "hi, model")
        return answer.output_text, answer.usage.input_tokens, answer.usage.output_tokens

    def stream(self, model):
        with self.client.responses.stream(model=model, input="hi") as stream:
            text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
            answer = stream.get_final_response()
        check("deltas", text == answer.output_text, text)
        return answer.output_text, answer.usage.input_tokens, answer.usage.output_tokens

    def tool_loop(self, model):
        asked = [{"role": "user", "content": "what is the weather?"}]
        said = self.create(model, asked, tools=self.tools)
        call = next(item for item in said.output if item.type == "function_call")
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
        history = [item.model_dump(exclude_none=True) for item in said.output]
        answer = self.create(model, [*asked, *history, result], tools=self.tools)
        return call.name, call.arguments, answer.output_text

    def tool_stream(self, model):
        with self.client.responses.stream(model=model, input="weather?", tools=self.tools) as stream:
            for _ in stream:
                pass
            answer = stream.get_final_response()
        call = next(item for item in answer.output if item.type == "function_call")
        return call.name, call.arguments

    def fail(self, model, status):
        try:
            self.create(model, f"fail {status}")
        except openai.APIStatusError as error:
            return error.status_code, error.message


class Anthropic:
    tools = [{"name": "weather", "description": "w", "input_schema": schema}]

    def __init__(self):
        self.client = anthropic.Anthropic(base_url=url, api_key="x", max_retries=0, timeout=10)

    def create(self, model, messages, **more):
        return self.client.messages.create(model=model, max_tokens=99, messages=messages, **more)

    def text(self, model):
        answer = self.create(model, [{"role": "user", "content": "hi, model"}])
        return answer.content[0].text, answer.usage.input_tokens, answer.usage.output_tokens

    def stream(self, model):
        messages = [{"role": "user", "content": "hi"}]
        with self.client.messages.stream(model=model, max_tokens=99, messages=messages) as stream:
            text = "".join(stream.text_stream)
            answer = stream.get_final_message()
        return text, answer.usage.input_tokens, answer.usage.output_tokens

    def tool_loop(self, model):
        asked = [{"role": "user", "content": "what is the weather?"}]
        said = self.create(model, asked, tools=self.tools)
        call = next(block for block in said.content if block.type == "tool_use")
        check("stop", said.stop_reason == "tool_use", said)
        result = [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]
        history = [block.model_dump(exclude_none=True) for block in said.content]
        messages = [*asked, {"role": "assistant", "content": history}, {"role": "user", "content": result}]
        answer = self.create(model, messages, tools=self.tools)
        return call.name, call.input, answer.content[-1].text

    def tool_stream(self, model):
        messages = [{"role": "user", "content": "weather?"}]
        with self.client.messages.stream(model=model, max_tokens=99, messages=messages, tools=self.tools) as stream:
            answer = stream.get_final_message()
        call = next(block for block in answer.content if block.type == "tool_use")
        return call.name, call.input

    def fail(self, model, status):
        try:
            self.create(model, [{"role": "user", "content": f"fail {status}"}])
        except anthropic.APIStatusError as error:
            return error.status_code, str(error)


class AnthropicBedrock(Anthropic):
    def __init__(self):
        self.client = anthropic.AnthropicBedrock(
            base_url=url, aws_region="us-east-1", aws_access_key="x", aws_secret_key="x", max_retries=0, timeout=10
        )


class AnthropicVertex(Anthropic):
    def __init__(self):
        self.client = anthropic.AnthropicVertex(
            base_url=url + "/v1", region="us-east5", project_id="p", access_token="x", max_retries=0, timeout=10
        )


class Gemini:
    def __init__(self):
        options = types.HttpOptions(base_url=url, timeout=10_000)
        self.client = genai.Client(api_key="x", http_options=options)
        declaration = types.FunctionDeclaration(name="weather", description="w", parameters_json_schema=schema)
        off = types.AutomaticFunctionCallingConfig(disable=True)
        self.config = types.GenerateContentConfig(
            tools=[types.Tool(function_declarations=[declaration])], automatic_function_calling=off
        )

    def create(self, model, contents, config=None):
        return self.client.models.generate_content(model=model, contents=contents, config=config)

    def text(self, model):
        answer = self.create(model, "hi, model")
        return answer.text, answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count

    def stream(self, model):
        chunks = list(self.client.models.generate_content_stream(model=model, contents="hi"))
        usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
        return "".join(chunk.text or "" for chunk in chunks), usage.prompt_token_count, usage.candidates_token_count

    def tool_loop(self, model):
        asked = types.Content(role="user", parts=[types.Part(text="what is the weather?")])
        said = self.create(model, [asked], self.config)
        call = said.function_calls[0]
        result = types.FunctionResponse(name=call.name, id=call.id, response={"output": "sunny"})
        answered = types.Content(role="user", parts=[types.Part(function_response=result)])
        answer = self.create(model, [asked, said.candidates[0].content, answered], self.config)
        return call.name, call.args, answer.text

    def tool_stream(self, model):
        chunks = self.client.models.generate_content_stream(model=model, contents="weather?", config=self.config)
        call = [call for chunk in chunks for call in chunk.function_calls or []][0]
        return call.name, call.args

    def fail(self, model, status):
        try:
            self.create(model, f"fail {status}")
        except genai.errors.APIError as error:
            return error.code, error.message


class Bedrock:
    tools = {"tools": [{"toolSpec": {"name": "weather", "description": "w", "inputSchema": {"json": schema}}}]}

    def __init__(self):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=10)
        self.client = boto3.client(
            "bedrock-runtime", endpoint_url=url, region_name="us-east-1", config=config,
            aws_access_key_id="x", aws_secret_access_key="x",
        )

    def ask(self, text):
        return [{"role": "user", "content": [{"text": text}]}]

    def create(self, model, messages, **more):
        return self.client.converse(modelId=model, messages=messages, **more)

    def text(self, model):
        answer = self.create(model, self.ask("hi, model"))
        text = answer["output"]["message"]["content"][0]["text"]
        return text, answer["usage"]["inputTokens"], answer["usage"]["outputTokens"]

    def stream(self, model):
        events = list(self.client.converse_stream(modelId=model, messages=self.ask("hi"))["stream"])
        deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
        usage = [event["metadata"]["usage"] for event in events if "metadata" in event][-1]
        return "".join(delta.get("text", "") for delta in deltas), usage["inputTokens"], usage["outputTokens"]

    def tool_loop(self, model):
        asked = self.ask("what is the weather?")
        said = self.create(model, asked, toolConfig=self.tools)
        message = said["output"]["message"]
        call = next(block["toolUse"] for block in message["content"] if "toolUse" in block)
        check("stop", said["stopReason"] == "tool_use", said)
        result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "sunny"}]}}
        answer = self.create(model, [*asked, message, {"role": "user", "content": [result]}], toolConfig=self.tools)
        return call["name"], call["input"], answer["output"]["message"]["content"][-1]["text"]

    def tool_stream(self, model):
        stream = self.client.converse_stream(modelId=model, messages=self.ask("weather?"), toolConfig=self.tools)
        events = list(stream["stream"])
        name = [event["contentBlockStart"]["start"]["toolUse"]["name"] for event in events if "contentBlockStart" in event]
        deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
        return name[0], "".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)

    def fail(self, model, status):
        try:
            self.create(model, self.ask(f"fail {status}"))
        except self.client.exceptions.ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Message"]


class BedrockInvoke(Bedrock):
    tools = [{"name": "weather", "description": "w", "input_schema": schema}]

    def body(self, messages, **more):
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": messages, **more}
        return json.dumps(body)

    def ask(self, text):
        return [{"role": "user", "content": text}]

    def create(self, model, messages, **more):
        answer = self.client.invoke_model(modelId=model, body=self.body(messages, **more))
        check("type", answer["contentType"] == "application/json", answer)
        return json.loads(answer["body"].read())

    def events(self, model, text, **more):
        body = self.body(self.ask(text), **more)
        answer = self.client.invoke_model_with_response_stream(modelId=model, body=body)
        check("type", answer["contentType"] == "application/json", answer)
        return [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]

    def text(self, model):
        answer = self.create(model, self.ask("hi, model"))
        return answer["content"][0]["text"], answer["usage"]["input_tokens"], answer["usage"]["output_tokens"]

    def stream(self, model):
        events = self.events(model, "hi")
        check("last", events[-1]["type"] == "message_stop", events)
        text = "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")
        usage = events[0]["message"]["usage"] | events[-2]["usage"]
        return text, usage["input_tokens"], usage["output_tokens"]

    def tool_loop(self, model):
        asked = self.ask("what is the weather?")
        said = self.create(model, asked, tools=self.tools)
        call = next(block for block in said["content"] if block["type"] == "tool_use")
        result = [{"type": "tool_result", "tool_use_id": call["id"], "content": "sunny"}]
        history = [*asked, {"role": "assistant", "content": said["content"]}, {"role": "user", "content": result}]
        answer = self.create(model, history, tools=self.tools)
        return call["name"], call["input"], answer["content"][-1]["text"]

    def tool_stream(self, model):
        events = self.events(model, "weather?", tools=self.tools)
        starts = [event["content_block"] for event in events if event["type"] == "content_block_start"]
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        name = next(block["name"] for block in starts if block["type"] == "tool_use")
        return name, "".join(delta.get("partial_json", "") for delta in deltas)


class Cohere:
    tools = [{"type": "function", "function": {"name": "weather", "description": "w", "parameters": schema}}]

    def __init__(self):
        self.client = cohere.ClientV2(api_key="x", base_url=url, timeout=10)

    def create(self, model, messages, **more):
        options = {"max_retries": 0}
        return self.client.chat(model=model, messages=messages, request_options=options, **more)

    def text(self, model):
        answer = self.create(model, [{"role": "user", "content": "hi, model"}])
        tokens = answer.usage.tokens
        return answer.message.content[0].text, tokens.input_tokens, tokens.output_tokens

    def stream(self, model):
        events = list(self.client.chat_stream(model=model, messages=[{"role": "user", "content": "hi"}]))
        text = "".join(e.delta.message.content.text for e in events if e.type == "content-delta")
        tokens = [event.delta.usage.tokens for event in events if event.type == "message-end"][-1]
        return text, tokens.input_tokens, tokens.output_tokens

    def tool_loop(self, model):
        asked = [{"role": "user", "content": "what is the weather?"}]
        said = self.create(model, asked, tools=self.tools)
        call = said.message.tool_calls[0]
        check("finish", said.finish_reason == "TOOL_CALL", said)
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        message = said.message.model_dump(exclude_none=True)
        answer = self.create(model, [*asked, message, result], tools=self.tools)
        return call.function.name, call.function.arguments, answer.message.content[-1].text

    def tool_stream(self, model):
        events = list(
            self.client.chat_stream(model=model, messages=[{"role": "user", "content": "weather?"}], tools=self.tools)
        )
        name = [e.delta.message.tool_calls.function.name for e in events if e.type == "tool-call-start"][0]
        pieces = [e.delta.message.tool_calls.function.arguments for e in events if e.type == "tool-call-delta"]
        return name, "".join(pieces)

    def fail(self, model, status):
        try:
            self.create(model, [{"role": "user", "content": f"fail {status}"}])
        except cohere.core.api_error.ApiError as error:
            return error.status_code, str(error.body)


def arguments(value):
    import json

    return json.loads(value) if isinstance(value, str) else dict(value)


def drive(name, client, model):
    def attempt(what, work):
        try:
            work()
            print(f"PASS {name} {model} {what}", flush=True)
        except Exception:
            failures.append(f"{name} {model} {what}")
            print(f"FAIL {name} {model} {what}\n{traceback.format_exc(limit=-3)}", file=sys.stderr, flush=True)

    def text():
        got = client.text(model)
        check("text", got == ("Hello there", 9, 3), got)

    def stream():
        got = client.stream(model)
        check("stream", got == ("Hello there", 9, 3), got)

    def tool_loop():
        called, given, answer = client.tool_loop(model)
        check("loop", (called, arguments(given), answer) == ("weather", {"city": "Paris"}, "Hello there"), answer)

    def tool_stream():
        called, given = client.tool_stream(model)
        check("call", (called, arguments(given)) == ("weather", {"city": "Paris"}), given)

    def fail(status):
        got = client.fail(model, status)
        check(f"status {status}", got and got[0] == status and f"provider says {status}" in got[1], got)

    attempt("text", text)
    attempt("stream", stream)
    attempt("tool loop", tool_loop)
    attempt("streamed tool", tool_stream)
    for status in (400, 429, 500):
        attempt(f"error {status}", lambda status=status: fail(status))


claudes = (Anthropic, AnthropicBedrock, AnthropicVertex, BedrockInvoke)
for sdk in (OpenAIChat, OpenAIResponses, *claudes, Gemini, Bedrock, Cohere):
    client = sdk()
    for model in models:
        drive(sdk.__name__, client, model)
if failures:
    sys.exit(f"{len(failures)} failed: {', '.join(failures)}")
print("ALL PASSED", flush=True)
