"""The server itself: addresses, refusals of the seam, documents, metrics, settings, stopping. Nothing of cases is needed."""
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import PATIENCE_S, Failed, equal, in_parallel, main, raw, true, until  # noqa: E402

GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /v1/trials HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def pages(lab):
    s = lab.serve()
    equal(s.get("/healthz").json["status"], "ok", "health")
    home = s.get("/")
    equal(home.headers["Content-Type"], "text/html; charset=utf-8", "home page")
    true("default-src 'none'" in home.headers["Content-Security-Policy"], "strict policy", home)
    true(b"<script" not in home.body and "医结".encode() in home.body and b"settlement server" in home.body, "both languages, no scripts", home)
    for link in re.findall(rb'href="([^"]+)"', home.body):
        true(s.get(link.decode(), judge=False).status in (200, 501), f"the link {link} leads somewhere")
    head = s.ask("HEAD", "/healthz")
    equal((head.status, head.body), (200, b""), "HEAD")
    true(int(head.headers["Content-Length"]) > 0, "HEAD has the length", head)
    for reply in (home, head):
        equal(reply.headers["X-Content-Type-Options"], "nosniff", "nosniff")
        equal(reply.headers["Cache-Control"], "no-store", "no-store")


def document(lab):
    """Every route of the table stands in the document, refers only to schemas that are there, and says in two languages what it does."""
    s = lab.serve()
    d = s.get("/openapi.json").json
    equal(d["openapi"], "3.1.0", "OpenAPI")
    table = (Path(__file__).resolve().parents[2] / "src/api/routes.def").read_text(encoding="utf-8")
    rows = re.findall(r'^X\(\w+, "(\w+)", "([^"]+)"', table, re.M)
    have = {(method.upper(), path) for path, methods in d["paths"].items() for method in methods}
    equal(have, set(rows), "routes of the table and of the document")
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(d)))
    equal(names - set(d["components"]["schemas"]), set(), "schemas that are missing")
    for path, methods in d["paths"].items():
        for method, operation in methods.items():
            true(" / " in operation["summary"], f"{method} {path} has both languages")
            equal({p["name"] for p in operation["parameters"] if p["in"] == "path"}, set(re.findall(r"\{(\w+)\}", path)), f"parameters of {path}")


def metrics(lab):
    s = lab.serve()
    for _ in range(3):
        s.get("/healthz")
    s.get("/nothing")
    want = (b'yijie_http_requests_total{route="GET /healthz",status="2xx"} 3\n', b'yijie_http_requests_total{route="none",status="4xx"} 1\n')
    text = until(lambda: (lambda t: t if all(line in t for line in want) else None)(s.get("/metrics").body), "counts by route, and what has none")
    try:
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    except FileNotFoundError:
        return "promtool is not installed"
    equal((check.returncode, check.stdout + check.stderr), (0, b""), "promtool")
    return None


def refusals(lab):
    """Status, code and both languages of everything that is refused before a handler sees it."""
    s = lab.serve(config="body_bytes = 2000\n")
    rows = [
        ("GET", "/nothing", None, {}, 404, "http-not-found"),
        ("GET", "/v1/settlements/", None, {}, 404, "http-not-found"),
        ("GET", "/v1//settlements", None, {}, 404, "http-not-found"),
        ("DELETE", "/v1/settlements", None, {}, 405, "http-method"),
        ("OPTIONS", "/v1/trials", None, {}, 405, "http-method"),
        ("GET", "/v1/settlements/%ff", None, {}, 400, "http-path"),
        ("GET", "/v1/settlements/%00", None, {}, 400, "http-path"),
        ("GET", "/v1/settlements?unknown=1", None, {}, 400, "http-query"),
        ("GET", "/v1/settlements?max=1&max=2", None, {}, 400, "http-query"),
        ("GET", "/v1/settlements?max=x", None, {}, 400, "http-query"),
        ("GET", "/v1/settlements?max=501", None, {}, 400, "http-query"),
        ("GET", "/v1/events?after=-2", None, {}, 400, "http-query"),
        ("GET", "/healthz?x", None, {}, 400, "http-query"),
        ("POST", "/v1/trials", b"{}", {"Content-Type": "text/plain"}, 415, "http-media-type"),
        ("POST", "/v1/trials", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "http-media-type"),
        ("POST", "/v1/trials", b"", {"Content-Type": ""}, 415, "http-media-type"),
        ("GET", "/healthz", b"x", {}, 415, "http-media-type"),
        ("POST", "/v1/trials", b"x" * 2001, {}, 413, "http-body-too-large"),
        ("POST", "/v1/trials", b"{}", {"Idempotency-Key": "x" * 256}, 400, "idempotency-key"),
        ("POST", "/v1/trials", b"{}", {"Idempotency-Key": "a b"}, 400, "idempotency-key"),
        ("POST", "/v1/trials", b"{}", {"Idempotency-Key": ""}, 400, "idempotency-key"),
        ("POST", "/v1/trials", b"{", {}, 400, None),
        ("POST", "/v1/trials", b"{\"a\":1,\"a\":2}", {}, 400, None),
        ("POST", "/v1/trials", b"\xff", {}, 400, None),
        ("GET", "/healthz", None, {"Expect": "magic"}, 417, "http-expect"),
        ("GET", "/" + "x" * 3000, None, {}, 414, "http-target-too-long"),
        ("GET", "/healthz", None, {"X-Large": "x" * 9000}, 431, "http-headers-too-large"),
        ("GET", "/healthz", None, {f"X-{n}": "x" for n in range(70)}, 431, "http-headers-too-large"),
        ("POST", "/v1/import?dry_run=2", b"a\n1\n", {"Content-Type": "text/csv"}, 400, "http-query"),
        ("POST", "/v1/consents", b"{\"change\":\"key\"}", {}, 400, "body"),
        ("POST", "/v1/persons/lookup", b"{\"id\":\"1\"}", {}, 400, "body"),
        ("POST", "/v1/persons/lookup", b"{", {}, 400, "json-truncated"),
    ]
    for method, target, body, headers, status, code in rows:
        reply = s.ask(method, target, body=body, headers=headers)
        equal(reply.status, status, f"{method} {target[:40]} {headers}", reply)
        if code:
            equal(reply.code, code, f"{method} {target[:40]}", reply)
        problem = reply.json
        true(re.search("[\u4e00-\u9fff]", problem["zh"]) and re.search("[a-z]", problem["en"]), "both languages", reply)
        equal(problem["type"], "urn:yijie:problem:" + problem["code"], "type", reply)
    equal(s.ask("DELETE", "/v1/settlements").headers["Allow"], "POST, GET, HEAD", "Allow")
    true(s.get("/nothing", headers={"Accept-Language": "en-GB"}).json["title"].startswith("there is nothing"), "English first")
    true(s.get("/nothing", headers={"Accept-Language": "zh"}).json["title"].startswith("没有"), "Chinese first")


def names_of_requests(lab):
    s = lab.serve(config="access_log = all\n")
    given = s.get("/healthz", headers={"X-Request-Id": "desk-7.a_b", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    equal(given.headers["X-Request-Id"], "desk-7.a_b", "the client's id")
    own = {s.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"] for bad in ("a b", "x" * 65, "<script>", "é".encode().decode("latin-1"))}
    equal(len(own), 4, "own ids, each another", own)
    true(all(re.fullmatch("[0-9a-f]{16}", one) for one in own), "own ids", own)
    equal(s.get("/nothing", headers={"X-Request-Id": "r1"}).json["instance"], "r1", "instance")
    s.stop()
    lines = [json.loads(line) for line in s.log().splitlines()]
    true(any(line.get("trace") == "0af7651916cd43dd8448eb211c80319c" and line["request"] == "desk-7.a_b" and line["route"] == "/healthz" and line["status"] == 200 for line in lines), "access log", s.log())
    true("script" not in s.log(), "nothing of a stranger in the log")


def smuggling(lab):
    """Two readings of one request: refused at the first doubt, and the connection ends there."""
    s = lab.serve(config="head_ms = 1000\nidle_ms = 1000\nbody_ms = 1000\n")
    second = GET + b"\r\n"
    rows = [
        (POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + second, b"400", b"http-content-length"),
        (POST + b"Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}" + second, b"400", b"http-content-length"),
        (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, b"400", b"http-length-and-encoding"),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + second, b"400", b"http-transfer-encoding"),
        (POST + b"Transfer-Encoding: identity\r\n\r\n" + second, b"400", b"http-transfer-encoding"),
        (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, b"400", b"http-transfer-encoding"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n" + second, b"400", b"http-host"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1@evil\r\n\r\n" + second, b"400", b"http-host"),
        (b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + second, b"400", b"http-target"),
        (GET + b"X\x00: 1\r\n\r\n" + second, b"400", None),
        (GET + b"X y: 1\r\n\r\n" + second, b"400", None),
        (GET + b"X : 1\r\n\r\n" + second, b"400", None),
        (GET + b"X: \x0b\r\n\r\n" + second, b"400", b"http-header-value"),
        (b"GET /healthz HTTP/1.1\r\n\r\n" + second, b"400", None),
        (POST + b"Content-Length: -1\r\n\r\n" + second, b"400", None),
        (POST + b"Content-Length: 99999999999999999999\r\n\r\n" + second, None, None),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + second, None, None),
        (POST + b"Content-Length: 20000000\r\n\r\n" + second, b"413", b"http-body-too-large"),
    ]
    for number, (text, status, code) in enumerate(rows):
        came, closed = raw(s, text)
        true(closed, f"row {number} is closed", came)
        if status:
            true(came.startswith(b"HTTP/1.1 " + status), f"row {number}", came)
        if code:
            true(code in came, f"row {number} says {code}", came)
        true(b"HTTP/1.1 200" not in came, f"row {number}: the second request was answered", came)
    equal(s.get("/healthz").status, 200, "still there")


def slow_clients(lab):
    """Silent, dripping and half-finished clients are cut by the clock; others are served meanwhile."""
    s = lab.serve(config="head_ms = 800\nidle_ms = 800\nbody_ms = 800\n")
    for text in (b"", b"GET /hea", GET, POST + b"Content-Length: 100\r\n\r\n{"):
        came, closed = raw(s, text)
        true(closed and not came.startswith(b"HTTP/1.1 2"), f"{text!r} is cut", came)
    drip = socket.create_connection((s.host, int(s.port)))
    drip.settimeout(0.05)
    begun, cut = time.monotonic(), False
    while not cut and time.monotonic() - begun < PATIENCE_S:
        try:
            drip.send(b"X")
            cut = drip.recv(1) == b""
        except TimeoutError:
            equal(s.get("/healthz", judge=False).status, 200, "others are served")
        except OSError:
            cut = True
    drip.close()
    true(cut, "a byte now and then is cut")
    kept = socket.create_connection((s.host, int(s.port)))
    kept.settimeout(PATIENCE_S)
    for _ in range(3):
        kept.sendall(GET + b"\r\n")
        true(kept.recv(65536).startswith(b"HTTP/1.1 200"), "a kept connection serves again")
    equal(kept.recv(1), b"", "and is closed when idle")
    kept.close()


def connection_limits(lab):
    s = lab.serve(config="connections = 8\nconnections_per_address = 4\nhttp_threads = 1\n")
    held = []
    for _ in range(12):
        c = socket.create_connection((s.host, int(s.port)))
        c.settimeout(PATIENCE_S)
        c.sendall(GET + b"\r\n")
        try:
            fine = c.recv(65536).startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            fine = False
        held.append((c, fine))
    equal(sum(fine for _, fine in held), 4, "connections of one address")
    equal(s.get("/healthz", admin=True, judge=False).status, 200, "the operator's socket is not one of them")
    for c, _ in held:
        c.close()
    begun = time.monotonic()
    while True:
        try:
            equal(s.get("/healthz", judge=False).status, 200, "given back")
            break
        except OSError:
            true(time.monotonic() - begun < PATIENCE_S, "connections are given back")
            time.sleep(0.05)


def files_of_the_folder(lab):
    s = lab.serve()
    for name in ("socket", "keys.json"):
        mode = stat.S_IMODE(os.stat(lab.data / name).st_mode)
        equal(oct(mode), oct(0o600), f"mode of {name}")
    out, err = lab.run("serve", "--data", lab.data, "--listen", "127.0.0.1:0", code=3)
    true("store-in-use" in err and out == "", "one owner", err)
    other = lab.folder / "other"
    out, err = lab.run("serve", "--data", other, "--listen", s.address, code=3)
    true("listen-in-use" in err, "the port is taken", err)
    s.stop()
    true(not (lab.data / "socket").exists(), "the socket is gone")
    again = lab.serve()
    again.process.kill()
    again.process.wait()
    true((lab.data / "socket").exists(), "a killed server leaves its socket")
    equal(lab.serve().get("/healthz").status, 200, "and the next one takes its place")


def wide_addresses(lab):
    """Beyond this machine only with --lan or behind a proxy, and only when keys exist."""
    for listen in ("0.0.0.0:0", "[::]:0"):
        _, err = lab.run("serve", "--data", lab.data, "--listen", listen, code=2)
        true("setting-wide" in err and "--behind-proxy" in err, "refused", err)
    _, err = lab.run("serve", "--data", lab.data, "--listen", "0.0.0.0:0", "--lan", code=2)
    true("serve-needs-keys" in err, "needs keys", err)
    lab.data.mkdir(exist_ok=True, mode=0o700)
    (lab.data / "config").write_text(f"proxy_socket = {lab.folder}/http.socket\n")
    _, err = lab.run("serve", "--data", lab.data, "--behind-proxy", code=2)
    true("serve-needs-keys" in err, "needs keys", err)
    for bad in ("localhost:1", "127.0.0.1", "127.0.0.1:99999", "unix:"):
        _, err = lab.run("serve", "--data", lab.data, "--listen", bad, code=2)
        true("listen-address" in err, f"{bad} cannot be read", err)


def settings(lab):
    good = lab.folder / "good.conf"
    good.write_text("# 注释\n\nlisten = 127.0.0.1:0\n  queue=17 \naccess_log = all\n", encoding="utf-8")
    out, _ = lab.run("config", "check", "--config", good)
    true("fine" in out, "fine", out)
    out, _ = lab.run("config", "show", "--config", good, "--json")
    shown = json.loads(out)
    equal(shown["queue"], {"value": "17", "from": "file"}, "from the file")
    equal(shown["group"], {"value": "512", "from": "default"}, "by default")
    out, _ = lab.run("config", "show", "--config", good)
    again = lab.folder / "again.conf"
    again.write_text(out, encoding="utf-8")
    out, _ = lab.run("config", "show", "--config", again, "--json")
    equal({k: v["value"] for k, v in json.loads(out).items()}, {k: v["value"] for k, v in shown.items()}, "what is shown can be read again")
    rows = [("nonsense\n", "setting-line", "1"), ("quene = 5\n", "setting-unknown", "1:quene"), ("queue = 0\n", "setting-value", "1:queue"), ("queue = x\n", "setting-value", "1:queue"),
            ("queue = 5\n\nqueue = 6\n", "setting-double", "3:queue"), ("lan = maybe\n", "setting-value", "1:lan"), ("access_log = some\n", "setting-value", "1:access_log"),
            ("listen = 0.0.0.0:80\n", "setting-wide", "0.0.0.0:80"), ("listen =\n", "setting-conflict", "listen")]
    for text, code, place in rows:
        bad = lab.folder / "bad.conf"
        bad.write_text(text)
        _, err = lab.run("config", "check", "--config", bad, "--json", code=2)
        finding = json.loads(err.splitlines()[0])
        true(finding.get("code") == code and place in json.dumps(finding), f"{text!r} gives {code} at {place}", err)
        _, err = lab.run("serve", "--data", lab.data, "--config", bad, code=2)
        true(code in err, "serve says the same", err)
    bad.write_text("a = 1\nb = 2\nqueue = -1\n")
    _, err = lab.run("config", "check", "--config", bad, code=2)
    equal(err.count("setting-"), 3, "all findings at once", err)
    true("queue" in err.split("quene")[0], "names the nearest", err)
    lab.run("config", "check", "--config", lab.folder / "none.conf", code=None)
    s = lab.serve("--listen", "127.0.0.1:0", config="listen = 127.0.0.1:1\n")
    true(s.port != "1", "an option overrides the file", s.address)


def stopping(lab):
    """SIGTERM and SIGINT: exit 0; requests under way are answered, none is half answered; new connections are not taken."""
    for sig in (signal.SIGTERM, signal.SIGINT):
        s = lab.serve()
        done, stop_at = [], time.monotonic() + 0.5

        def client(_, server=s, answered=done, until=stop_at):
            connection = server.connection()
            while True:
                try:
                    connection.request("GET", "/openapi.json")
                    answer = connection.getresponse()
                except OSError:
                    return
                except Exception as failure:  # http.client: the other end closed between two requests
                    if time.monotonic() < until:
                        raise Failed(f"lost before the stop: {failure}") from failure
                    return
                body = answer.read()
                if len(body) != int(answer.headers["Content-Length"]):
                    raise Failed("half an answer")
                answered.append(answer.status)
                if answer.headers["Connection"] == "close":
                    connection.close()
                if time.monotonic() > until and server.process.poll() is not None:
                    return

        import threading
        timer = threading.Timer(0.5, s.process.send_signal, [sig])
        timer.start()
        in_parallel(6, client)
        timer.join()
        s.process.wait(PATIENCE_S)
        equal(s.process.returncode, 0, "exit code", s.log())
        s.stopped = True
        true(len(done) > 20 and set(done) <= {200, 503}, f"answers: {len(done)} {set(done)}")
        lines = [json.loads(line)["event"] for line in s.log().splitlines()]
        equal((lines[0], lines[-1]), ("serve-start", "serve-stop"), "log", s.log())


def second_signal(lab):
    """An open connection that keeps sending holds the stop up to drain_ms; a second signal ends the patience."""
    s = lab.serve(config="drain_ms = 600000\n")
    c = socket.create_connection((s.host, int(s.port)))
    c.sendall(POST + b"Content-Length: 100\r\n\r\n{")
    time.sleep(0.3)
    s.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    true(s.process.poll() is None, "it is still patient")
    s.process.send_signal(signal.SIGTERM)
    c.close()
    s.process.wait(PATIENCE_S)
    equal(s.process.returncode, 0, "exit code", s.log())


if __name__ == "__main__":
    main([pages, document, metrics, refusals, names_of_requests, smuggling, slow_clients, connection_limits, files_of_the_folder, wide_addresses, settings, stopping, second_signal])
