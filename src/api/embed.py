#!/usr/bin/env python3
"""embed.py OUT.S SCHEMAS.json — the schemas of the API as read-only data, without blanks; fails when they are no JSON or name what is not there."""
import json
import re
import sys


def main(out, source):
    with open(source, encoding="utf-8") as file:
        schemas = json.load(file)
    text = json.dumps(schemas, ensure_ascii=False, separators=(",", ":"))
    missing = set(re.findall(r'"#/components/schemas/([A-Za-z]+)"', text)) - set(schemas)
    if missing:
        sys.exit(f"{source}: no schema named {', '.join(sorted(missing))}")
    packed = out + ".json"
    with open(packed, "w", encoding="utf-8") as file:
        file.write(text)
    lines = ["/* made by embed.py */", '.section .rodata,"a"', ".global api_schemas_text", f'api_schemas_text: .incbin "{packed}"', "end: .byte 0",
             ".balign 8", ".global api_schemas_bytes", "api_schemas_bytes: .quad end - api_schemas_text", '.section .note.GNU-stack,"",%progbits', ""]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
