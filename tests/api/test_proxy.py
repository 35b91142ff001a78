"""The shipped nginx configuration with the real nginx in front of the real server, and the systemd unit as systemd reads it."""
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import PATIENCE_S, ROOT, equal, main, true  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """nginx in the foreground, as whoever runs the test, on the shipped site with another port, certificate and socket."""

    def __init__(self, lab, socket_path):
        folder = lab.folder / "nginx"
        folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=yijie.example", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        self.port = free_port()
        site = (ROOT / "packaging/nginx.conf").read_text(encoding="utf-8")
        for old, new in (("/run/yijie/http.socket", str(socket_path)), ("443 ssl", f"127.0.0.1:{self.port} ssl"), ("/etc/ssl/yijie/", f"{folder}/")):
            true(old in site, f"the site names {old}")
            site = site.replace(old, new)
        paths = "".join(f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n    access_log off;\n{paths}{site}}}\n")
        self.process = subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf", "-p", folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        begun = time.monotonic()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                true(self.process.poll() is None and time.monotonic() - begun < PATIENCE_S, "nginx starts", (folder / "error.log").read_text() if (folder / "error.log").exists() else "")
                time.sleep(0.05)
        self.context = ssl.create_default_context(cafile=folder / "cert.pem")
        self.context.check_hostname = False

    def ask(self, method, target, body=None, headers=None):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=PATIENCE_S)
        c.request(method, target, body=body, headers={"Host": "yijie.example", **(headers or {})})
        answer = c.getresponse()
        text = answer.read()
        c.close()
        return answer.status, answer.headers, text

    def raw(self, text):
        s = self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port)))
        s.settimeout(PATIENCE_S)
        s.sendall(text)
        came = b""
        while True:
            try:
                piece = s.recv(65536)
            except OSError:
                break
            if not piece:
                break
            came += piece
        s.close()
        return came

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stderr.close()


def behind_nginx(lab):
    if not shutil.which("nginx"):
        return "nginx is not installed"
    path = lab.folder / "http.socket"
    lab.run("import", "--data", lab.data, institution(lab))
    out, _ = lab.run("key", "add", "--data", lab.data, "--institution", "H-1", "--role", "hospital", "--json")
    key = {"Authorization": "Bearer " + json.loads(out)["key"]}
    s = lab.serve("--behind-proxy", "--listen=", config=f"proxy_socket = {path}\nimport_bytes = 2000000\n")
    equal(s.address, f"unix:{path}", "it listens on the socket only")
    equal(oct(path.stat().st_mode & 0o777), oct(0o660), "mode of the socket")
    n = Nginx(lab, path)
    try:
        status, headers, body = n.ask("GET", "/healthz")
        equal((status, json.loads(body)["status"]), (200, "ok"), "health through nginx")
        true(re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"]), "nginx names the request", dict(headers))
        equal(n.ask("GET", "/v1/settlements")[0], 401, "a stranger")
        equal(n.ask("GET", "/v1/settlements", headers=key)[0], 200, "the hospital")
        equal(n.ask("GET", "/v1/keys", headers=key)[0], 403, "the hospital is not the administrator")
        equal(n.ask("GET", "/v1/settlements", headers={**key, "Origin": "https://yijie.example"})[0], 200, "a page of its own")
        equal(n.ask("GET", "/v1/settlements", headers={**key, "Origin": "https://evil.example"})[0], 403, "a page of another site")
        equal(n.ask("GET", "/v1//settlements", headers=key)[0], 404, "the path is passed on as it is")
        status, _, body = n.ask("POST", "/v1/trials", body=b"{\"bill\": 1}", headers={**key, "Content-Type": "application/json"})
        equal((status, json.loads(body)["status"]), (400, 400), "a bad bill", body)
        # what the library cannot show us ends at nginx
        head = b"POST /v1/trials HTTP/1.1\r\nHost: yijie.example\r\n"
        second = b"GET /healthz HTTP/1.1\r\nHost: yijie.example\r\nConnection: close\r\n\r\n"
        for text in (head + b"X: a\r\n b\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", head + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                     head + b"X\x00: 1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", head + b"Transfer-Encoding: identity\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n"):
            came = n.raw(text + second)
            true(came.startswith(b"HTTP/1.1 4") or came.startswith(b"HTTP/1.1 5") or came == b"", f"{text!r}", came)
            true(b'"status":"ok"' not in came or came.index(b"HTTP/1.1 4") == 0, f"{text!r} hides a second request", came)
        equal(s.post("/v1/trials", b"{}", admin=True, judge=True).status, 400, "the operator's socket stands beside it")
    finally:
        n.stop()
    return None


def institution(lab):
    path = lab.folder / "institutions.csv"
    path.write_text("change,id,kind,zh,en\ninstitution,H-1,hospital,医院一,hospital one\n", encoding="utf-8")
    return path


def second_proxy_server(lab):
    """Two servers on one socket: the second is refused, and the first keeps it."""
    path = lab.folder / "http.socket"
    for data in ("one", "two"):
        lab.run("import", "--data", lab.folder / data, institution(lab))
        lab.run("key", "add", "--data", lab.folder / data, "--institution", "H-1", "--role", "admin")
        (lab.folder / data / "config").write_text(f"proxy_socket = {path}\nbehind_proxy = yes\nlisten =\n")
    s = lab.serve("--listen=", data=lab.folder / "one")
    _, err = lab.run("serve", "--data", lab.folder / "two", code=3)
    true("listen-in-use" in err, "taken", err)
    equal(s.get("/healthz", judge=False).status, 200, "the first stands")


def unit(lab):
    if not shutil.which("systemd-analyze"):
        return "systemd is not installed"
    text = (ROOT / "packaging/yijie.service").read_text(encoding="utf-8").replace("/usr/bin/yijie", lab.program)
    (lab.folder / "yijie.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", lab.folder / "yijie.service"], capture_output=True, check=False)
    complaints = [line for line in done.stderr.decode().splitlines() if "yijie.service" in line]
    equal(complaints, [], "systemd reads it")
    return None


if __name__ == "__main__":
    main([behind_nginx, second_proxy_server, unit])
