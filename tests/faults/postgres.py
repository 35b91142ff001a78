"""postgres — the store of a regional edition as the fault tests need it: a database of its own, ways to hurt it, and a proxy that cuts connections.

Runs under tests/postgres/with_cluster.py, whose private cluster it uses; nothing else is ever touched.
"""
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, quote, urlsplit

from harness import Field

PG, PG_DIR = os.environ.get("YIJIE_TEST_PG"), os.environ.get("YIJIE_TEST_PG_DIR")


def cluster(*words):
    return subprocess.run([sys.executable, PG, words[0], PG_DIR, *words[1:]], stdout=subprocess.PIPE, text=True, check=True).stdout


def urls(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


def socket_of(url):
    """The Unix socket behind a URL of tools/pg."""
    return parse_qs(urlsplit(url).query)["host"][0] + "/.s.PGSQL.5432"


class PostgresField(Field):
    """A fresh database of the private cluster. The server's role owns nothing."""

    def __init__(self, program, folder, persons=60, name=None):
        super().__init__(program, folder, persons)
        self.name = name or f"f{os.getpid()}_{int(time.monotonic() * 1000)}"
        self.url = urls(cluster("database", self.name))
        self.keys = self.folder / "keys.json"
        self.through = None  # a proxy: the server reaches the database only by it

    def where(self, through=True):
        url = self.url["server"]
        if through and self.through:
            url = f"postgresql://yijie_server@/{self.name}?host={quote(self.through.folder, safe='')}"
        return ["--store", url, "--keys", str(self.keys)]

    def load(self):
        self.command("migrate", "--store", self.url["owner"], "--server-role", "yijie_server")
        super().load()

    def audit(self, *more):
        through, self.through = self.through, None
        try:
            super().audit(*more)
        finally:
            self.through = through

    def sql(self, text):
        """As the superuser: what it says, one row a line."""
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url["admin"], "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def terminate(self, how_many):
        """Ends connections of the servers, as an administrator or a fail-over would. How many were hit."""
        said = self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'yijie_server' AND datname = '{self.name}' ORDER BY random() LIMIT {how_many}")
        return said.split().count("t") if said else 0


class Proxy:
    """Stands between server and database on a Unix socket. Counts the messages that the database sends, and may cut, delay or refuse.

    cut_at(n): when the n-th message from now is to be passed on, that connection is cut instead: the database has done the statement, the server never hears.
    """

    def __init__(self, folder, target):
        self.folder, self.target = str(folder), target
        self.lock = threading.Lock()
        self.count, self.limit, self.cuts = 0, None, 0
        self.delay_s, self.refuses = 0.0, False
        self.ends = set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.folder + "/.s.PGSQL.5432")
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.target)
            except OSError:
                near.close()
                far.close()
                continue
            with self.lock:
                self.ends |= {near, far}
            for run in (self.forward, self.backward):
                threading.Thread(target=run, args=(near, far), daemon=True).start()

    def cut(self, *ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.ends -= set(ends)

    def forward(self, near, far):
        try:
            while True:
                data = near.recv(65536)
                if not data:
                    break
                far.sendall(data)
        except OSError:
            pass
        self.cut(near, far)

    def backward(self, near, far):
        """Message by message: a type, a length, the rest."""
        kept = b""
        try:
            while True:
                data = far.recv(65536)
                if not data:
                    break
                if self.delay_s:
                    time.sleep(self.delay_s)
                kept += data
                at = 0
                while len(kept) - at >= 5:
                    n = 1 + struct.unpack_from("!I", kept, at + 1)[0]
                    if len(kept) - at < n:
                        break
                    if self.strikes():
                        near.sendall(kept[:at])
                        raise OSError("cut")
                    at += n
                near.sendall(kept[:at])
                kept = kept[at:]
        except OSError:
            pass
        self.cut(near, far)

    def strikes(self):
        with self.lock:
            self.count += 1
            if self.limit is None or self.count < self.limit:
                return False
            self.limit = None
            self.cuts += 1
            return True

    def cut_at(self, n):
        with self.lock:
            self.count, self.limit = 0, n

    def passed(self):
        with self.lock:
            return self.count

    def cut_all(self):
        with self.lock:
            ends = list(self.ends)
        self.cut(*ends)

    def close(self):
        self.listener.close()
        self.cut_all()
