#!/usr/bin/env python3
"""schemas_agree SQLITE… -- POSTGRES… — the two schemas have the same tables, columns in the same order, types, nulls and primary keys.

Differences that are meant stand in MEANT, each with its reason. Prints TAP.
"""
import re
import sqlite3
import sys

# table -> reason; "table.key" -> reason
MEANT = {
    "quotes": "PostgreSQL: another process finds a quote there; SQLite has one process and keeps them in memory",
    "events_next": "PostgreSQL: partitions have no one index that says which number is next",
    "events.key": "SQLite: the row's own number; PostgreSQL: the key of a partitioned table holds its partition column",
}
TYPES = {"bigint": "INTEGER", "text": "TEXT", "bytea": "BLOB"}


def sqlite_tables(paths):
    db = sqlite3.connect(":memory:")
    for path in paths:
        with open(path, encoding="utf-8") as file:
            db.executescript(file.read())
    tables = {}
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        rows = db.execute(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')").fetchall()
        columns = [(column, kind, bool(not_null or pk)) for column, kind, not_null, pk in rows]
        tables[name] = (columns, [r[0] for r in sorted((r for r in rows if r[3]), key=lambda r: r[3])])
    return tables


def parts_of(body):
    """Splits at commas outside of brackets."""
    parts, depth, part = [], 0, ""
    for char in body:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += char
    return [" ".join(p.split()) for p in parts + [part]]


def postgres_tables(paths):
    text = ""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text += re.sub(r"--[^\n]*", "", file.read())
    tables = {}
    for match in re.finditer(r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)\n\)", text, re.S):
        columns, key = [], []
        for part in parts_of(match.group(2)):
            word = part.split()
            primary = re.match(r"PRIMARY KEY \(([^)]*)\)", part)
            if primary:
                key = [name.strip() for name in primary.group(1).split(",")]
            elif word[0] not in ("CHECK", "UNIQUE", "CONSTRAINT"):
                if "PRIMARY KEY" in part:
                    key = [word[0]]
                columns.append((word[0], TYPES.get(word[1], word[1]), "NOT NULL" in part or "PRIMARY KEY" in part))
        tables[match.group(1)] = (columns, key)
    return tables


def main():
    middle = sys.argv.index("--")
    left, right = sqlite_tables(sys.argv[1:middle]), postgres_tables(sys.argv[middle + 1:])
    names = sorted(set(left) | set(right))
    print(f"1..{len(names)}")
    failed = 0
    for number, name in enumerate(names, 1):
        wrong = []
        if name not in left or name not in right:
            if name not in MEANT:
                wrong.append("only in " + ("sqlite" if name in left else "postgres"))
        else:
            if left[name][0] != right[name][0]:
                wrong.append(f"columns: sqlite {left[name][0]}, postgres {right[name][0]}")
            if left[name][1] != right[name][1] and f"{name}.key" not in MEANT:
                wrong.append(f"key: sqlite {left[name][1]}, postgres {right[name][1]}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for text in wrong:
            print(f"# {text}")
        failed += bool(wrong)
    return 1 if failed or len(names) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
