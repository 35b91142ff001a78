"""place — where a store lies, for tests that do the same on both: options of the command line, a running server, ways to spoil it."""
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from harness import true  # noqa: E402  (the path comes first)
from server import serve  # noqa: E402


def psql(url, text):
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url], input=text, capture_output=True, text=True, check=False)
    true(done.returncode == 0, f"psql: {text[:200]}\n{done.stderr}")
    return done.stdout.strip()


class Sqlite:
    """A data folder. Whoever migrates and whoever serves is the same."""

    kind = "sqlite"

    def __init__(self, y, data):
        self.y, self.data = y, str(data)
        self.options = self.owner_options = ("--data", self.data)

    def serve(self):
        return serve(self.y, store=self.options)

    def sql(self, text):
        """As somebody with the file in his hands: triggers are out of the way."""
        base = sqlite3.connect(self.y.path(self.data) / "yijie.db", isolation_level=None)
        try:
            triggers = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                base.execute(f'DROP TRIGGER "{name}"')
            base.execute(text)
            for _, made in triggers:
                base.execute(made)
        finally:
            base.close()

    def state(self):
        """Everything in it, to see that nothing was touched."""
        base = sqlite3.connect(self.y.path(self.data) / "yijie.db")
        try:
            return list(base.iterdump())
        finally:
            base.close()


class Postgres:
    """A database: the owner migrates, the server's role serves."""

    kind = "postgres"

    def __init__(self, y, owner, server, keys=None):
        self.y, self.owner, self.keys = y, owner, Path(keys or y.path("postgres-keys.json"))
        self.options = ("--store", server, "--keys", str(self.keys))
        self.owner_options = ("--store", owner, "--keys", str(self.keys))

    def serve(self):
        return serve(self.y, store=self.options)

    def sql(self, text):
        psql(os.environ["YIJIE_TEST_POSTGRES_ADMIN"].replace("/" + database_of(os.environ["YIJIE_TEST_POSTGRES_ADMIN"]) + "?", "/" + database_of(self.owner) + "?"),
             "SET session_replication_role = replica; SET search_path = yijie; " + text)

    def state(self):
        dump = subprocess.run(["pg_dump", "--schema=yijie", self.owner], capture_output=True, check=True).stdout.decode()
        return [line for line in dump.splitlines() if not line.startswith("\\")]  # newer pg_dump marks its output with random words


def database_of(url):
    return url.split("@/")[1].split("?")[0]
