"""One call of one official SDK, as its own documentation has it: as_it_is.py SDK. Prints what the model said."""

import sys

MESSAGES = [{"role": "user", "content": "hi"}]


def openai():
    import openai

    client = openai.OpenAI(api_key="sk-of-the-app", max_retries=0, timeout=20)
    stream = client.chat.completions.create(model="gpt-5", messages=MESSAGES, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def anthropic():
    import anthropic

    client = anthropic.Anthropic(api_key="sk-ant-of-the-app", max_retries=0, timeout=20)
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=64, messages=MESSAGES) as stream:
        return "".join(stream.text_stream)


def google_genai():
    from google import genai

    client = genai.Client(api_key="AIza-of-the-app")
    return client.models.generate_content(model="gemini-2.5-flash", contents="hi").text


def boto3():
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        aws_access_key_id="AKIAOFTHEAPP",
        aws_secret_access_key="of-the-app",
        config=Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20),
    )
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    stream = client.converse_stream(modelId="eu.anthropic.claude-sonnet-4-5-v1:0", messages=messages)["stream"]
    return "".join(e["contentBlockDelta"]["delta"].get("text", "") for e in stream if "contentBlockDelta" in e)


def cohere():
    import cohere

    client = cohere.ClientV2(api_key="of-the-app", timeout=20)
    return client.chat(model="command-a-03-2025", messages=MESSAGES).message.content[0].text


def mistralai():
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    client = Mistral(api_key="of-the-app", timeout_ms=20_000)
    return client.chat.complete(model="mistral-large-latest", messages=MESSAGES).choices[0].message.content


print(globals()[sys.argv[1]]())
