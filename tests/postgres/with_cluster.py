#!/usr/bin/env python3
"""with_cluster [--fsync] PROGRAM… — runs a test program against a private PostgreSQL cluster and removes the cluster whatever happens.

Without --fsync the server does not wait for the disk: enough for tests, which stop processes but not the power, and many times faster when several run
at once. A benchmark must give --fsync.

The program gets YIJIE_TEST_POSTGRES (a fresh, empty database, as its owner), YIJIE_TEST_POSTGRES_SERVER (the same, as the server's role, which owns
nothing), YIJIE_TEST_POSTGRES_ADMIN (superuser), and YIJIE_TEST_PG with YIJIE_TEST_PG_DIR (tools/pg and its folder, for tests that stop the
server). Its exit code is passed on; a program that is not there to be run, or no cluster, is a failure and not a skip.
In meson: test('ROOM-postgres', with_cluster, args: [exe], protocol: 'tap', suite: 'ROOM', timeout: 120).
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

PG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "pg")


def urls(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


def watch(parent_end, folder):
    """A child of its own session that outlives a killed driver: when the pipe closes, whatever still runs is stopped."""
    if os.fork() != 0:
        return
    os.setsid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(quiet, fd)
    os.close(parent_end[1])
    os.read(parent_end[0], 1)
    subprocess.run([sys.executable, PG, "stop", os.path.join(folder, "pg")], check=False)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main():
    fsync = sys.argv[1:2] == ["--fsync"]
    program = sys.argv[2 if fsync else 1:]
    if not program:
        print("usage: with_cluster [--fsync] PROGRAM…", file=sys.stderr)
        return 2
    folder = tempfile.mkdtemp(prefix="yijie-test-")
    os.chmod(folder, 0o711)  # the user postgres passes through
    pipe = os.pipe()
    watch(pipe, folder)
    os.close(pipe[0])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    cluster = os.path.join(folder, "pg")
    child = None
    try:
        started = subprocess.run([sys.executable, PG, "start", cluster, *([] if fsync else ["--no-fsync"])], stdout=subprocess.PIPE, text=True, check=False)
        if started.returncode != 0:
            print("Bail out! no PostgreSQL cluster", flush=True)
            return 1
        url = urls(started.stdout)
        child = subprocess.Popen(program, env={
            **os.environ, "YIJIE_TEST_POSTGRES": url["owner"], "YIJIE_TEST_POSTGRES_SERVER": url["server"],
            "YIJIE_TEST_POSTGRES_ADMIN": url["admin"], "YIJIE_TEST_PG": PG, "YIJIE_TEST_PG_DIR": cluster})
        code = child.wait()
        return code if code >= 0 else 128 - code
    finally:
        if child and child.poll() is None:
            child.kill()
            child.wait()
        subprocess.run([sys.executable, PG, "stop", cluster], check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
