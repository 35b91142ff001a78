"""test_server YIJIE — the settlement server on PostgreSQL while its database dies: connections cut, a power failure, a standby that takes over.

What must hold each time: every case that a hospital was told is settled is there, once; the audit of the whole log, with every case run again, finds
nothing; the server itself goes on without help. Prints TAP.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PG = os.path.join(HERE, "..", "..", "tools", "pg")
YIJIE = os.path.abspath(sys.argv[1])
PERSONS = "200"
BROKEN = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "CHECK failed", "check failed")


def run(*command, want=0):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert want is None or done.returncode == want, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-3000:]}"
    return done.stdout


def pg(*words):
    return dict(line.split(" ", 1) for line in run(sys.executable, PG, *words).splitlines())


def sql(url, text):
    return run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text).strip()


class Lab:
    """A cluster with the demonstration city, a server on it, a load on the server."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="yijie-test-")
        os.chmod(self.folder, 0o711)
        self.cluster = os.path.join(self.folder, "pg")
        self.keys = os.path.join(self.folder, "keys.json")
        self.acknowledged = os.path.join(self.folder, "acknowledged")
        self.server = self.load = None

    def begin(self):
        url = pg("start", self.cluster)
        run(YIJIE, "migrate", "--store", url["owner"])
        run(YIJIE, "demo", "load", "--store", url["server"], "--persons", PERSONS, "--allow-doubtful", "--keys", self.keys)
        return url

    def serve(self, url):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        log = open(os.path.join(self.folder, "serve.log"), "w+", encoding="utf-8")
        self.server = (subprocess.Popen([YIJIE, "serve", "--store", url["server"], "--keys", self.keys, "--listen", address, "--allow-doubtful"], stdout=log,
                                        stderr=subprocess.STDOUT), log)
        host, port = address.split(":")
        for _ in range(600):
            try:
                socket.create_connection((host, int(port)), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        return f"http://{address}"

    def load_start(self, server, seconds, rate="100"):
        self.load = subprocess.Popen([YIJIE, "load", "--persons", PERSONS, "--connections", "16", "--url", server, "--rate", rate, "--seconds", str(seconds),
                                      "--acknowledged", self.acknowledged], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def load_end(self):
        said, _ = self.load.communicate(timeout=120)
        return said

    def serve_end(self):
        child, log = self.server
        early = child.poll()
        child.terminate()
        code = child.wait(timeout=60)
        log.seek(0)
        said = "".join(line for line in log if '"event":"request"' not in line)
        self.server = None
        assert early is None, f"the server has ended by itself: {early}\n{said[:6000]}"
        assert code == 0 and not any(word in said for word in BROKEN), said[:6000]

    def judge(self, url, said):
        """Told, there, once, and the audit is content."""
        with open(self.acknowledged, encoding="utf-8") as file:
            told = file.read().split()
        there = sql(url["admin"], "SELECT encode(id, 'hex') FROM yijie.cases").split()
        assert len(told) > 50, f"too few cases for a proof: {len(told)}\n{said}"
        assert len(set(told)) == len(told), "a case was told twice"
        missing = {case.replace("-", "") for case in told} - set(there)
        assert not missing, f"{len(missing)} of {len(told)} settled cases are gone\n{said}"
        twice = sql(url["admin"], "SELECT count(*) FROM (SELECT hospital, bill FROM yijie.cases GROUP BY 1, 2 HAVING count(*) > 1) AS twice")
        assert twice == "0", "a bill was settled twice"
        run(YIJIE, "audit", "--store", url["server"], "--keys", self.keys, "--replay")

    def end(self):
        for child in (self.load, self.server and self.server[0]):
            if child and child.poll() is None:
                child.kill()
                child.wait()
        subprocess.run([sys.executable, PG, "stop", self.cluster], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def connections_are_cut(lab):
    url = lab.begin()
    lab.load_start(lab.serve(url), 5)
    time.sleep(1)
    for _ in range(12):
        sql(url["admin"], "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'yijie_server'")
        time.sleep(0.25)
    said = lab.load_end()
    lab.serve_end()
    lab.judge(url, said)


def power_fails(lab):
    url = lab.begin()
    lab.load_start(lab.serve(url), 8)
    time.sleep(2)
    pg("kill", lab.cluster)
    time.sleep(1)
    pg("start", lab.cluster)
    back_ms = sql(url["admin"], "SELECT (extract(epoch FROM now()) * 1000)::bigint")
    said = lab.load_end()
    lab.serve_end()
    lab.judge(url, said)
    after = sql(url["admin"], f"SELECT count(*) FROM yijie.cases WHERE at_ms > {back_ms}")
    assert int(after) > 50, f"only {after} cases were settled after the database came back\n{said}"


def standby_takes_over(lab):
    """The first server is gone for good: what a hospital was told is on the second."""
    url = lab.begin()
    pg("standby", lab.cluster, "start")
    lab.load_start(lab.serve(url), 4)
    time.sleep(2.5)
    pg("kill", lab.cluster)
    said = lab.load_end()
    lab.serve_end()
    second = pg("standby", lab.cluster, "promote")
    lab.judge(second, said)
    lab.load_start(lab.serve(second), 2)
    said = lab.load_end()
    lab.serve_end()
    lab.judge(second, said)


CASES = [connections_are_cut, power_fails, standby_takes_over]


def main():
    print(f"1..{len(CASES)}", flush=True)
    failed = 0
    for number, case in enumerate(CASES, 1):
        lab = Lab()
        why = ""
        begun = time.monotonic()
        try:
            case(lab)
        except Exception:  # noqa: a case that breaks in any way has failed
            why = traceback.format_exc()
        finally:
            lab.end()
        print(f"{'not ok' if why else 'ok'} {number} - {case.__name__.replace('_', ' ')} # {time.monotonic() - begun:.0f} s", flush=True)
        if why:
            failed += 1
            print("# " + why.replace("\n", "\n# "), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
