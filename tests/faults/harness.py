"""harness — the real server under attack: starts it, sends cases, remembers what it acknowledged, and holds it to that afterwards.

A Witness is the client that forgets nothing: every request with its key, every answer with its bytes. After any fault the server is started again without
the fault (or has recovered by itself), unanswered requests are sent once more with the same keys, and `check` demands: every acknowledged answer is
there, unchanged; the same request again gives the same bytes; no bill is settled twice; nothing is settled that nobody confirmed; `yijie audit` holds.
"""
import collections
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import traceback
from pathlib import Path

START_S, STOP_S, ASK_S = 60, 60, 60
PAUSE_S = 0.03          # before an unanswered request is sent again
PAGE = 500              # of GET /v1/settlements
BROKEN = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "CHECK failed", "check failed")
ACT = {"kind": "desk", "by": "witness"}
UNSURE = (500, 202, 503)  # the outcome is unknown, or nothing was done: the same request again will tell


class Gone(Exception):
    """No answer came, or none that says what became of the request."""


class Broken(AssertionError):
    """The server did not keep its word. Holds the tally of this check."""

    def __init__(self, tally):
        super().__init__(", ".join(f"{name} {tally[name]}" for name in ("lost", "doubled", "changed")))
        self.tally = tally


def say(text):
    print(f"# {text}", flush=True)


class Tally(collections.Counter):
    def line(self):
        names = ("kills", "stops", "cuts", "faults", "acknowledged", "checked", "lost", "doubled", "changed", "audits")
        return ", ".join(f"{name} {self[name]}" for name in names if self[name] or name in ("acknowledged", "checked", "lost", "doubled", "changed"))


TOTAL = Tally()
RUNNING = []  # what a failed case leaves behind is ended with it


class Server:
    """One run of `yijie serve`. `where` are the words that name the store: ["--data", DIR] or ["--store", URL, …]."""

    def __init__(self, program, where, log, env=None, args=(), prefix=()):
        self.log = open(log, "ab")
        self.process = subprocess.Popen([*prefix, str(program), "serve", *where, "--listen", "127.0.0.1:0", "--allow-doubtful", *args],
                                        stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
        RUNNING.append(self.process)
        self.port = self.wait_ready()

    def wait_ready(self):
        timer = threading.Timer(START_S, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                found = re.search(rb"listening on 127\.0\.0\.1:(\d+)", line)
                if found:
                    threading.Thread(target=self.process.stdout.read, daemon=True).start()
                    return int(found.group(1))
        finally:
            timer.cancel()
        self.process.wait()
        return None  # it ended before it was ready: a fault at start

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        """Asks it to end; it must end well by itself."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not stop") from None
        self.log.close()
        return code

    def wait_dead(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


class Client:
    """One connection at a time to one of several servers; after a failure the next one is asked. Any failure to get a whole answer is Gone."""

    def __init__(self, *ports):
        self.ports, self.connection = list(ports), None

    def ask(self, method, path, body=None, key=None):
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=ASK_S)
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.ports = self.ports[1:] + self.ports[:1]
            raise Gone(str(error)) from None

    def sure(self, method, path, body=None, key=None):
        """Asks until there is an answer that says something."""
        end = time.monotonic() + ASK_S
        while True:
            try:
                status, answer = self.ask(method, path, body, key)
                if status not in UNSURE or time.monotonic() > end:
                    return status, answer
            except Gone:
                if time.monotonic() > end:
                    raise
            time.sleep(PAUSE_S)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Case:
    """What one client knows about one bill: pending → tried → settled → reversed, and requests whose answer did not come."""

    def __init__(self, bill):
        self.bill, self.trial, self.settled, self.reversed = bill, None, None, None
        self.name = (bill["hospital"], bill["bill"])
        self.key = f"k-{bill['hospital']}-{bill['bill']}"
        self.sent_confirm = self.sent_reverse = False
        self.confirmed_ids = set()  # every trial whose confirmation was sent
        self.given_up = None


class Witness:
    def __init__(self, bills, seed, reverse_percent=10):
        self.random = random.Random(seed)
        self.cases = [Case(bill) for bill in bills]
        self.reverse = {id(case) for case in self.cases if self.random.randrange(100) < reverse_percent}
        self.lock = threading.Lock()
        self.acknowledged = self.unanswered = 0

    # ---- sending ----------------------------------------------------------------------------------

    def acknowledge(self):
        with self.lock:
            self.acknowledged += 1
            TOTAL["acknowledged"] += 1

    def one(self, client, case):
        """Brings a case as far as it goes; safe to call again after Gone."""
        while not case.given_up and case.settled is None:
            self.settle(client, case)
        if not case.given_up and id(case) in self.reverse and case.reversed is None:
            self.undo(client, case)

    def settle(self, client, case):
        if case.trial is None:
            status, body = client.ask("POST", "/v1/trials", case.bill)
            if status in UNSURE:
                raise Gone(f"trial: {status}")
            if status != 201:
                case.given_up = (status, body[:400])
                return
            case.trial = json.loads(body)["id"]
        case.sent_confirm = True
        case.confirmed_ids.add(case.trial)
        status, body = client.ask("POST", "/v1/settlements", {"trial": case.trial, "act": ACT}, case.key)
        if status in UNSURE:
            raise Gone(f"confirm: {status} {body[:300]!r}")
        if status == 409:  # somebody of the family was first: the new quote stands under its own id
            case.trial, case.key = json.loads(body)["quote"]["id"], case.key + "r"
        elif status in (404, 422) and json.loads(body)["code"] in ("trial-unknown", "trial-expired"):
            case.trial, case.key = None, case.key + "n"  # quotes are working data: a restart may lose them. Nothing was settled: asked anew
        elif status not in (200, 201):
            case.given_up = (status, body[:400])
        else:
            case.settled = body
            self.acknowledge()

    def undo(self, client, case):
        case.sent_reverse = True
        status, body = client.ask("POST", f"/v1/settlements/{case.trial}/reversal", {"reason": "witness"}, case.key + "-reverse")
        if status in UNSURE:
            raise Gone(f"reversal: {status}")
        if status == 409 and json.loads(body)["code"] == "reverse-later-first":
            self.reverse.discard(id(case))
            case.sent_reverse = False
            return
        assert status in (200, 201), (status, body[:400])
        case.reversed = body
        self.acknowledge()

    def run(self, ports, threads=4, patience_s=0.0, alive=lambda: True):
        """Works through all cases until done or the server is gone; with patience, unanswered requests are sent again, by turns to each server.
        True when all are done."""
        ports = ports if isinstance(ports, (list, tuple)) else [ports]
        work, gone, errors = iter(list(self.cases)), threading.Event(), []
        end = time.monotonic() + patience_s

        def bring(client, case):
            while True:
                try:
                    self.one(client, case)
                    return
                except Gone as why:
                    with self.lock:
                        self.unanswered += 1
                    if gone.is_set() or not alive() or time.monotonic() >= end:
                        if patience_s and alive() and not gone.is_set():
                            say(f"patience ended: {why}")
                        raise
                    time.sleep(PAUSE_S)

        def worker(number):
            client = Client(*ports[number % len(ports):], *ports[:number % len(ports)])
            try:
                while not gone.is_set():
                    with self.lock:
                        case = next(work, None)
                    if case is None:
                        return
                    bring(client, case)
            except Gone:
                gone.set()
            except BaseException:  # a wrong answer must not pass as a quiet thread
                errors.append(traceback.format_exc())
                gone.set()
            finally:
                client.close()

        crew = [threading.Thread(target=worker, args=(number,)) for number in range(threads)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
        assert not errors, errors[0]
        return not gone.is_set()

    # ---- holding it to its word -----------------------------------------------------------------------

    def check(self, port):
        """Every acknowledged answer again, and nothing twice. Raises Broken."""
        client, tally, found = Client(port), Tally(), set()
        for case in self.cases:
            if case.settled is not None:
                if self.check_case(client, case, tally):
                    found.add(id(case))
            elif case.trial and case.trial not in case.confirmed_ids:
                if client.sure("GET", f"/v1/settlements/{case.trial}")[0] != 404:
                    tally["doubled"] += 1
                    say(f"settled, and nobody confirmed it: {case.trial}")
        self.check_list(client, tally, found)
        client.close()
        settle_tally(tally)

    def check_case(self, client, case, tally):
        """True when the case is there, changed or not."""
        tally["checked"] += 1 + (case.reversed is not None)
        status, body = client.sure("GET", f"/v1/settlements/{case.trial}")
        if status != 200:
            tally["lost"] += 1
            say(f"lost: {case.trial}: {status} {body[:80]!r}")
            return False
        found, said = json.loads(body), json.loads(case.settled)
        differs = [name for name in said if name != "state" and found.get(name) != said[name]]
        if differs:
            tally["changed"] += 1
            say(f"changed: {case.trial}: {differs}")
        state = "reversed" if case.reversed else "settled"
        if found["state"] != state and not (case.sent_reverse and case.reversed is None):
            tally["lost" if case.reversed else "changed"] += 1
            say(f"state of {case.trial}: {found['state']}, acknowledged {state}")
        if case.reversed:
            status, body = client.sure("POST", f"/v1/settlements/{case.trial}/reversal", {"reason": "witness"}, case.key + "-reverse")
            if status not in (200, 201) or body != case.reversed:
                tally["changed"] += 1
                say(f"the same reversal again: {status} {body[:900].decode()}\n# said: {case.reversed.decode()[:900]}")
        elif not case.sent_reverse:
            status, body = client.sure("POST", "/v1/settlements", {"trial": case.trial, "act": ACT}, case.key)
            if status != 200 or body != case.settled:
                tally["changed"] += 1
                say(f"the same confirmation again: {status}, other bytes: {body != case.settled} {body[:200]!r}")
            status, body = client.sure("POST", "/v1/trials", case.bill)
            if status != 422 or json.loads(body)["code"] != "already-settled":
                tally["doubled"] += 1
                say(f"a settled bill was quoted again: {case.trial}: {status} {body[:200]!r}")
        return True

    def check_list(self, client, tally, found):
        """What the server lists: one living settlement a bill, and only what somebody confirmed."""
        mine = {case.name: case for case in self.cases}
        living = collections.Counter()
        for item in listed(client):
            name = (item["hospital"], item["bill"])
            living[name] += item["state"] == "settled"
            if name in mine and item["id"] not in mine[name].confirmed_ids:
                tally["doubled"] += 1
                say(f"listed, and nobody confirmed it: {item['id']} {name}")
        for name, count in living.items():
            if count > 1:
                tally["doubled"] += 1
                say(f"settled {count} times: {name}")
        for case in self.cases:
            if id(case) in found and not case.sent_reverse and living[case.name] != 1:
                tally["lost"] += 1
                say(f"not listed: {case.trial}")

    def given_up(self):
        return [case.given_up for case in self.cases if case.given_up]


def listed(client):
    after = ""
    while after is not None:
        status, body = client.sure("GET", f"/v1/settlements?max={PAGE}" + (f"&after={after}" if after else ""))
        assert status == 200, (status, body[:300])
        page = json.loads(body)
        yield from page["settlements"]
        after = page["next"]


def settle_tally(tally):
    for name in tally:
        TOTAL[name] += tally[name]
    if tally["lost"] or tally["doubled"] or tally["changed"]:
        raise Broken(tally)


def check_ids(port, ids, threads=4):
    """Cases that `yijie load` says were acknowledged: each is there, settled, whole and adds up."""
    work, tally, lock, errors = iter(ids), Tally(), threading.Lock(), []

    def worker():
        client = Client(port)
        try:
            while True:
                with lock:
                    case_id = next(work, None)
                if case_id is None:
                    return
                status, body = client.sure("GET", f"/v1/settlements/{case_id}")
                found = json.loads(body)
                bad = None
                if status != 200:
                    bad = "lost"
                elif found["state"] != "settled" or found["id"] != case_id or not adds_up(found):
                    bad = "changed"
                with lock:
                    tally["checked"] += 1
                    tally[bad or "held"] += 1
                    if bad:
                        say(f"{bad}: {case_id}: {status} {body[:80]!r}")
        except BaseException:
            errors.append(traceback.format_exc())
        finally:
            client.close()

    crew = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert not errors, errors[0]
    settle_tally(tally)


def adds_up(answer):
    patient = answer["patient"]
    return answer["total"] == sum(p["pay"] for p in answer["payers"]) + answer["hospital"] + patient["account"] + patient["cash"] - patient["payout"]


class Load:
    """`yijie load` at full speed beside the fault; knows afterwards which cases were acknowledged."""

    def __init__(self, field, server, seconds=1, connections=32):
        self.file = field.folder / f"acknowledged-{field.next_run()}"
        self.process = subprocess.Popen([str(field.program), "load", "--url", server.url(), "--persons", str(field.persons), "--seed", str(field.seed), "--covered",
                                         "--seconds", str(seconds), "--connections", str(connections), "--acknowledged", str(self.file)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        RUNNING.append(self.process)

    def ids(self):
        self.process.wait()
        found = self.file.read_text().split() if self.file.exists() else []
        TOTAL["acknowledged"] += len(found)
        return found


class Field:
    """A store with the demonstration city in it, and bills of its persons. Subclasses know the store."""

    def __init__(self, program, folder, persons=60, seed=1):
        self.program, self.folder, self.persons, self.seed = Path(program).resolve(), Path(folder), persons, seed
        self.log = self.folder / "server.log"
        self.runs = 0
        self.folder.mkdir(exist_ok=True)

    def next_run(self):
        self.runs += 1
        return self.runs

    def command(self, *argv, code=0, env=None):
        done = subprocess.run([str(self.program), *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
        err = done.stderr.decode("utf-8", "replace")
        assert not any(word in err for word in BROKEN), err[:4000]
        assert code is None or done.returncode == code, f"{argv}: exit {done.returncode}\n{done.stdout.decode()[:3000]}\n{err[:3000]}"
        return done

    def load(self):
        self.command("demo", "load", *self.where(), "--persons", self.persons, "--seed", self.seed, "--allow-doubtful")

    def bills(self, count, lines=4):
        argv = ["demo", "bills", *self.where()[:2], "--persons", self.persons, "--count", count, "--seed", self.next_run(), "--lines-per-bill", lines, "--covered"]
        return [json.loads(line) for line in self.command(*argv).stdout.decode().splitlines()]

    def serve(self, env=None, args=(), prefix=()):
        return Server(self.program, self.where(), self.log, env, args, prefix)

    def audit(self, *more):
        self.command("audit", *self.where(), *more)
        TOTAL["audits"] += 1

    def sound(self):
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        assert not any(word in text for word in BROKEN), text[-6000:]

    def finish(self, witness, ids=(), audit=True):
        """After a fault: started plainly; first what was acknowledged is asked for, then what was not answered is sent again, and all is asked for once more."""
        server = self.serve()
        assert server.port, "the server did not start again: " + self.log.read_text("utf-8", "replace")[-2000:]
        try:
            witness.check(server.port)
            check_ids(server.port, ids)
            assert witness.run(server.port, patience_s=ASK_S), "not all requests were answered after the fault"
            witness.check(server.port)
        except BaseException:
            server.kill()
            raise
        code = server.stop()
        assert code == 0, f"exit {code}"
        assert not witness.given_up(), witness.given_up()[:2]
        if audit:
            self.audit()
        self.sound()


class SqliteField(Field):
    def where(self):
        return ["--data", str(self.folder / "data")]

    def copy(self, folder):
        """The same store again, elsewhere: so that the city is loaded once. The bills that it makes are others."""
        other = SqliteField(self.program, folder, self.persons, self.seed)
        other.runs = self.next_run() * 1000
        shutil.copytree(self.folder / "data", other.folder / "data", ignore=shutil.ignore_patterns("socket", "*.lock"))
        return other


def run_cases(cases):
    """TAP. A case is (name, function); each has a folder of its own."""
    print(f"1..{len(cases)}", flush=True)
    bad = 0
    for number, (name, function) in enumerate(cases, 1):
        begin = time.monotonic()
        folder = tempfile.mkdtemp(prefix="yijie-faults-")
        os.chmod(folder, 0o755)
        TOTAL.clear()
        try:
            function(Path(folder))
            say(TOTAL.line())
            print(f"ok {number} - {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        except BaseException as error:
            bad += 1
            say(TOTAL.line())
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
            print(f"not ok {number} - {name}: {error}".replace("\n", " ")[:500], flush=True)
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            for process in RUNNING:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            RUNNING.clear()
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0
