"""Help, completion, manual page, colours, and the plan and bill tools, as a user meets them."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import unicodedata

from harness import PLANS, bill, case, contains, equal, main, sound, true
from harness import Result

HAN = re.compile("[\u4e00-\u9fff]")
COMMANDS = ("settle", "plan check", "plan test", "plan explain", "plan format", "plan diff", "plan disasm", "plan mutate", "plan facts", "plan publish", "bill check", "compare",
            "bench plan", "bench server", "demo load", "demo bills", "demo cases", "demo case", "load", "serve", "audit", "rebuild", "sweep", "migrate", "backup", "restore", "config check",
            "config show", "key add", "key list", "key revoke", "import", "help", "completion", "man", "version")
CITY, MILLION = str(PLANS / "city-2022.plan"), str(PLANS / "million.plan")


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def fits(r, columns=100):
    for text in r.out.splitlines():
        true(width(text) <= columns, f"{width(text)} columns: {text}", r)


# ---- help -------------------------------------------------------------------------------------------------------


@case("help: every command, in both languages, within 100 columns")
def _(y):
    top = y.run("help", code=0)
    for command in COMMANDS:
        contains(top.out, f"yijie {command}", "help", top)
        one = y.run("help", *command.split(), code=0)
        contains(one.out, (f"yijie {command}", "--lang", "--help", "0 ", "3 ", "yijie "), f"help {command}", one)
        fits(one)
        equal(y.run(*command.split(), "--help", code=0).out, one.out, f"{command} --help")
        zh, en = (y.run("help", *command.split(), "--lang", lang, code=0) for lang in ("zh", "en"))
        true(HAN.search(zh.out) and not re.search(r"exit codes|example:|show help", zh.out), "Chinese", zh)
        true(not HAN.search(en.out), "English", en)
    fits(top)
    equal(y.run("--help", code=0).out, top.out, "--help")
    none = y.run(code=2)
    contains(none.out + none.err, "yijie settle", "no command: how to go on", none)
    equal(y.run("help", "plan", code=0).out.count("\nyijie plan ") + 1, len([c for c in COMMANDS if c.startswith("plan ")]), "help plan shows the group")
    for lang, word in (("zh", "结算账单"), ("en", "settle bills")):
        out = y.run("help", env={"YIJIE_LANG": lang}, code=0).out
        true(word in out and (lang == "zh" or not HAN.search(out.replace("医结", ""))), f"YIJIE_LANG={lang}")


@case("version: text and JSON")
def _(y):
    text = y.run("version", code=0).out
    true(re.fullmatch(r"yijie \d+\.\d+\.\d+ \(engine \d+\)\n", text), text)
    about = json.loads(y.run("version", "--json", code=0).out)
    equal(text, f"yijie {about['version']} (engine {about['engine']})\n", "the same")
    equal(y.run("--version", code=0).out, text, "--version")


# ---- completion and manual page -----------------------------------------------------------------------------------


def complete(y, *words):
    """What bash offers for the last word."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _yijie; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", "yijie.bash", *words], cwd=y.folder, capture_output=True, text=True, check=False)
    equal(done.stderr, "", "bash complains")
    return sorted(done.stdout.split())


@case("completion in bash: the script is sound and offers the right words", None if shutil.which("bash") else "bash is not installed")
def _(y):
    y.write("yijie.bash", y.run("completion", "bash", code=0).out)
    y.write("anyang.json", "{}")
    done = subprocess.run(["bash", "-n", str(y.path("yijie.bash"))], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "bash -n")
    done = subprocess.run(["bash", "--norc", "-c", "source yijie.bash; complete -p yijie"], cwd=y.folder, capture_output=True, text=True, check=False)
    contains(done.stdout, "_yijie", "complete -p")
    equal(complete(y, "yijie", "se"), ["serve", "settle"], "two begin so")
    equal(complete(y, "yijie", "set"), ["settle"], "settle")
    equal(complete(y, "yijie", ""), sorted({c.split()[0] for c in COMMANDS}), "all first words, each once")
    equal(complete(y, "yijie", "plan", "d"), ["diff", "disasm"], "plan d")
    equal(complete(y, "yijie", "plan", ""), sorted(c.split()[1] for c in COMMANDS if c.startswith("plan ")), "plan")
    equal(complete(y, "yijie", "bill", ""), ["check"], "bill")
    equal(complete(y, "yijie", "settle", "--pl"), ["--plans"], "option")
    equal(complete(y, "yijie", "settle", "--st"), ["--state"], "option")
    equal(complete(y, "yijie", "plan", "format", "--"), sorted(["--check", "--write", "--to", "--lang", "--colour", "--help"]), "options of plan format")
    equal(complete(y, "yijie", "settle", "--plans", "x", "any"), ["anyang.json"], "files")
    equal(complete(y, "yijie", "completion", ""), ["bash", "fish", "zsh"], "shells")


for shell in ("zsh", "fish"):
    @case(f"completion in {shell}: the script is sound", None if shutil.which(shell) else f"{shell} is not installed")
    def _(y, shell=shell):
        y.write("script", y.run("completion", shell, code=0).out)
        done = subprocess.run([shell, "-n", str(y.path("script"))], capture_output=True, text=True, check=False)
        equal((done.returncode, done.stderr), (0, ""), f"{shell} -n")


@case("completion scripts name every command and option", None)
def _(y):
    for shell in ("bash", "zsh", "fish"):
        script = y.run("completion", shell, code=0).out
        for command in COMMANDS:
            contains(script, command.split()[-1], shell)
        for option in ("plans", "chain", "state", "as-of", "lines", "dry-run", "json", "codes", "write", "report", "seed"):
            contains(script, option, shell)
        if shell == "fish":
            for option in ("lang", "colour", "help"):
                contains(script, f"-l {option}", shell)


@case("manual page: renders without a warning and names everything", None if shutil.which("groff") else "groff is not installed")
def _(y):
    page = y.run("man", code=0)
    y.write("yijie.1", page.out)
    done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z", "yijie.1"], cwd=y.folder, capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "groff -ww")
    text = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-P-c", "-P-b", "-P-u", "yijie.1"], cwd=y.folder, capture_output=True, check=True).stdout.decode()
    for command in COMMANDS:
        contains(text, f"yijie {command}", "manual page")
    contains(text, ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "YIJIE_LANG", "NO_COLOR", "--state", "结算账单"), "manual page")
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "yijie.1"], cwd=y.folder, capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
        equal((done.returncode, done.stderr), (0, b""), "man --warnings")


# ---- colours ----------------------------------------------------------------------------------------------------------


def terminal(y, *argv, columns=100, **env):
    """Runs with a terminal at all three ends; gives exit code and what it showed."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.chdir(y.folder)
        os.execve(y.program, [str(y.program), *argv], y.env(env))
    shown = b""
    while True:
        ready, _, _ = select.select([fd], [], [], 60)
        if not ready:
            break
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    result = Result(argv, os.waitstatus_to_exitcode(status), shown, shown)
    sound(result)
    return result


@case("colours: on a terminal only, never with NO_COLOR or TERM=dumb, always when told")
def _(y):
    y.write("a.json", bill())
    settle = ("settle", "--plans", str(PLANS), "--chain", "city", "a.json")
    plain = y.run(*settle, code=0).out
    true("\033" not in plain, "a pipe")
    for what, argv, env, wanted in (("terminal", settle, {}, True), ("NO_COLOR", settle, {"NO_COLOR": "1"}, False), ("empty NO_COLOR", settle, {"NO_COLOR": ""}, True),
                                    ("TERM=dumb", settle, {"TERM": "dumb"}, False), ("never", (*settle, "--colour", "never"), {}, False),
                                    ("always beats NO_COLOR", (*settle, "--colour", "always"), {"NO_COLOR": "1"}, True)):
        r = terminal(y, *argv, **env)
        equal((what, r.code, "\033[" in r.out), (what, 0, wanted), "code, colour", r)
        equal(re.sub("\033\\[[0-9;]*[mK]", "", r.out).replace("\r\n", "\n"), plain, f"{what}: the words are the same")
    piped = y.run(*settle, "--colour=always", code=0).out
    true("\033[" in piped, "always, into a pipe")
    equal(re.sub("\033\\[[0-9;]*m", "", piped), plain, "the words are the same")
    true(piped.count("\033[0m") >= piped.count("\033[1m"), "every style is ended")
    r = y.settle("missing.json", "--colour=always", code=2)
    true("\033[31m" in r.err, "errors too", r)
    true("\033" not in y.settle("missing.json", code=2).err, "not into a pipe")
    true("\033" not in y.settle("--json", "--colour=always", "a.json", code=0).out, "never in JSON")


@case("width: what people read fits the terminal, wrapped between words, never inside a number")
def _(y):
    y.write("a.json", bill())
    for columns in (72, 80, 100, 120, 300):
        for argv in (("settle", "--plans", str(PLANS), "--chain", "city", "a.json"), ("help",), ("help", "settle"), ("plan", "facts"), ("plan", "explain", CITY)):
            for lang in ("both", "zh", "en"):
                r = terminal(y, *argv, "--lang", lang, columns=columns) if argv != ("help",) else terminal(y, *argv, columns=columns)
                equal(r.code, 0, "exit code", r)
                r.out = re.sub("\033\\[[0-9;]*[mK]", "", r.out).replace("\r", "")
                fits(r, min(columns, 120))
                true(not re.search(r"^ *[，。、；：）」]", r.out, re.M), "no line begins with closing punctuation", r)
                if argv[0] == "settle":
                    contains(r.out, ("60,000.00", "16,000.00", "2,050.00"), "whole amounts", r)


# ---- bills and plans ------------------------------------------------------------------------------------------------------


@case("bill check: one line a bill, JSON, warnings")
def _(y):
    y.write("a.json", bill())
    r = y.run("bill", "check", "a.json", code=0)
    contains(r.out, ("✓ a.json", "B-1", "60,000.00", "CNY", "3 lines", "3 行"), "text", r)
    equal(json.loads(y.run("bill", "check", "--json", "a.json", code=0).out), {"file": "a.json", "bill": "B-1", "total": 6000000, "lines": 3, "warnings": False}, "JSON")
    y.write("w.json", bill(person={"id_kind": "01", "id": "410502196903070021"}))
    r = y.run("bill", "check", "w.json", code=0)
    contains(r.out, "! w.json", "warning", r)
    contains(r.err, "bill-id-check-digit", "warning", r)
    true("410502196903070021" not in r.err + r.out, "no id number in messages", r)


@case("plan check: clean plans say so; JSON; a finding has a place, a caret and a hint")
def _(y):
    r = y.run("plan", "check", CITY, MILLION, code=0)
    contains(r.out, ("✓ city-2022", "✓ 百万医疗"), "text", r)
    rows = [json.loads(text) for text in y.run("plan", "check", "--json", CITY, MILLION, code=0).out.splitlines()]
    equal([(x["plan"], x["clean"]) for x in rows], [("city-2022", True), ("百万医疗", True)], "JSON")
    y.write("bad.plan", (PLANS / "city-2022.plan").read_text("utf-8").replace("    cap none\n", ""))
    r = y.run("plan", "check", "bad.plan", code=2)
    contains(r.err, ("bad.plan:", "clause-missing", "^"), "picture", r)
    r = y.run("plan", "check", "--json", "bad.plan", code=2)
    [found] = json.loads(r.out)["findings"]
    true(found["severity"] == "error" and found["line"] > 0 and found["column"] > 0 and found["zh"] and found["en"] and found["hint_zh"] and found["hint_en"], "finding", r)


@case("plan test: examples pass, a wrong expectation fails with both amounts")
def _(y):
    r = y.run("plan", "test", CITY, MILLION, code=0)
    contains(r.out, ("✓ city-2022", "✓ 百万医疗", "1/1"), "text", r)
    y.write("wrong.plan", (PLANS / "city-2022.plan").read_text("utf-8").replace("inside 16_000.00", "inside 16_000.01"))
    r = y.run("plan", "test", "wrong.plan", code=1)
    contains(r.out, ("✗", "wrong.plan:", "16,000.01", "16,000.00", "0/1"), "difference", r)
    rows = [json.loads(text) for text in y.run("plan", "test", "--json", "wrong.plan", code=1).out.splitlines()]
    equal([x["passed"] for x in rows], [False], "JSON")
    y.run("plan", "test", "wrong.plan", CITY, code=1)


@case("plan format: a fixed point, --check, --write, and there and back between the languages with the same hash")
def _(y):
    for source in (CITY, MILLION, str(PLANS / "basic-2022.plan"), str(PLANS / "tests.chain")):
        once = y.run("plan", "format", source, code=0).out
        y.write("once.plan", once)
        equal(y.run("plan", "format", "once.plan", code=0).out, once, "format of format")
        y.run("plan", "format", "--check", "once.plan", code=0)
        zh = y.run("plan", "format", "--to", "zh", "once.plan", code=0).out
        en = y.run("plan", "format", "--to", "en", "once.plan", code=0).out
        true(zh != en and (zh == once or en == once), "two languages")
        y.write("zh.plan", zh)
        y.write("en.plan", en)
        equal(y.run("plan", "format", "--to", "en", "zh.plan", code=0).out, en, "zh -> en")
        equal(y.run("plan", "format", "--to", "zh", "en.plan", code=0).out, zh, "en -> zh")
    y.write("a.json", bill())
    hashes = set()
    for lang in ("zh", "en"):
        y.write(f"{lang}/city.plan", y.run("plan", "format", "--to", lang, CITY, code=0).out)
        [answer] = y.run("settle", "--plans", lang, "--chain", "city-2022", "--json", "a.json", code=0).answers()
        hashes.add(answer["payers"][1]["plan_hash"])
    hashes.add(y.settle("--json", "a.json", code=0).answers()[0]["payers"][1]["plan_hash"])
    equal(len(hashes), 1, "one plan, one hash")
    y.write("untidy.plan", (PLANS / "city-2022.plan").read_text("utf-8").replace("  kind supplementary", "        kind    supplementary -- 备注 kept"))
    r = y.run("plan", "format", "--check", "untidy.plan", code=1)
    equal(r.out, "untidy.plan\n", "--check names the file", r)
    before = y.path("untidy.plan").read_bytes()
    equal(y.run("plan", "format", "--check", "untidy.plan").code, 1, "--check does not write")
    equal(y.path("untidy.plan").read_bytes(), before, "untouched")
    equal(y.run("plan", "format", "--write", "untidy.plan", code=0).out, "", "--write is silent")
    true(re.search(r"\n  kind +supplementary +-- 备注 kept\n", y.path("untidy.plan").read_text("utf-8")), "written, comments kept")
    y.run("plan", "format", "--check", "untidy.plan", code=0)
    y.write("bad.plan", "plan x \"甲\"\n  bogus\n")
    r = y.run("plan", "format", "--write", "bad.plan", code=2)
    equal(y.path("bad.plan").read_text("utf-8"), "plan x \"甲\"\n  bogus\n", "a plan with errors is left alone")
    y.run("plan", "format", "--to", "fr", CITY, code=2)


@case("plan explain: plain sentences in each language, every clause of the plan")
def _(y):
    zh, en = (y.run("plan", "explain", "--lang", lang, CITY, code=0) for lang in ("zh", "en"))
    contains(zh.out, ("城市补充", "目录内自付", "10,000.00", "80%", "70%", "甲保险"), "zh", zh)
    contains(en.out, ("City cover", "own payment inside", "10,000.00", "80%", "70%"), "en", en)
    true(not HAN.search(en.out.replace("甲保险", "").replace("乙保险", "")), "only English", en)
    both = y.run("plan", "explain", CITY, code=0)
    true(zh.out in both.out and en.out in both.out, "both")


@case("plan disasm: steps of every benefit")
def _(y):
    r = y.run("plan", "disasm", CITY, code=0)
    true(len(r.out.splitlines()) >= 10, "steps", r)
    equal(r.out, y.run("plan", "disasm", CITY, code=0).out, "the same every time")


@case("plan facts: a table and JSON")
def _(y):
    r = y.run("plan", "facts", code=0)
    contains(r.out, ("insured_type", "参保类型", "employee", "visit", "inpatient", "hospital_level"), "table", r)
    fits(r)
    rows = json.loads(y.run("plan", "facts", "--json", code=0).out)
    true({"fact", "zh", "type", "level", "words"} == set(rows[0]), "members")
    by_name = {x["fact"]: x for x in rows}
    equal((by_name["insured_type"]["type"], by_name["insured_type"]["level"], by_name["insured_type"]["words"]), ("word", "fact", ["employee", "resident"]), "insured_type")
    true(by_name["visit"]["words"][0] == "outpatient" and by_name["age"]["type"] == "number", "visit, age")


@case("plan diff: what changed, with a bill that shows it; exit 1 when different, 0 when equal")
def _(y):
    y.write("b.plan", (PLANS / "city-2022.plan").read_text("utf-8").replace("pays 70%", "pays 75%"))
    r = y.run("plan", "diff", CITY, "b.plan", code=1)
    contains(r.out, ("70%", "75%"), "difference", r)
    y.run("plan", "diff", CITY, CITY, code=0)
    json.loads(y.run("plan", "diff", "--json", CITY, "b.plan", code=1).out.splitlines()[0])


@case("the commands of plan take several files and go on to the last")
def _(y):
    for command in ("check", "test", "explain", "disasm", "format"):
        r = y.run("plan", command, CITY, MILLION, str(PLANS / "basic-2022.plan"), code=0)
        true(r.out, command, r)


if __name__ == "__main__":
    main()
