"""Runs every example of README.md and docs/*.md, so that no document says what the program does not do.

  ```sh     commands, run in a copy of the tree with `yijie` on the PATH; each must end with 0 (or with the code in a comment `# exit N`; plan diff and compare also with 1).
            Lines that begin with `make` are not run; their target must stand in the Makefile.
            A block that starts a server (`yijie serve … &`) is run as a whole, in one shell, on a free port instead of 8642; every line
            must end with 0, and the server with 0 when it is told to stop.
  ```output what the sh block just before it printed on standard output, line by line; … stands for anything
  ```plan   a plan, list or chain (English or Chinese): parses, checks without a finding, its examples pass, its layout is canonical
  ```json   parses
  ```text   not run
"""
import json
import os
import re
import shutil
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from harness import CASES, Result, case, equal, main, sound, true  # noqa: E402  (the path comes first)

import subprocess  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
KINDS = {"sh", "output", "plan", "json", "text", "meson", ""}
COMMAND_TIMEOUT_S = 120


def blocks(path):
    """(kind, text, line of the fence) in order."""
    text = path.read_text("utf-8")
    for found in FENCE.finditer(text):
        yield found.group(1), found.group(2), text.count("\n", 0, found.start()) + 1


def make_target_exists(line):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    for word in line.split("#")[0].split()[1:]:
        true("=" in word or word in targets, f"the Makefile has no target {word}")


def tree_copy(y):
    """What examples may read, in a folder of their own."""
    for name in ("plans", "demo", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, y.path(name))
    y.path("bin").mkdir()
    for path in ("bin/yijie", "build/release/yijie", "build/debug/yijie"):
        y.path(path).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(y.program, y.path(path))


def command_run(y, line):
    wanted = re.search(r"#\s*exit (\d)", line)
    done = subprocess.run(["bash", "-c", line], cwd=y.folder, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
                          env=y.env({"PATH": f"{y.path('bin')}:{os.environ['PATH']}"}))
    result = Result([line], done.returncode, done.stdout, done.stderr)
    sound(result)
    # 1 is what plan diff and compare say when they found a difference: that is what their examples are there to show
    allowed = [int(wanted.group(1))] if wanted else [0, 1] if re.match(r"yijie (plan diff|compare)\b", line) else [0]
    true(result.code in allowed, f"exit code {result.code} of `{line}`, want {allowed}", result)
    return result.out


def runs_here(line):
    """Commands of the build itself are not examples of the program."""
    return line.strip() and not re.match(r"\s*(#|tools/|ninja|meson|make|git|sudo|apt|build/debug/src)", line)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# The end of a block with a server: whoever still runs is told to stop, and must do so well.
STOP = """
for job in $(jobs -p); do kill -TERM "$job"; code=0; wait "$job" || code=$?; [ "$code" = 0 ] || { echo "the server ended with $code" >&2; exit 99; }; done
"""
# 8642 may be taken on a machine that runs tests: the program's default goes elsewhere, too.
ELSEWHERE = """#!/bin/sh
case "$1 ${2:-}" in
serve*) exec PROGRAM "$@" --listen 127.0.0.1:PORT ;;
'demo case' | load*) exec PROGRAM "$@" --url http://127.0.0.1:PORT ;;
*) exec PROGRAM "$@" ;;
esac
"""
SESSION_TIMEOUT_S = 60


def session_run(y, text):
    """A block that starts a server, as somebody would type it into one shell."""
    port = free_port()
    wrapper = y.path("session/yijie")
    wrapper.parent.mkdir()
    wrapper.write_text(ELSEWHERE.replace("PROGRAM", f"'{y.program}'").replace("PORT", str(port)))
    wrapper.chmod(0o755)
    script = "set -eumo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + text.replace(":8642", f":{port}") + STOP
    shell = ["timeout", "--kill-after=5", str(SESSION_TIMEOUT_S), "bash", "-c", script]  # a shell that is told to end takes its server with it
    done = subprocess.run(shell, cwd=y.folder, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
                          env=y.env({"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}))
    result = Result([text.splitlines()[0], "…"], done.returncode, done.stdout, done.stderr)
    sound(result)
    equal(result.code, 0, "exit code of the block", result)
    return result.out


def printed_check(printed, output):
    got, want = printed.splitlines(), output.splitlines()
    equal(len(got), len(want), f"lines of output\n{printed}")
    for a, b in zip(got, want):
        true(re.fullmatch(".*".join(re.escape(part) for part in b.split("…")), a), f"output {a!r}, the document has {b!r}")


def sh_check(y, text, output):
    tree_copy(y)
    if re.search(r"^yijie serve .*&$", text, re.M):
        printed = session_run(y, text)
        if output is not None:
            printed_check(printed, output)
        return
    printed = ""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("make"):
            make_target_exists(line)
        elif runs_here(line) and "NAME" not in line:
            printed += command_run(y, line)
    if output is not None:
        printed_check(printed, output)


def plan_check(y, text):
    name = y.write("example.plan", text)
    checked = y.run("plan", "check", "--json", name, code=0)
    for plan in checked.out.splitlines():
        about = json.loads(plan)
        equal([f["code"] for f in about["findings"]], [], f"findings of {about['plan']}", checked)
    true(not checked.err, "nothing to complain of", checked)
    y.run("plan", "format", "--check", name, code=0)
    if re.search(r"^(plan|方案)", text):
        true(re.search(r"^ +(example|算例)", text, re.M), "an example plan has an example block")
        tested = y.run("plan", "test", "--json", name, code=0)
        true(tested.out, "its examples were run", tested)


def register(path):
    found = list(blocks(path))
    name = path.relative_to(ROOT)
    for i, (kind, text, line) in enumerate(found):
        output = found[i + 1][1] if i + 1 < len(found) and found[i + 1][0] == "output" else None
        if kind == "sh":
            case(f"{name}:{line} sh")(lambda y, text=text, output=output: sh_check(y, text, output))
        elif kind == "plan":
            case(f"{name}:{line} plan")(lambda y, text=text: plan_check(y, text))
        elif kind == "json":
            case(f"{name}:{line} json")(lambda _, text=text: json.loads(text))
        elif kind not in KINDS:
            case(f"{name}:{line}")(lambda _, kind=kind: true(False, f"a block of unknown kind {kind!r}"))


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
for document in DOCUMENTS:
    register(document)


@case("every document is in one piece: fences are closed, links lead somewhere")
def _(_y):
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        equal(len(re.findall(r"^```", text, re.M)) % 2, 0, f"fences of {path.name}")
        prose = FENCE.sub("", text)
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(#[^)\s]*)?\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            other = (path.parent / target) if target else path
            true(other.exists(), f"{path.name}: {target} does not exist")
            if anchor and other.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.M)
                slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}
                true(anchor[1:] in slugs, f"{path.name}: {target}{anchor}: no such heading")


@case("the examples are found at all")
def _(_y):
    kinds = [kind for document in DOCUMENTS for kind, _, _ in blocks(document)]
    true(kinds.count("sh") >= 3, "sh blocks")
    true(len([b for b in blocks(ROOT / "docs" / "plan-language.md") if b[0] == "plan"]) >= 6, "plans in the document of the language")
    true(len(CASES) >= len([k for k in kinds if k in ("sh", "plan")]), "each is a case")


if __name__ == "__main__":
    main()
