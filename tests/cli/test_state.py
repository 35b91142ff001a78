"""The state file on the real program: killed at random moments, two at once, full disks, broken files. It is always the old or the new, whole."""
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

from harness import PLANS, bill, case, contains, equal, main, sound, true
from harness import Result

SEED = int(os.environ.get("YIJIE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
print(f"# seed {SEED} (YIJIE_TEST_SEED)", flush=True)


def person(i):
    return {"id_kind": "99", "id": f"P-{i}"}


def argv(y, *more):
    return [str(y.program), "settle", "--plans", str(PLANS), "--chain", "city", "--json", "--state", "s.json", *more]


def state_of(y, name="s.json"):
    return json.loads(y.path(name).read_text("utf-8"))


def bills_in(y):
    return {b["bill"] for b in state_of(y)["bills"]} if y.path("s.json").exists() else set()


def left_over(y):
    return [p.name for p in y.folder.iterdir() if p.name.endswith(".tmp")]


@case("kill -9 at any moment: the state is the old or the new whole, and what was printed is in it")
def _(y):
    rng = random.Random(SEED)
    files = [y.write(f"base{i}.json", bill(f"BASE-{i}", person=person(i))) for i in range(400)]  # a state that takes a while to write
    y.settle("--json", "--state", "s.json", *files, code=0)
    began = time.monotonic()
    y.settle("--json", "--state", "s.json", y.write("first.json", bill("FIRST", person=person(1))), code=0)
    took = time.monotonic() - began
    killed = after = 0
    for i in range(60):
        name = y.write(f"k{i}.json", bill(f"K-{i}", person=person(i % 5)))
        old = y.path("s.json").read_bytes()
        y.path("copy.json").write_bytes(old)
        y.settle("--json", "--state", "copy.json", name, code=0)
        new = y.path("copy.json").read_bytes()
        true(old != new, "the bill changes the state")
        with open(y.path("out"), "wb") as out:
            p = subprocess.Popen(argv(y, name), cwd=y.folder, env=y.env(), stdout=out, stderr=subprocess.DEVNULL)
            # half of the kills anywhere, half near the end, where the file is replaced; that moment is found by going nearer from both sides
            time.sleep(took * (rng.random() if i % 2 else 0.85 + 0.3 * rng.random()))
            p.send_signal(signal.SIGKILL)
            code = p.wait()
            if i % 2 == 0:
                took *= 1.1 if y.path("s.json").read_bytes() == old else 0.92
        now = y.path("s.json").read_bytes()
        true(now in (old, new), f"round {i}: the state is neither the old nor the new ({len(old)}, {len(now)}, {len(new)} bytes)")
        if y.path("out").read_bytes():
            equal(now, new, f"round {i}: an answer was printed, so the state must be the new one")
        killed += code == -signal.SIGKILL
        after += now == new and code == -signal.SIGKILL
        if now == old:  # the way out: run it again
            y.settle("--json", "--state", "s.json", name, code=0)
            equal(y.path("s.json").read_bytes(), new, f"round {i}: again")
        else:
            y.settle("--json", "--state", "s.json", name, code=1)
    print(f"# {killed} of 60 killed, {after} of them behind the replacement")
    true(killed - after >= 10 and after >= 1, f"the kills must hit both sides of the replacement ({killed}, {after})")


@case("two at once: one works, the other says file-locked with exit 3, nothing is lost")
def _(y):
    name = y.write("a.json", bill())
    with open(y.path("s.json.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        r = y.settle("--state", "s.json", name, code=3)
        equal(r.out, "", "stdout", r)
        contains(r.err, ("file-locked", "s.json", "提示"), "stderr", r)
        true(not y.path("s.json").exists(), "no state")
        y.settle("--dry-run", "--state", "s.json", name, code=0)
    y.settle("--state", "s.json", name, code=0)


@case("eight processes, forty bills: each is in the state exactly once")
def _(y):
    names = [y.write(f"{i}.json", bill(f"B-{i}", person=person(i))) for i in range(40)]
    waiting, lost, busy = list(names), [], [0]

    def work():
        while waiting:
            try:
                name = waiting.pop()
            except IndexError:
                return
            for _ in range(2000):
                done = subprocess.run(argv(y, name), cwd=y.folder, env=y.env(), capture_output=True, check=False)
                result = Result(argv(y, name), done.returncode, done.stdout, done.stderr)
                try:
                    sound(result)
                    true(done.returncode in (0, 3), "exit code", result)
                    true(done.returncode == 0 or "file-locked" in result.err, "why", result)
                except AssertionError as e:
                    lost.append(str(e))
                if done.returncode == 0:
                    break
                busy[0] += 1
                time.sleep(0.01)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(lost, [], "wrong ends")
    equal(bills_in(y), {f"B-{i}" for i in range(40)}, "bills")
    parallel = y.path("s.json").read_bytes()
    y.path("s.json").unlink()
    y.settle("--json", "--state", "s.json", *names, code=0)
    equal(parallel, y.path("s.json").read_bytes(), "the same bytes as in one run")
    print(f"# {busy[0]} times found it locked")


@case("a full quota: exit 3, file-write, the old state intact, nothing printed, nothing left behind")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", bill("B-2", person=person(2)))
    y.settle("--state", "s.json", "a.json", code=0)
    old = y.path("s.json").read_bytes()
    for limit in (0, 1, len(old) // 2, len(old)):
        r = y.settle("--state", "s.json", "b.json", code=3, preexec=lambda n=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)))
        equal(r.out, "", "stdout", r)
        contains(r.err, ("file-write", "s.json", "提示"), "stderr", r)
        equal(y.path("s.json").read_bytes(), old, "state")
        equal(left_over(y), [], "temporary files")
    y.settle("--state", "s.json", "b.json", code=0)


def mount_works():
    if os.geteuid() != 0:
        return False
    folder = f"/tmp/yijie-mount-{os.getpid()}"
    os.makedirs(folder, exist_ok=True)
    fine = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False).returncode == 0
    if fine:
        subprocess.run(["umount", folder], check=False)
    os.rmdir(folder)
    return fine


@case("a full disk: exit 3, the old state intact", None if mount_works() else "a small file system cannot be mounted here")
def _(y):
    disk = y.path("disk")
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        y.write("a.json", bill())
        y.write("b.json", bill("B-2", person=person(2)))
        y.settle("--state", "disk/s.json", "a.json", code=0)
        old = (disk / "s.json").read_bytes()
        with open(disk / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        r = y.settle("--state", "disk/s.json", "b.json", code=3)
        equal(r.out, "", "stdout", r)
        contains(r.err, "file-write", "stderr", r)
        equal((disk / "s.json").read_bytes(), old, "state")
        (disk / "filler").unlink()
        y.settle("--state", "disk/s.json", "b.json", code=0)
    finally:
        subprocess.run(["umount", str(disk)], check=False)


@case("a state file that yijie did not write: exit 2, untouched, nothing printed")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", bill("B-2", person=person(2)))
    y.settle("--state", "good.json", "a.json", code=0)
    good = y.path("good.json").read_bytes()
    tree = json.loads(good)
    true(len(tree["counters"]) >= 3, "a state with counters")

    def changed(edit):
        copy = json.loads(good)
        edit(copy)
        return json.dumps(copy, ensure_ascii=False).encode()

    def counter(name, value):
        return changed(lambda t: t["counters"][0].__setitem__(name, value))

    rows = [("cut", good[:n]) for n in (1, 2, len(good) // 3, len(good) // 2, len(good) - 3)]
    rows += [
        ("garbage", b"\x00\xff\xfe garbage"), ("text", b"hello"), ("blank", b"  \n"), ("list", b"[]"), ("empty object", b"{}"), ("null", b"null"),
        ("BOM", b"\xef\xbb\xbf" + good), ("twice", good + good), ("GBK", good.replace(b"city", "城市".encode("gbk"))),
        ("newer version", changed(lambda t: t.__setitem__("yijie_state", 2))), ("version 0", changed(lambda t: t.__setitem__("yijie_state", 0))),
        ("surplus member", changed(lambda t: t.__setitem__("more", 1))), ("no bills", changed(lambda t: t.pop("bills"))),
        ("counters are no list", changed(lambda t: t.__setitem__("counters", {}))),
        ("counter twice", changed(lambda t: t["counters"].append(t["counters"][0]))),
        ("counter of nothing twice", changed(lambda t: t["counters"].extend([{**t["counters"][0], "owner": "p:0", "value": 0}] * 2))),
        ("bill twice", changed(lambda t: t["bills"].append(t["bills"][0]))),
        ("negative", counter("value", -1)), ("a fraction", counter("value", 1.5)), ("a text", counter("value", "1")), ("too large", counter("value", 10**15 + 1)),
        ("beyond 64 bits", counter("value", 10**30)), ("kind", counter("kind", "filler")), ("each", counter("each", "month")), ("clause", counter("clause", 256)),
        ("period", counter("period", "2022-13-01")), ("surplus in a counter", counter("more", 1)),
        ("counter is no object", changed(lambda t: t["counters"].append(7))), ("revision", changed(lambda t: t["bills"][0].__setitem__("revision", 0))),
        ("total", changed(lambda t: t["bills"][0].__setitem__("total", -1))),
        ("duplicate name", good.replace(b'"yijie_state"', b'"yijie_state": 1, "yijie_state"', 1)),
        ("deep", b"[" * 100 + b"]" * 100),
    ]
    for what, content in rows:
        y.path("s.json").write_bytes(content)
        r = y.settle("--state", "s.json", "b.json")
        equal((what, r.code, r.out), (what, 2, ""), "exit and stdout", r)
        contains(r.err, ("s.json", "提示"), what, r)
        true("state-invalid" in r.err or "json-" in r.err, what, r)
        equal(y.path("s.json").read_bytes(), content, what)
    y.path("s.json").write_bytes(good)
    y.settle("--state", "s.json", "b.json", code=0)


@case("a state that is too large, a folder, a link, in no folder, or nowhere")
def _(y):
    y.write("a.json", bill())
    with open(y.path("huge.json"), "wb") as f:
        f.truncate(16 * 1024 * 1024 + 1)
    r = y.settle("--state", "huge.json", "a.json", code=2)
    contains(r.err, ("file-too-large", "huge.json"), "stderr", r)
    y.path("folder").mkdir()
    r = y.settle("--state", "folder", "a.json", code=2)
    contains(r.err, "file-not-regular", "stderr", r)
    r = y.settle("--state", "missing/s.json", "a.json", code=3)
    equal(r.out, "", "stdout", r)
    contains(r.err, ("file-lock", "missing/s.json"), "stderr", r)
    for name in ("", "-"):
        r = y.settle("--state", name, "a.json", code=2)
        equal(r.out, "", "stdout", r)
    equal(sorted(p.name for p in y.folder.iterdir() if p.name.startswith("-")), [], "no file named -")
    y.path("elsewhere").mkdir()
    y.settle("--state", "elsewhere/real.json", "a.json", code=0)
    os.symlink("elsewhere/real.json", y.path("link.json"))
    equal(y.settle("--json", "--state", "link.json", "a.json", code=1).answers()[0]["refusals"][0]["code"], "bill-already-settled", "a link is read through")
    os.symlink("/nonexistent/x", y.path("s2.json.lock"))
    r = y.settle("--state", "s2.json", "a.json", code=3)
    contains(r.err, "file-lock", "a lock file that is a link is not followed", r)


@case("a state that would grow past what can be read again: exit 3, the old one intact")
def _(y):
    y.write("a.json", bill())
    counter = {"owner": "", "product": "city", "benefit": "inside", "kind": "filled", "clause": 0, "code": "", "each": "year", "period": "2022-01-01", "value": 5}
    rows = [{**counter, "owner": f"p:{i:032x}"} for i in range(90000)]
    y.write("s.json", json.dumps({"yijie_state": 1, "counters": rows, "bills": []}, separators=(",", ":")))
    before = y.path("s.json").read_bytes()
    true(len(before) < 16 * 1024 * 1024, "it can be read")
    r = y.settle("--json", "--state", "s.json", "a.json", code=3)
    equal(r.out, "", "stdout", r)
    contains(r.err, ("state-too-large", "s.json"), "stderr", r)
    equal(y.path("s.json").read_bytes(), before, "state")
    equal(left_over(y), [], "temporary files")
    y.settle("--json", "--dry-run", "--state", "s.json", "a.json", code=0)


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def own_copy(y):
    """Program and plans where another user may reach them: the checkout may lie in a home that is closed to others."""
    shutil.copy(y.program, y.path("yijie"))
    os.chmod(y.path("yijie"), 0o755)
    shutil.copytree(PLANS, y.path("library"))
    for path in [y.path("library"), *y.path("library").rglob("*")]:
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
    y.program = y.path("yijie")


@case("a folder or file without permission: exit 3 for the state, 2 for a bill; nothing changes")
def _(y):
    own_copy(y)
    preexec = as_nobody if os.geteuid() == 0 else None
    os.chmod(y.folder, 0o755)
    y.write("a.json", bill())
    y.run("settle", "--plans", "library", "--chain", "city", "--state", "s.json", "a.json", code=0)
    old = y.path("s.json").read_bytes()
    y.write("b.json", bill("B-2"))
    os.chmod(y.folder, 0o555)
    os.chmod(y.path("s.json"), 0o444)
    os.chmod(y.path("s.json.lock"), 0o444)
    r = y.run("settle", "--plans", "library", "--chain", "city", "--state", "s.json", "b.json", code=3, preexec=preexec)
    equal(r.out, "", "stdout", r)
    contains(r.err, "file-lock", "stderr", r)
    os.chmod(y.path("s.json.lock"), 0o666)
    r = y.run("settle", "--plans", "library", "--chain", "city", "--state", "s.json", "b.json", code=3, preexec=preexec)
    equal(r.out, "", "stdout", r)
    contains(r.err, "file-write", "the lock is there, the folder cannot be written", r)
    equal(y.path("s.json").read_bytes(), old, "state")
    os.chmod(y.path("b.json"), 0)
    r = y.run("settle", "--plans", "library", "--chain", "city", "b.json", code=2, preexec=preexec)
    contains(r.err, ("file-read", "b.json"), "stderr", r)
    os.chmod(y.folder, 0o755)


@case("standard output that cannot take the answer: exit 3, said so, and the state tells that it is settled")
def _(y):
    y.write("a.json", bill())
    with open("/dev/full", "wb") as full:
        r = y.settle("--state", "s.json", "a.json", code=3, stdout=full)
    contains(r.err, ("output-write", "提示"), "stderr", r)
    equal(bills_in(y), {"B-1"}, "state")
    contains(r.err, "s.json", "the message says that the state was written", r)
    y.write("b.json", bill("B-2"))
    done = subprocess.run(["sh", "-c", '"$0" "$@" >&-', *argv(y, "b.json")], cwd=y.folder, env=y.env(), capture_output=True, check=False)
    r = Result(argv(y), done.returncode, done.stdout, done.stderr)
    sound(r)
    equal(r.code, 3, "closed stdout", r)
    contains(r.err, "output-write", "stderr", r)
    equal(bills_in(y), {"B-1", "B-2"}, "state")
    y.write("c.json", bill("B-3"))
    done = subprocess.run(["sh", "-c", '"$0" "$@" 2>&- >&- <&-', *argv(y, "c.json", "missing.json")], cwd=y.folder, env=y.env(), check=False)
    equal(done.returncode, 2, "everything closed, bad input")
    done = subprocess.run(["sh", "-c", '"$0" "$@" 2>&- >&- <&-', *argv(y, "c.json")], cwd=y.folder, env=y.env(), check=False)
    equal(done.returncode, 3, "everything closed")
    equal(bills_in(y), {"B-1", "B-2", "B-3"}, "state")
    equal(y.path("s.json.lock").read_bytes(), b"", "nothing was written into the lock file")
    read, write = os.pipe()
    os.close(read)
    r = y.settle("a.json", code=3, stdout=write)
    os.close(write)
    contains(r.err, "output-write", "closed pipe", r)


if __name__ == "__main__":
    main()
