"""harness — a real server on a folder of its own, spoken to by HTTP; every reply is held against the OpenAPI document that the server itself gives.

Used by tests/api. A case is a function that gets a Lab; what runs is stopped and judged at its end: a signal, a sanitizer report or a failed CHECK fails the case.
"""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BROKEN = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "CHECK failed", "check failed")
PATIENCE_S = 60


class Failed(Exception):
    pass


def equal(got, want, what, context=""):
    if got != want:
        raise Failed(f"{what}: {got!r}, not {want!r}\n{context}")


def true(condition, what, context=""):
    if not condition:
        raise Failed(f"{what}\n{context}")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    def __str__(self):
        return f"{self.status} {dict(self.headers)}\n{self.body[:2000]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


class Schemas:
    """The OpenAPI document as a judge of replies."""

    def __init__(self, document):
        self.document = document
        self.paths = [(re.compile("^" + re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(path)) + "$"), path) for path in document["paths"]]

    def judge(self, method, target, reply):
        path = target.split("?")[0]
        known = [pattern for regex, pattern in self.paths if regex.match(path)]
        media = (reply.headers.get("Content-Type") or "").split(";")[0]
        if reply.status >= 400:
            equal(media, "application/problem+json", "media type of a refusal", reply)
            self.check("Problem", reply)
            equal(reply.json["status"], reply.status, "status inside", reply)
            zh, en = reply.json["zh"], reply.json["en"]
            true(reply.json["title"] in (f"{zh} / {en}", f"{en} / {zh}"), "the title is in both languages", reply)
            return
        true(known, f"{method} {path} answered and is not in the document", reply)
        operation = self.document["paths"][known[0]][("get" if method == "HEAD" else method.lower())]
        true(str(reply.status) in operation["responses"], f"{method} {path} may not answer {reply.status}", reply)
        content = operation["responses"][str(reply.status)]["content"]
        true(media in content, f"media type {media} of {method} {path}", reply)
        schema = content[media]["schema"]
        if "$ref" in schema and method != "HEAD":
            self.check(schema["$ref"].rsplit("/", 1)[1], reply)

    def check(self, name, reply):
        validator = jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": self.document["components"]})
        errors = sorted(validator.iter_errors(reply.json), key=lambda e: list(map(str, e.absolute_path)))
        true(not errors, f"against schema {name}: " + "; ".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors[:5]), reply)


class Server:
    def __init__(self, lab, *options, config=None, env=None, data=None):
        self.lab = lab
        self.data = Path(data or lab.data)
        where = ["--data", self.data] if data else lab.where
        if config is not None:
            self.data.mkdir(exist_ok=True, mode=0o700)
            (self.data / "config").write_text(config, encoding="utf-8")
            if lab.store:
                where = [*where, "--config", self.data / "config"]
        self.err = open(lab.folder / f"server-{len(lab.servers)}.err", "w+b")
        listen = [] if any(o.startswith("--listen") for o in options) else ["--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen([lab.program, "serve", *where, *listen, *options], stdout=subprocess.PIPE, stderr=self.err, env=lab.env(env))
        lab.servers.append(self)
        line = self.process.stdout.readline().decode()
        true(line.startswith("listening on "), "the server starts", line + self.log())
        self.address = line.removeprefix("listening on ").strip()
        self.host, _, self.port = self.address.rpartition(":")
        self.stopped = False
        self.schemas = None

    def log(self):
        self.err.flush()
        return Path(self.err.name).read_text(encoding="utf-8", errors="replace")

    def connection(self, admin=False):
        if admin or self.address.startswith("unix:"):
            return UnixConnection(self.data / "socket" if admin else self.address.removeprefix("unix:"))
        return http.client.HTTPConnection(self.host, int(self.port), timeout=PATIENCE_S)

    def ask(self, method, target, body=None, key=None, headers=None, admin=False, judge=True, media="application/json", raw=False):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode()
        sent = {"Content-Type": media} if body is not None else {}
        if key:
            sent["Authorization"] = "Bearer " + key
        sent.update(headers or {})
        connection = self.connection(admin)
        try:
            connection.request(method, target, body=body, headers=sent)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        if judge:
            if self.schemas is None:
                self.schemas = Schemas(json.loads(self.ask("GET", "/openapi.json", admin=not self.lab.store, key=self.lab.admin_key, judge=False).body))
            self.schemas.judge(method, target, reply)
        return reply

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.ask("POST", target, body={} if body is None else body, **more)

    def stop(self, sig=signal.SIGTERM, code=0):
        if not self.stopped:
            self.process.send_signal(sig)
            self.process.wait(PATIENCE_S)
        self.stopped = True
        self.lab.sound(self)
        if code is not None:
            equal(self.process.returncode, code, "exit code of the server", self.log())


class Lab:
    def __init__(self, program, folder):
        self.program, self.folder = str(Path(program).resolve()), Path(folder)
        self.data = self.folder / "data"
        self.servers = []
        self.store = None        # postgresql://… of the server's role, by database()
        self.admin_key = None    # for the document, where there is no operator's socket

    @property
    def where(self):
        return ["--store", self.store, "--keys", self.folder / "keys.json"] if self.store else ["--data", self.data]

    def database(self):
        """A fresh, migrated database in the private cluster of the test; from now on the store of this lab."""
        name = "t" + os.urandom(8).hex()
        done = subprocess.run([os.environ["YIJIE_TEST_PG"], "database", os.environ["YIJIE_TEST_PG_DIR"], name], capture_output=True, text=True, check=True)
        urls = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        self.run("migrate", "--store", urls["owner"])
        self.store = urls["server"]

    def env(self, more=None):
        env = {k: v for k, v in os.environ.items() if k not in ("YIJIE_LANG", "YIJIE_FAULT", "NO_COLOR")}
        env.update({"LC_ALL": "C.UTF-8"})
        env.update(more or {})
        return env

    def serve(self, *options, **more):
        return Server(self, *options, **more)

    def run(self, *argv, code=0, env=None, stdin=b""):
        done = subprocess.run([self.program, *map(str, argv)], cwd=self.folder, input=stdin, capture_output=True, env=self.env(env), timeout=600, check=False)
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        for word in BROKEN:
            true(word not in err, "the command is sound", err[:4000])
        if code is not None:
            equal(done.returncode, code, "exit code of " + " ".join(map(str, argv[:2])), out + err)
        return out, err

    def sound(self, server):
        text = server.log()
        for word in BROKEN:
            true(word not in text, "the server is sound", text[-6000:])

    def close(self):
        for server in self.servers:
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGTERM)
                try:
                    server.process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    server.process.kill()
                    server.process.wait()
                    raise Failed("the server did not stop\n" + server.log()[-3000:]) from None
            self.sound(server)
            server.process.stdout.close()
            server.err.close()


def until(function, what):
    """Waits until function() gives something true, which is returned: what happens a moment after an answer was sent."""
    begun = time.monotonic()
    while True:
        result = function()
        if result:
            return result
        true(time.monotonic() - begun < PATIENCE_S, what)
        time.sleep(0.02)


def raw(server, text, patience_s=PATIENCE_S):
    """Sends bytes, reads until the other end closes; (what came, whether it closed)."""
    if server.address.startswith("unix:"):
        s = socket.socket(socket.AF_UNIX)
        s.connect(server.address.removeprefix("unix:"))
    else:
        s = socket.create_connection((server.host, int(server.port)))
    s.settimeout(patience_s)
    came, closed = b"", False
    try:
        try:
            s.sendall(text)
        except OSError:
            pass
        while True:
            try:
                piece = s.recv(65536)
            except ConnectionResetError:
                closed = True
                break
            except TimeoutError:
                break
            if not piece:
                closed = True
                break
            came += piece
    finally:
        s.close()
    return came, closed


def in_parallel(count, function):
    """Runs function(i) on so many threads; results in order; the first failure is raised."""
    results, failures = [None] * count, []

    def run(i):
        try:
            results[i] = function(i)
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def main(cases):
    """Runs each case with a fresh folder; prints TAP. Arguments: program, then words that a case's name must contain."""
    program, wanted = sys.argv[1], sys.argv[2:]
    cases = [case for case in cases if not wanted or any(word in case.__name__ for word in wanted)]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="yj-") as folder:
            lab = Lab(program, folder)
            text = None
            try:
                try:
                    result = case(lab)
                finally:
                    lab.close()
            except Exception:  # pylint: disable=broad-except
                text = traceback.format_exc()
        took = time.monotonic() - begun
        if text:
            failed += 1
            print(f"not ok {number} - {case.__name__}", *("# " + line for line in text.splitlines()), sep="\n", flush=True)
        elif isinstance(result, str):
            print(f"ok {number} - {case.__name__} # SKIP {result}", flush=True)
        else:
            print(f"ok {number} - {case.__name__}\n# {took:.1f} s", flush=True)
    sys.exit(1 if failed else 0)
