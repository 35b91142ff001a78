#!/usr/bin/env python3
"""embed.py OUT.S FILE… — the texts of plans, lists and chains as read-only data with a table of (kind, name, begin, end).

The name of a text is its file's name without suffix. `.incbin` costs the compiler nothing (a byte array of this size would).
"""
import os
import sys


def main(out, files):
    kinds = {".list": 0, ".plan": 1, ".chain": 2}
    rows = sorted((kinds[os.path.splitext(file)[1]], os.path.splitext(os.path.basename(file))[0], file) for file in files)
    lines = ["/* made by embed.py */", '.section .rodata,"a"']
    for number, (_, name, file) in enumerate(rows):
        lines += [f"name{number}: .asciz \"{name}\"", f"text{number}: .incbin \"{file}\"", f"end{number}: .byte 0"]
    lines += ['.section .data.rel.ro,"aw"', ".balign 8", ".global city_texts_table", "city_texts_table:"]
    for number, (kind, _, _) in enumerate(rows):
        lines += [f".quad {kind}, name{number}, text{number}, end{number} - text{number}"]
    lines += ['.section .rodata,"a"', ".balign 8", ".global city_texts_count", f"city_texts_count: .quad {len(rows)}", '.section .note.GNU-stack,"",%progbits', ""]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
