"""Schemas of Google's discovery documents as JSON Schema. What is not described is an error, as it is there."""

# How protobuf's JSON writes what JSON has no type for.
FORMATS = {
    "int64": {"type": ["string", "integer"], "pattern": "^-?[0-9]+$"},
    "uint64": {"type": ["string", "integer"], "pattern": "^[0-9]+$"},
    "byte": {"type": "string", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"},
    "google-duration": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$"},
    "google-datetime": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$"},
    "google-fieldmask": {"type": "string"},
}


def schema(document, root):
    """The JSON Schema of the schema named `root`."""
    definitions = {name: strict(said) for name, said in document["schemas"].items()}
    definitions["MediaResolution"] = {}  # referred to, and missing in Google's own document
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions, "$ref": "#/$defs/" + root}


def strict(said):
    """One schema."""
    if "$ref" in said:
        return {"$ref": "#/$defs/" + said["$ref"]}
    if said.get("format") in FORMATS:
        return FORMATS[said["format"]]
    kind = said.get("type")
    if kind == "any":
        return {}
    out = {"type": kind}
    if "enum" in said:
        out["enum"] = said["enum"]
    if kind == "array":
        out["items"] = strict(said["items"])
    if kind == "object":
        out["properties"] = {name: strict(member) for name, member in said.get("properties", {}).items()}
        additional = said.get("additionalProperties")
        out["additionalProperties"] = strict(additional) if additional is not None else False
    return out
