"""server — a running `yijie serve` for the command-line tests, spoken to as a client does it. Used as `with serve(y, …) as server:`; at the end it is told to stop, and must stop cleanly."""
import json
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager

from harness import BROKEN, equal, true

PATIENCE_S = 120


class Server:
    def __init__(self, y, process, url):
        self.y, self.process, self.url, self.key = y, process, url, None

    def ask(self, method, target, body=None):
        """(status, JSON)."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if self.key:
            headers["Authorization"] = "Bearer " + self.key
        request = urllib.request.Request(self.url + target, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read())

    def settle(self, bill):
        """Trial and confirm; the settled case."""
        status, quote = self.ask("POST", "/v1/trials", bill)
        equal(status, 201, f"trial of {bill['bill']}: {str(quote)[:500]}")
        status, case = self.ask("POST", "/v1/settlements", {"trial": quote["id"], "act": {"kind": "desk", "by": "test"}})
        equal(status, 201, f"confirmation: {str(case)[:500]}")
        return case


@contextmanager
def serve(y, *options, data="data", store=None):
    err = y.path(f"serve-{len(list(y.folder.glob('serve-*')))}.err")
    with open(err, "wb") as log:
        process = subprocess.Popen([str(y.program), "serve", *(store or ("--data", str(data))), "--listen", "127.0.0.1:0", "--allow-doubtful", *options], cwd=y.folder, env=y.env(),
                                   stdout=subprocess.PIPE, stderr=log)
    try:
        line = process.stdout.readline().decode()
        true(line.startswith("listening on "), "the server starts: " + line + err.read_text(errors="replace"))
        yield Server(y, process, "http://" + line.removeprefix("listening on ").strip())
        process.terminate()
        equal(process.wait(PATIENCE_S), 0, "exit code of the server\n" + err.read_text(errors="replace")[-3000:])
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
    said = err.read_text(errors="replace")
    true(not any(word in said for word in BROKEN), "the server is sound\n" + said[-4000:])
