"""Requests of Cohere's chat by the types of its own SDK: there is no specification of it that is free.

The SDK takes unknown members of objects, to be there for newer ones; here they are mistakes.
"""

import inspect
import typing

import pydantic
from cohere.v2.raw_client import RawV2Client


class Chat:
    """What a client may say to `/v2/chat`."""

    def __init__(self):
        hints = typing.get_type_hints(RawV2Client.chat)
        named = inspect.signature(RawV2Client.chat).parameters
        self.required = {name for name, one in named.items() if one.default is inspect.Parameter.empty} - {"self"}
        hints = {name: hint for name, hint in hints.items() if name not in ("return", "request_options")}
        self.members = {name: pydantic.TypeAdapter(hint) for name, hint in hints.items()}

    def errors(self, document):
        """What is wrong with it."""
        found = {f": missing {name}" for name in self.required - document.keys()}
        for name, value in document.items():
            if name == "stream":
                found.update([] if isinstance(value, bool) else [": stream: no boolean"])
            elif name not in self.members:
                found.add(f": unknown member {name}")
            else:
                found.update(checked(self.members[name], value, name))
        return sorted(found)


class Type:
    """Answers by one of its types."""

    def __init__(self, kind):
        self.adapter = pydantic.TypeAdapter(kind)

    def errors(self, document):
        """What is wrong with it."""
        return sorted(set(checked(self.adapter, document, "")))


def checked(adapter, value, name):
    """What is wrong with a value."""
    try:
        read = adapter.validate_python(value)
    except pydantic.ValidationError as why:
        for one in why.errors():
            place = ".".join("*" if isinstance(step, int) else step for step in one["loc"])
            yield f"{name}.{place}: {one['type']}: {one['msg']}"[:240]
    else:
        yield from unknown(read, name)


def unknown(read, place):
    """Members that no type has."""
    if isinstance(read, (list, tuple)):
        for one in read:
            yield from unknown(one, f"{place}.*")
    elif isinstance(read, pydantic.BaseModel):
        for name in read.model_extra or {}:
            yield f"{place}: unknown member {name}"
        for name in type(read).model_fields:
            yield from unknown(getattr(read, name), f"{place}.{name}")
