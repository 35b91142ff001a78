#!/usr/bin/env python3
"""embed NAME OUT FILE… — turns the migrations of one store into a C table (store_NAME_migrations of store_internal.h).

Files are NNNN_name.sql, numbered from 1 without gaps; every such file of the folder must be given. Whole-line comments and empty lines are left
out: what remains is what the migration does, and its hash is recorded where it was applied. A line "-- oldest N" says which migration a release
must know to go on writing on data that has this one.
"""
import os
import re
import sys


def fail(message):
    sys.exit(f"embed: {message}")


def read(path, number):
    match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", os.path.basename(path))
    if not match or int(match.group(1)) != number:
        fail(f"{path}: want {number:04d}_name.sql")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    oldest = [int(m.group(1)) for m in (re.fullmatch(r"-- oldest (\d+)", line) for line in lines) if m]
    if len(oldest) != 1 or not 1 <= oldest[0] <= number:
        fail(f"{path}: want one line '-- oldest N' with N from 1 to {number}")
    kept = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("--")]
    return match.group(2), oldest[0], ("\n".join(kept) + "\n").encode()


def main():
    store, out, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    for folder in {os.path.dirname(path) for path in paths}:
        forgotten = {n for n in os.listdir(folder) if n.endswith(".sql")} - {os.path.basename(path) for path in paths}
        if forgotten:
            fail(f"not named in meson.build: {', '.join(sorted(forgotten))}")
    text = ["/* Made by embed.py from the migrations; see store_internal.h. */", '#include "store/store_internal.h"', ""]
    rows = []
    for number, path in enumerate(paths, 1):
        name, oldest, sql = read(path, number)
        text.append(f"static const char sql_{number}[] = {{")
        data = sql + b"\0"
        for at in range(0, len(data), 24):
            text.append("    " + ", ".join(str(b if b < 128 else b - 256) for b in data[at:at + 24]) + ",")
        text.append("};")
        rows.append(f'    {{{number}, {oldest}, "{name}", {{sql_{number}, sizeof(sql_{number}) - 1}}}},')
    text += [f"const struct store_migration store_{store}_migrations[] = {{", *rows, "};",
             f"const uint32_t store_{store}_migration_count = {len(paths)};", ""]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(text))


main()
