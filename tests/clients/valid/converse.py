"""botocore's own check of what is said to Converse and by it, with the few rules of its model that it leaves to the
server: unknown members within a structure, enumerations and patterns.
"""

import base64
import binascii
import re

from botocore.validate import ParamValidator


class Shape:
    """Checks documents by a shape of the model."""

    def __init__(self, shape, **given):
        self.shape, self.given, self.validator = shape, given, ParamValidator()

    def errors(self, document):
        """What is wrong with it, in words."""
        found = []
        unknown_members(self.shape, document, "", found)
        params = decoded(self.shape, document, "", found)
        if isinstance(params, dict):
            params.update(self.given)
        report = self.validator.validate(params, self.shape)
        return found + report.generate_report().splitlines()


def Request(model):
    """What is said, with the model's name where botocore wants it."""
    return Shape(model.operation_model("Converse").input_shape, modelId="the-model")


def Reply(model):
    """A whole answer."""
    return Shape(model.operation_model("Converse").output_shape)


def Event(model):
    """An event of a streamed answer, as the one member of an object."""
    return Shape(model.operation_model("ConverseStream").output_shape.members["stream"])


def decoded(shape, value, place, found):
    """The value as botocore's users give it: blobs as bytes."""
    if shape.type_name == "blob":
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as why:
            found.append(f"{place}: no base64: {why}")
            return b"x"
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False) and isinstance(value, dict):
        members = shape.members
        known = {name: one for name, one in value.items() if name in members}
        return {name: decoded(members[name], one, f"{place}.{name}", found) for name, one in known.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [decoded(shape.member, one, f"{place}[]", found) for one in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: decoded(shape.value, one, f"{place}.*", found) for name, one in value.items()}
    if shape.type_name == "string" and isinstance(value, str) and shape.enum and value not in shape.enum:
        found.append(f"{place}: {value!r} is none of {shape.enum}")
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        found.append(f"{place}: {value!r} does not match {pattern}")
    return value


def unknown_members(shape, value, place, found):
    """botocore tells of unknown members only at the top and in unions."""
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, one in value.items():
            if name in shape.members:
                unknown_members(shape.members[name], one, f"{place}.{name}", found)
            else:
                found.append(f"{place}: unknown member {name}")
    if shape.type_name == "list" and isinstance(value, list):
        for one in value:
            unknown_members(shape.member, one, f"{place}[]", found)
