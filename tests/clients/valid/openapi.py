"""OpenAPI's schemas as JSON Schema in which a member that is not described is an error.

OpenAPI leaves objects open where nothing is said. Here they are closed, but for those of which nothing at all is said.
A schema that is a part of another (`allOf`, and the alternatives of an object that has members of its own) stays open,
and the whole is closed instead: so each has two forms.
"""

OPEN = "__open"
PREFIX = "#/components/schemas/"


def schema(document, root):
    """The JSON Schema of `root`, a schema of the document's."""
    named = document["components"]["schemas"]
    definitions = {}
    for name, said in named.items():
        definitions[name] = strict(said, False)
        definitions[name + OPEN] = strict(said, True)
    components = {"components": {"schemas": definitions}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **components, **strict(root, False)}


def strict(said, is_part):
    """The schema with its objects closed; it is itself a part of one or not."""
    if not isinstance(said, dict):
        return said
    if "$ref" in said:
        out = {"$ref": said["$ref"] + OPEN if is_part and said["$ref"].startswith(PREFIX) else said["$ref"]}
        return nullable(said, out)
    has_own = bool(said.get("properties")) or "allOf" in said
    out = {}
    for key, value in said.items():
        if key in ("description", "example", "examples", "default", "discriminator", "nullable", "title", "format"):
            continue
        if key in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
            continue  # OpenAPI 3.0's form
        if key.startswith("x-"):
            continue
        if key == "properties":
            value = {name: strict(member, False) for name, member in value.items()}
        elif key in ("items", "additionalProperties", "not"):
            value = strict(value, False)
        elif key == "prefixItems":
            value = [strict(one, False) for one in value]
        elif key == "allOf":
            value = [strict(one, True) for one in value]
        elif key in ("anyOf", "oneOf"):
            value = [strict(one, is_part or has_own) for one in value]
        out[key] = value
    # Alternatives that are wider than they look would match twice.
    if "oneOf" in out:
        out["anyOf"] = out.pop("oneOf") + out.get("anyOf", [])
    if has_own and not is_part and "additionalProperties" not in out:
        out["unevaluatedProperties"] = False
    return nullable(said, out)


def nullable(said, out):
    """OpenAPI 3.0 says it beside the type."""
    return {"anyOf": [out, {"type": "null"}]} if said.get("nullable") else out
