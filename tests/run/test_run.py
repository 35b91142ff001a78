"""What `make run` does after the build (tools/demo), as a user at a terminal sees it: loads the city, settles the published case, serves, ends with Ctrl-C."""
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from harness import Result, case, contains, equal, main, sound, true  # noqa: E402  (the path comes first)

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120


def demo_start(y, **more):
    """In a session of its own, as a terminal's foreground job is."""
    env = y.env({"YIJIE_DEMO_DATA": str(y.path("city")), "YIJIE_DEMO_LISTEN": "127.0.0.1:0", "YIJIE_DEMO_PERSONS": "300", **more})
    return subprocess.Popen([ROOT / "tools" / "demo", y.program], cwd=y.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                            start_new_session=True)


def demo_end(process):
    out, err = process.communicate(timeout=PATIENCE_S)
    result = Result(["demo"], process.returncode, out, err)
    if result.code >= 0:
        sound(result)
    return result


def once(y, **more):
    return demo_end(demo_start(y, YIJIE_DEMO_ONCE="1", **more))


def nobody_left(y, process):
    """Nothing that was started lives on: neither in its session nor with the city's folder."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if state[0] in "ZX":
            continue
        true(int(state[3]) != process.pid and str(y.path("city")).encode() not in words, f"process {pid} is left: {words!r}")


def until_served(process):
    """Reads until the last line of the greeting; what came and the address."""
    came = []
    for raw in process.stdout:
        came.append(raw.decode())
        found = re.search(r"served on (http://\S+)", came[-1])
        if found:
            return "".join(came), found.group(1)
    raise AssertionError("it was not served:\n" + "".join(came) + process.stderr.read().decode())


@case("loads the city, settles the published case with its URL, says where it serves")
def _(y):
    result = once(y)
    equal(result.code, 0, "exit code", result)
    contains(result.out, ["$ yijie demo load", "the demonstration city is loaded: 300 persons", "$ yijie serve", "listening on 127.0.0.1:", "$ yijie demo case",
                          "852,000.00", "216,700.00", "126,700.00", "演示城市正在", "Ctrl-C"], "what is shown", result)
    true(re.search(r"http://127\.0\.0\.1:\d+/v1/settlements/[0-9a-f]{32}\n", result.out), "the case's URL", result)
    equal(result.err, "", "nothing to complain of", result)


@case("a second run finds the city and the case as they were")
def _(y):
    first, second = once(y), once(y)
    equal(second.code, 0, "exit code", second)
    true("demo load" not in second.out, "the city is not loaded again", second)
    ids = [re.findall(r"/v1/settlements/([0-9a-f]{32})\n", r.out) for r in (first, second)]
    equal(ids[1], ids[0], "the same case", second)
    contains(second.out, ["此前已结算", "settled before", "852,000.00"], "it is shown as it stands", second)
    y.run("audit", "--data", y.path("city"), code=0)


@case("stays until Ctrl-C, answers meanwhile, leaves no process behind")
def _(y):
    process = demo_start(y)
    came, base = until_served(process)
    with urllib.request.urlopen(base + "/healthz", timeout=PATIENCE_S) as answer:
        equal(answer.status, 200, "it answers", came)
    url = re.search(r"http://\S+/v1/settlements/[0-9a-f]{32}\b", came).group(0)
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        contains(answer.read().decode(), '"total":85200000', "the case at its URL")
    equal(process.poll(), None, "it stays")
    os.killpg(process.pid, signal.SIGINT)  # what the terminal does
    result = demo_end(process)
    true(result.code in (0, 130, -signal.SIGINT), f"exit code {result.code}", result)
    nobody_left(y, process)
    y.run("audit", "--data", y.path("city"), code=0)
    equal(once(y).code, 0, "and it starts again")


@case("SIGTERM to the script alone ends the server too")
def _(y):
    process = demo_start(y)
    until_served(process)
    process.terminate()
    equal(demo_end(process).code, 143, "exit code")
    nobody_left(y, process)


@case("a taken port is told in both languages, with what to do; the city stays")
def _(y):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = demo_start(y, YIJIE_DEMO_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
        result = demo_end(process)
    equal(result.code, 3, "exit code", result)
    contains(result.err, ["listen-in-use", "该地址已被占用", "the address is in use", "YIJIE_DEMO_LISTEN=127.0.0.1:0 make run"], "what is said", result)
    true("served on" not in result.out, "no false promise", result)
    nobody_left(y, process)
    equal(once(y).code, 0, "elsewhere it runs")


@case("a city that is served already is told, and the first server is not disturbed")
def _(y):
    first = demo_start(y)
    _, base = until_served(first)
    second = once(y)
    equal(second.code, 3, "exit code", second)
    contains(second.err, ["store-in-use"], "what is said", second)
    with urllib.request.urlopen(base + "/healthz", timeout=PATIENCE_S) as answer:
        equal(answer.status, 200, "the first one answers")
    os.killpg(first.pid, signal.SIGINT)
    demo_end(first)
    nobody_left(y, first)


@case("a load that was cut off is finished by the next run")
def _(y):
    equal(once(y).code, 0, "the first run")
    y.path("city/demo.json").unlink()  # written last, when the whole city is in
    again = once(y)
    equal(again.code, 0, "exit code", again)
    contains(again.out, ["is loaded: 300 persons", "852,000.00"], "loaded and settled", again)
    y.run("audit", "--data", y.path("city"), code=0)


@case("a missing program is told")
def _(y):
    process = subprocess.run([ROOT / "tools" / "demo", y.path("absent")], env=y.env(), capture_output=True, timeout=PATIENCE_S, check=False)
    equal(process.returncode, 1, "exit code")
    contains(process.stderr.decode(), ["演示无法运行", "is missing"], "what is said")


@case("the Makefile's target builds first and then runs the script")
def _(_y):
    done = subprocess.run(["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    equal(done.returncode, 0, "make -n run")
    lines = done.stdout.splitlines()
    contains(done.stdout, ["tools/need build", "ninja -C build/release yijie"], "the build", None)
    equal(lines[-1].strip().lstrip("@"), "tools/demo", "last of all")


if __name__ == "__main__":
    main()
