"""Every vendor's Python SDK in the same few words:

- `user(text, image)`: a history that begins with that;
- `say(model, history, tools, schema, think, stream)`: what the model says;
- `results([(call, text), ...])`: what goes on a history after its calls."""

import base64
import json
import os
from dataclasses import dataclass, field

import anthropic
import boto3
import botocore.config
import cohere
import openai
from google import genai
from google.genai import types

url = os.environ["OUTRIDER_URL"]
# How long an SDK waits for more.
patience = float(os.environ.get("OUTRIDER_PATIENCE", "10"))
parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@dataclass
class Call:
    id: str
    name: str
    arguments: dict


@dataclass
class Said:
    history: list
    text: str = ""
    thoughts: str = ""
    calls: list = field(default_factory=list)
    input: int = 0
    cached: int = 0


def data_url(image):
    return "data:image/png;base64," + base64.b64encode(image).decode()


class OpenAIChat:
    name = "OpenAIChat"

    def __init__(self):
        self.client = openai.OpenAI(base_url=url + "/v1", api_key="x", max_retries=0, timeout=patience)

    def user(self, text, image=None):
        if not image:
            return [{"role": "user", "content": text}]
        picture = {"type": "image_url", "image_url": {"url": data_url(image)}}
        return [{"role": "user", "content": [{"type": "text", "text": text}, picture]}]

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        more = {}
        if tools:
            function = {"name": "weather", "description": "w", "parameters": parameters}
            more["tools"] = [{"type": "function", "function": function}]
        if schema:
            form = {"name": "answer", "schema": schema, "strict": True}
            more["response_format"] = {"type": "json_schema", "json_schema": form}
        if think:
            more["reasoning_effort"] = "medium"
        if stream:
            more["stream_options"] = {"include_usage": True}
            with self.client.chat.completions.stream(model=model, messages=history, **more) as events:
                answer = events.get_final_completion()
        else:
            answer = self.client.chat.completions.create(model=model, messages=history, **more)
        message = answer.choices[0].message
        calls = message.tool_calls or []
        return Said(
            [message.model_dump(exclude_none=True, exclude={"parsed"})],
            message.content or "",
            getattr(message, "reasoning_content", None) or "",
            [Call(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls],
            answer.usage.prompt_tokens,
            answer.usage.prompt_tokens_details.cached_tokens if answer.usage.prompt_tokens_details else 0,
        )

    def results(self, results):
        return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in results]


class OpenAIResponses(OpenAIChat):
    name = "OpenAIResponses"

    def user(self, text, image=None):
        picture = [{"type": "input_image", "image_url": data_url(image), "detail": "auto"}] if image else []
        return [{"role": "user", "content": [{"type": "input_text", "text": text}, *picture]}]

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        more = {"store": False}
        if tools:
            tool = {"type": "function", "name": "weather", "description": "w", "parameters": parameters}
            more["tools"] = [{**tool, "strict": False}]
        if schema:
            form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
            more["text"] = {"format": form}
        if think:
            more["reasoning"] = {"effort": "medium", "summary": "auto"}
            more["include"] = ["reasoning.encrypted_content"]
        if stream:
            with self.client.responses.stream(model=model, input=history, **more) as events:
                for _ in events:
                    pass
                answer = events.get_final_response()
        else:
            answer = self.client.responses.create(model=model, input=history, **more)
        calls = [item for item in answer.output if item.type == "function_call"]
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        return Said(
            [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output],
            answer.output_text,
            "".join(piece.text for item in thoughts for piece in [*item.summary, *(item.content or [])]),
            [Call(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
            answer.usage.input_tokens,
            answer.usage.input_tokens_details.cached_tokens,
        )

    def results(self, results):
        return [{"type": "function_call_output", "call_id": call.id, "output": text} for call, text in results]


class Anthropic:
    name = "Anthropic"

    def __init__(self):
        self.client = anthropic.Anthropic(base_url=url, api_key="x", max_retries=0, timeout=patience)

    def user(self, text, image=None):
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(image or b"").decode()}
        picture = [{"type": "image", "source": source}] if image else []
        return [{"role": "user", "content": [*picture, {"type": "text", "text": text}]}]

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        more = {"max_tokens": 2000}
        if tools:
            more["tools"] = [{"name": "weather", "description": "w", "input_schema": parameters}]
        if schema:
            more["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        if think:
            more["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        if stream:
            with self.client.messages.stream(model=model, messages=history, **more) as events:
                answer = events.get_final_message()
        else:
            answer = self.client.messages.create(model=model, messages=history, **more)
        blocks, usage = answer.content, answer.usage
        return Said(
            [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in blocks]}],
            "".join(block.text for block in blocks if block.type == "text"),
            "".join(block.thinking for block in blocks if block.type == "thinking"),
            [Call(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"],
            usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0),
            usage.cache_read_input_tokens or 0,
        )

    def results(self, results):
        blocks = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in results]
        return [{"role": "user", "content": blocks}]


class Gemini:
    name = "Gemini"

    def __init__(self):
        self.client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=url, timeout=int(patience * 1000)))

    def user(self, text, image=None):
        picture = [types.Part.from_bytes(data=image, mime_type="image/png")] if image else []
        return [types.Content(role="user", parts=[*picture, types.Part(text=text)])]

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        config = types.GenerateContentConfig(automatic_function_calling={"disable": True})
        if tools:
            tool = types.FunctionDeclaration(name="weather", description="w", parameters_json_schema=parameters)
            config.tools = [types.Tool(function_declarations=[tool])]
        if schema:
            config.response_mime_type, config.response_json_schema = "application/json", schema
        if think:
            config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)
        if stream:
            chunks = list(self.client.models.generate_content_stream(model=model, contents=history, config=config))
        else:
            chunks = [self.client.models.generate_content(model=model, contents=history, config=config)]
        contents = [chunk.candidates[0].content for chunk in chunks if chunk.candidates]
        parts = [part for content in contents if content for part in content.parts or []]
        calls = [part.function_call for part in parts if part.function_call]
        usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
        return Said(
            [types.Content(role="model", parts=parts)],
            "".join(part.text for part in parts if part.text and not part.thought),
            "".join(part.text for part in parts if part.text and part.thought),
            [Call(call.id, call.name, call.args) for call in calls],
            usage.prompt_token_count,
            usage.cached_content_token_count or 0,
        )

    def results(self, results):
        answers = [
            types.FunctionResponse(name=call.name, id=call.id, response={"output": text}) for call, text in results
        ]
        return [types.Content(role="user", parts=[types.Part(function_response=answer) for answer in answers])]


class Bedrock:
    name = "Bedrock"

    def __init__(self):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=10)
        self.client = boto3.client(
            "bedrock-runtime", endpoint_url=url, region_name="us-east-1", config=config,
            aws_access_key_id="x", aws_secret_access_key="x",
        )

    def user(self, text, image=None):
        picture = [{"image": {"format": "png", "source": {"bytes": image}}}] if image else []
        return [{"role": "user", "content": [*picture, {"text": text}]}]

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        more = {}
        if tools:
            tool = {"name": "weather", "description": "w", "inputSchema": {"json": parameters}}
            more["toolConfig"] = {"tools": [{"toolSpec": tool}]}
        if schema:
            form = {"jsonSchema": {"name": "answer", "schema": json.dumps(schema)}}
            more["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": form}}
        if think:
            more["additionalModelRequestFields"] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
        if stream:
            events = list(self.client.converse_stream(modelId=model, messages=history, **more)["stream"])
            blocks, usage = self.gathered(events), [event for event in events if "metadata" in event][-1]["metadata"]["usage"]
        else:
            answer = self.client.converse(modelId=model, messages=history, **more)
            blocks, usage = answer["output"]["message"]["content"], answer["usage"]
        thoughts = [block["reasoningContent"]["reasoningText"]["text"] for block in blocks if "reasoningContent" in block]
        calls = [block["toolUse"] for block in blocks if "toolUse" in block]
        cached = usage.get("cacheReadInputTokens", 0)
        return Said(
            [{"role": "assistant", "content": blocks}],
            "".join(block.get("text", "") for block in blocks),
            "".join(thoughts),
            [Call(call["toolUseId"], call["name"], call["input"]) for call in calls],
            usage["inputTokens"] + cached + usage.get("cacheWriteInputTokens", 0),
            cached,
        )

    def gathered(self, events):
        """The blocks of a stream."""
        blocks = {}
        for event in events:
            if start := event.get("contentBlockStart"):
                blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
            elif piece := event.get("contentBlockDelta"):
                block, delta = blocks.setdefault(piece["contentBlockIndex"], {}), piece["delta"]
                if "text" in delta:
                    block["text"] = block.get("text", "") + delta["text"]
                elif "toolUse" in delta:
                    block["toolUse"]["input"] += delta["toolUse"]["input"]
                else:
                    thought = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {"text": ""})
                    for member, value in delta["reasoningContent"].items():
                        thought[member] = thought.get(member, "") + value
        for block in blocks.values():
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
        return [blocks[index] for index in sorted(blocks)]

    def results(self, results):
        blocks = [{"toolResult": {"toolUseId": call.id, "content": [{"text": text}]}} for call, text in results]
        return [{"role": "user", "content": blocks}]


class Cohere:
    name = "Cohere"

    def __init__(self):
        self.client = cohere.ClientV2(api_key="x", base_url=url, timeout=patience)

    user = OpenAIChat.user
    results = OpenAIChat.results

    def say(self, model, history, tools=False, schema=None, think=False, stream=False):
        more = {"request_options": {"max_retries": 0}}
        if tools:
            function = {"name": "weather", "description": "w", "parameters": parameters}
            more["tools"] = [{"type": "function", "function": function}]
        if schema:
            more["response_format"] = {"type": "json_object", "json_schema": schema}
        if think:
            more["thinking"] = {"type": "enabled", "token_budget": 1024}
        if stream:
            message, usage = self.gathered(self.client.chat_stream(model=model, messages=history, **more))
        else:
            answer = self.client.chat(model=model, messages=history, **more)
            message, usage = answer.message.model_dump(exclude_none=True), answer.usage
        content = message.get("content") or []
        calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or []]
        return Said(
            [message],
            "".join(piece.get("text", "") for piece in content),
            "".join(piece.get("thinking", "") for piece in content),
            [Call(id, function["name"], json.loads(function["arguments"])) for id, function in calls],
            int(usage.tokens.input_tokens),
            int(getattr(usage, "cached_tokens", None) or 0),
        )

    def gathered(self, events):
        """The message of a stream, and its usage."""
        content, calls, usage = [], [], None
        for event in events:
            if event.type == "content-start":
                content.append(event.delta.message.content.model_dump(exclude_none=True))
            elif event.type == "content-delta":
                for member in ("text", "thinking"):
                    piece = getattr(event.delta.message.content, member, None) or ""
                    if piece:
                        content[-1][member] = content[-1].get(member, "") + piece
            elif event.type == "tool-call-start":
                calls.append(event.delta.message.tool_calls.model_dump(exclude_none=True))
            elif event.type == "tool-call-delta":
                calls[-1]["function"]["arguments"] += event.delta.message.tool_calls.function.arguments
            elif event.type == "message-end":
                usage = event.delta.usage
        message = {"role": "assistant", "content": content, "tool_calls": calls}
        return {member: value for member, value in message.items() if value}, usage


SDKS = [OpenAIChat, OpenAIResponses, Anthropic, Gemini, Bedrock, Cohere]
