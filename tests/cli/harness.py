"""harness — runs the real program as a user does and reports cases as TAP.

Used by tests/cli and tests/docs. Every run is also judged by itself: a signal, a sanitizer report or a failed CHECK fails the case,
whatever it expected. A case is a function; it gets a Yijie with a fresh folder of its own.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLANS = HERE / "plans"
TIMEOUT_S = 120
BROKEN = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "CHECK failed", "check failed")


class Result:
    """What one run left behind."""

    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out_bytes, self.err_bytes = argv, code, out, err
        self.out, self.err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def __str__(self):
        return f"$ yijie {' '.join(map(str, self.argv))}\nexit {self.code}\n--- out\n{self.out[:3000]}--- err\n{self.err[:3000]}"

    def answers(self):
        """The JSON answers, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Yijie:
    """The program and a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = Path(program).resolve(), Path(folder)

    def env(self, more=None):
        env = {k: v for k, v in os.environ.items() if k not in ("YIJIE_LANG", "NO_COLOR", "TERM")}
        env.update({"LC_ALL": "C.UTF-8", "TERM": "xterm"})
        env.update(more or {})
        return env

    def run(self, *argv, code=None, stdin=b"", env=None, stdout=None, preexec=None):
        argv = [str(a) if not isinstance(a, bytes) else a for a in argv]
        done = subprocess.run([str(self.program), *argv], cwd=self.folder, input=stdin, env=self.env(env), timeout=TIMEOUT_S, check=False,
                              stdout=stdout if stdout is not None else subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec)
        result = Result(argv, done.returncode, done.stdout or b"", done.stderr)
        sound(result)
        if code is not None:
            equal(result.code, code, "exit code", result)
        return result

    def settle(self, *argv, chain="city", **more):
        return self.run("settle", "--plans", PLANS, "--chain", chain, *argv, **more)

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        """Writes a file: a bill (dict), text, or bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, (dict, list)):
            content = json.dumps(content, ensure_ascii=False)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return name


def sound(result):
    if result.code < 0 or any(word in result.err for word in BROKEN):
        raise AssertionError(f"the program broke\n{result}")


def equal(got, want, what, result=None):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}" + (f"\n{result}" if result else ""))


def true(fact, what, result=None):
    if not fact:
        raise AssertionError(what + (f"\n{result}" if result else ""))


def contains(text, parts, what, result=None):
    for part in [parts] if isinstance(parts, str) else parts:
        true(part in text, f"{what}: {part!r} is missing in\n{text[:3000]}", result)


def line(number, kind="drug", own_full=0, over_limit=0, own_first=0, in_scope=0, **more):
    return {"line": number, "code": more.pop("code", f"C{number}"), "name": more.pop("name", f"项目{number}"), "kind": kind, "qty": more.pop("qty", "1"),
            "amount": own_full + over_limit + own_first + in_scope, "own_full": own_full, "over_limit": over_limit, "own_first": own_first,
            "in_scope": in_scope, **more}


def bill(number="B-1", **changes):
    """A stay of 60,000.00 in three lines; the pooled fund paid 20,000.00. A member set to None is left out."""
    b = {
        "bill": number, "revision": 1, "hospital": "H1", "region": "410500", "insured_region": "410500", "stay": f"STAY-{number}",
        "visit": "inpatient", "from": "2022-08-01", "to": "2022-08-15", "currency": "CNY",
        "person": {"id_kind": "99", "id": "P-1", "name": "演示人", "born": "1969-03-07", "sex": "F"},
        "facts": {"insured_type": "resident", "hospital_level": 3},
        "lines": [line(1, in_scope=3000000), line(2, own_first=200000, in_scope=1800000), line(3, "consumable", own_full=1000000)],
        "statutory": {"settled": True, "stage": "final", "funds": {"hifp_pay": 2000000}, "deductible": 80000},
    }
    b.update(changes)
    return {k: v for k, v in b.items() if v is not None}


CASES = []


def case(title, needs=None):
    """Registers a case; `needs` is the reason to skip it here, or None."""
    def add(function):
        CASES.append((title, function, needs))
        return function
    return add


def main():
    """Runs all cases (or those whose title holds the second argument) and prints TAP."""
    program = sys.argv[1]
    chosen = [c for c in CASES if len(sys.argv) < 3 or sys.argv[2] in c[0]]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, (title, function, needs) in enumerate(chosen, 1):
        title = title.replace("#", "＃")
        if needs:
            print(f"ok {number} - {title} # SKIP {needs}", flush=True)
            continue
        folder = tempfile.mkdtemp(prefix="yijie-test-")
        try:
            function(Yijie(program, folder))
            print(f"ok {number} - {title}", flush=True)
        except Exception:  # a case fails by any exception
            failed += 1
            print(f"not ok {number} - {title}")
            print("\n".join("# " + text for text in traceback.format_exc().splitlines()), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)
