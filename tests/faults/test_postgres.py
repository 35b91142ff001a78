#!/usr/bin/env python3
"""test_postgres SET PROGRAM — the servers of a regional edition and their database killed, cut off and slowed; under tests/postgres/with_cluster.py.

SET: points       kill -9 of the server at every named point (a program built with fault points)
     random       two servers on one database, the load split between them, one killed at random
     connections  a proxy that cuts the connection at every message of the database; connections ended by the administrator under load; no way through for a while
     database     the database killed under load and started again; a slow database; one that holds a lock
     requests     the same requests at two servers at once
     standby      a synchronous standby that is away
YIJIE_FAULT_ROUNDS scales random kills and cuts (20 in CI), YIJIE_FAULT_SEED repeats a run. Two servers, where a set has them, are processes of their own.
"""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import ACT, ASK_S, TOTAL, Client, Load, Witness, check_ids, run_cases, say  # noqa: E402
from postgres import PostgresField, Proxy, cluster, socket_of  # noqa: E402

ROUNDS = int(os.environ.get("YIJIE_FAULT_ROUNDS", "20"))
LONG = ROUNDS > 20
ROUNDS_A_STORE = 10
SEED = int(os.environ.get("YIJIE_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
PROGRAM = None


def fresh(folder, persons=60):
    field = PostgresField(PROGRAM, folder, persons)
    field.load()
    return field


def ended(server):
    code = server.stop()
    assert code == 0, f"exit {code}"


# ---- kill -9 at named points ---------------------------------------------------------------------------


def points_of(field):
    listing = field.folder / "points"
    server = field.serve(env={"YIJIE_FAULT": "list", "YIJIE_FAULT_LIST": str(listing)})
    witness = Witness(field.bills(6), 1, reverse_percent=50)
    assert witness.run(server.port, threads=2), "the plain run did not end"
    ended(server)
    names = sorted({line.split()[0] for line in listing.read_text().splitlines() if line.strip()})
    missing = {"group.begin", "group.flushed", "group.appended", "group.committed", "group.answered", "api.answer"} - set(names)
    assert not missing, f"points that a plain run no longer passes: {missing}"
    return names


def kill_at_points(folder):
    field = fresh(folder)
    names = points_of(field)
    for name in names:
        for pass_number in (2, 9) if not LONG else (1, 2, 3, 5, 9, 14):
            server = field.serve(env={"YIJIE_FAULT": f"{name}:{pass_number}"})
            witness = Witness(field.bills(8), SEED + TOTAL["kills"], reverse_percent=40)
            if server.port is not None:
                witness.run(server.port, threads=3)
            died = server.port is None or server.wait_dead(0.2) or server.stop() == -signal.SIGKILL
            TOTAL["kills"] += died
            field.finish(witness, audit=pass_number > 2)
    say(f"{len(names)} points: {' '.join(names)}")
    assert TOTAL["kills"] >= len(names)


# ---- two servers ------------------------------------------------------------------------------------------


def one_of_two_killed(folder):
    """The load and a witness at two servers; one is killed and the witness goes on at the other, with the same keys."""
    rounds = ROUNDS if LONG else ROUNDS // 2
    say(f"seed {SEED}, {rounds} rounds")
    rng, steady = random.Random(SEED), None
    for number in range(rounds):
        if number % ROUNDS_A_STORE == 0:
            if steady:
                ended(steady)
            field = fresh(folder / f"store-{number}", persons=300)
            steady = field.serve()
        victim = field.serve()
        witness = Witness(field.bills(60), SEED + number)
        loads = [Load(field, server, seconds=1, connections=16) for server in (steady, victim)]
        timer = threading.Timer(rng.uniform(0.05, 0.8), victim.process.kill)
        timer.start()
        assert witness.run([victim.port, steady.port], threads=4, patience_s=ASK_S), "not all requests were answered"
        timer.join()
        victim.kill()
        TOTAL["kills"] += 1
        assert not witness.given_up(), witness.given_up()[:2]
        for load in loads:
            check_ids(steady.port, load.ids())
        witness.check(steady.port)
        if number % 5 == 4 or number == rounds - 1:
            field.audit()
            field.sound()
    ended(steady)
    field.sound()


def at_once(requests):
    """Sends all requests at the same moment: (server, method, path, body, key) each. Gives (status, bytes) in their order."""
    answers, gate = [None] * len(requests), threading.Barrier(len(requests))

    def ask(i):
        server, *request = requests[i]
        client = Client(server.port)
        client.ask("GET", "/healthz")  # connected
        gate.wait()
        answers[i] = client.sure(*request)
        client.close()

    crew = [threading.Thread(target=ask, args=(i,)) for i in range(len(requests))]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert all(answers), "a client ended without an answer"
    return answers


def one_was_first(answers, same_for_all):
    """Exactly one did it; the others that were answered well heard of the same."""
    told = [(status, body[:160]) for status, body in answers]
    fine = [body for status, body in answers if status in (200, 201)]
    assert sum(status == 201 for status, _ in answers) == 1, told
    assert len(set(fine)) == 1, f"done once, and told in different ways: {told}"
    assert not same_for_all or len(fine) == len(answers), told
    TOTAL["acknowledged"] += len(fine)
    TOTAL["checked"] += len(fine)
    return json.loads(fine[0])["id"]


def same_request_at_two(folder):
    """One confirmation sent to two servers by eight clients at once, then its reversal: each is done once and told to all with the same bytes. One bill from
    two desks: one settlement."""
    field = fresh(folder)
    servers = [field.serve(), field.serve()]
    for number, bill in enumerate(field.bills(24)):
        tried = at_once([(servers[i % 2], "POST", "/v1/trials", bill, None) for i in range(4)])
        assert all(status == 201 for status, _ in tried), [(status, body[:160]) for status, body in tried]
        desks = number % 3  # 0: two desks with a trial each, the later takes the place of the earlier; 1: one request; 2: one trial, other keys
        trials = [json.loads(Client(server.port).sure("POST", "/v1/trials", bill)[1])["id"] for server in servers[:1 if desks else 2]]
        confirms = [(servers[i // 2 % 2], "POST", "/v1/settlements", {"trial": trials[i % len(trials)], "act": ACT}, f"c{number}" if desks == 1 else f"c{number}-{i}")
                    for i in range(8)]
        case_id = one_was_first(at_once(confirms), same_for_all=desks > 0)
        reversals = [(servers[i % 2], "POST", f"/v1/settlements/{case_id}/reversal", {"reason": "w"}, f"r{number}" if desks == 1 else f"r{number}-{i}") for i in range(8)]
        if number % 2:
            one_was_first(at_once(reversals), same_for_all=True)
    for server in servers:
        ended(server)
    field.audit("--replay")
    field.sound()


def few_persons_at_two(folder):
    """All bills belong to three persons, at two servers and from twelve desks at once, every third is reversed: the counters of a person are those of some order
    of the cases, which the audit runs again."""
    field = fresh(folder, persons=3)
    servers = [field.serve(), field.serve()]
    witness = Witness(field.bills(150), SEED, reverse_percent=33)
    assert witness.run([server.port for server in servers], threads=12, patience_s=ASK_S), "not all requests were answered"
    assert not witness.given_up(), witness.given_up()[:2]
    for server in servers:
        witness.check(server.port)
        ended(server)
    field.audit("--replay")
    field.sound()


# ---- connections ------------------------------------------------------------------------------------------------


def proxied(folder, persons=60):
    field = fresh(folder, persons)
    field.through = Proxy(folder, socket_of(field.url["server"]))
    return field


def settle_one(port, bill, seed):
    """Trial, confirmation, reversal of one bill; each request again until it is answered."""
    witness = Witness([bill], seed, reverse_percent=100)
    assert witness.run(port, threads=1, patience_s=ASK_S), "the server did not recover from a lost connection"
    assert not witness.given_up(), witness.given_up()
    return witness


def cut_at_every_message(folder):
    """The n-th message of the database never arrives, for every n of the life of a case: the server recovers by itself and keeps its word."""
    field = proxied(folder)
    proxy, server = field.through, field.serve()
    settle_one(server.port, field.bills(1)[0], 1)
    proxy.cut_at(1 << 40)
    settle_one(server.port, field.bills(1)[0], 1)
    most = proxy.passed()
    step = 1 if LONG else max(1, most // 60)
    bills, witnesses = field.bills(most // step + 2), []
    for number, at in enumerate(range(1 + SEED % step, most + 1, step)):
        proxy.cut_at(at)
        witnesses.append(settle_one(server.port, bills[number], number))
    TOTAL["cuts"] = proxy.cuts
    say(f"{most} messages in the life of one case; cut at {proxy.cuts} of them")
    assert proxy.cuts > len(witnesses) * 3 // 4, "most cuts must have struck"
    proxy.cut_at(1 << 40)
    everything = Witness([], 1)
    everything.cases = [case for witness in witnesses for case in witness.cases]
    everything.check(server.port)
    ended(server)
    field.audit("--replay")
    field.sound()
    proxy.close()


def cut_under_load(folder):
    """Connections are cut at random messages while many cases run in groups."""
    field = proxied(folder, persons=300)
    rng, proxy, server = random.Random(SEED), field.through, field.serve()
    say(f"seed {SEED}")
    for number in range(ROUNDS // 4):
        witness, load = Witness(field.bills(60), SEED + number), Load(field, server, seconds=1, connections=16)
        over = threading.Event()

        def cutter():
            while not over.wait(rng.uniform(0.02, 0.2)):
                proxy.cut_at(rng.randrange(1, 40))

        thread = threading.Thread(target=cutter)
        thread.start()
        try:
            assert witness.run(server.port, patience_s=ASK_S), "not all requests were answered"
        finally:
            over.set()
            thread.join()
            proxy.cut_at(1 << 40)
        assert not witness.given_up(), witness.given_up()[:2]
        check_ids(server.port, load.ids())
        witness.check(server.port)
    TOTAL["cuts"] = proxy.cuts
    ended(server)
    field.audit()
    field.sound()
    proxy.close()


def no_way_through(folder):
    """For two seconds the database cannot be reached at all; whoever asks is told so; then the same server goes on."""
    field = proxied(folder)
    proxy, server = field.through, field.serve()
    before, during = Witness(field.bills(20), 1), Witness(field.bills(20), 2)
    assert before.run(server.port, patience_s=ASK_S)
    proxy.refuses = True
    proxy.cut_all()
    TOTAL["cuts"] += 1
    timer = threading.Timer(2.0, lambda: setattr(proxy, "refuses", False))
    timer.start()
    assert during.run(server.port, patience_s=ASK_S), "the server did not recover"
    timer.join()
    assert during.unanswered > 0, "nobody noticed that the database was away"
    for witness in (before, during):
        assert not witness.given_up(), witness.given_up()[:2]
        witness.check(server.port)
    ended(server)
    field.audit()
    field.sound()
    proxy.close()


def ended_by_the_administrator(folder):
    """pg_terminate_backend at the servers' connections, one or all at a time, under load at two servers."""
    field = fresh(folder, persons=300)
    servers = [field.serve(), field.serve()]
    rng = random.Random(SEED)
    for number in range(ROUNDS // 4):
        witness = Witness(field.bills(60), SEED + number)
        loads = [Load(field, server, seconds=1, connections=16) for server in servers]
        over = threading.Event()

        def administrator():
            while not over.wait(rng.uniform(0.05, 0.3)):
                TOTAL["cuts"] += field.terminate(rng.choice((1, 1, 2, 100)))

        thread = threading.Thread(target=administrator)
        thread.start()
        try:
            assert witness.run([server.port for server in servers], patience_s=ASK_S), "not all requests were answered"
        finally:
            over.set()
            thread.join()
        assert not witness.given_up(), witness.given_up()[:2]
        for load in loads:
            check_ids(servers[0].port, load.ids())
        witness.check(servers[1].port)
    for server in servers:
        ended(server)
    assert TOTAL["cuts"] > ROUNDS // 4, "no connection was ended"
    field.audit()
    field.sound()


# ---- the database ---------------------------------------------------------------------------------------------------


def database_killed(folder):
    """The database goes without a word (no check point, all connections lost) and comes back; the servers never stop and keep their word."""
    field = fresh(folder, persons=300)
    servers = [field.serve(), field.serve()]
    rng = random.Random(SEED)
    say(f"seed {SEED}")
    for number in range(max(3, ROUNDS // 5)):
        witness = Witness(field.bills(60), SEED + number)
        loads = [Load(field, server, seconds=1, connections=16) for server in servers]

        def away():
            cluster("kill")
            time.sleep(rng.uniform(0.0, 1.0))
            cluster("start")

        timer = threading.Timer(rng.uniform(0.05, 0.6), away)
        timer.start()
        assert witness.run([server.port for server in servers], patience_s=ASK_S), "not all requests were answered"
        timer.join()
        TOTAL["kills"] += 1
        assert all(server.alive() for server in servers), "a server did not outlive the database"
        assert not witness.given_up(), witness.given_up()[:2]
        for load in loads:
            check_ids(servers[0].port, load.ids())
        witness.check(servers[1].port)
        field.audit()
    for server in servers:
        ended(server)
    field.sound()


def slow_database(folder):
    """Whatever the database sends comes 10 ms later: slower, and nothing else."""
    field = proxied(folder)
    field.through.delay_s = 0.01
    server = field.serve()
    witness = Witness(field.bills(24), SEED, reverse_percent=30)
    assert witness.run(server.port, threads=8, patience_s=ASK_S)
    assert not witness.given_up(), witness.given_up()[:2]
    witness.check(server.port)
    ended(server)
    field.audit()
    field.sound()
    field.through.close()


def held_lock(folder):
    """Somebody holds the head of the log for three seconds: everybody waits, nobody is forgotten."""
    field = fresh(folder)
    server = field.serve()
    first, witness = Witness(field.bills(5), 1), Witness(field.bills(30), SEED)
    assert first.run(server.port, patience_s=ASK_S)
    holder = subprocess.Popen(["psql", "-Xq", field.url["admin"], "-c", "BEGIN; LOCK TABLE yijie.head IN EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT"],
                              stdout=subprocess.DEVNULL)
    assert witness.run(server.port, threads=8, patience_s=ASK_S)
    assert holder.wait(30) == 0
    TOTAL["faults"] += 1
    assert not witness.given_up(), witness.given_up()[:2]
    witness.check(server.port)
    ended(server)
    field.audit()
    field.sound()


# ---- a standby ----------------------------------------------------------------------------------------------------------


def standby_away(folder):
    """The synchronous standby is away and waiting commits are ended by the administrator: they stand on the first server alone and would be lost with it.
    Until the standby is back nobody may hear that they are done, asking again with the same key neither."""
    cluster("standby", "start")
    field = fresh(folder)
    servers = [field.serve(), field.serve()]
    before, during = Witness(field.bills(8), 1), Witness(field.bills(12), SEED, reverse_percent=0)
    ports = [server.port for server in servers]
    assert before.run(ports, patience_s=ASK_S)
    cluster("standby", "stop")
    done = []
    sender = threading.Thread(target=lambda: done.append(during.run(ports, threads=6, patience_s=ASK_S)))
    sender.start()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        time.sleep(0.25)
        TOTAL["cuts"] += field.terminate(100)
        assert during.acknowledged == 0, f"{during.acknowledged} answers said done while the standby was away"
    alone = field.sql("SELECT count(*) FROM yijie.cases")
    assert during.acknowledged == 0, f"{during.acknowledged} answers said done while the standby was away"
    say(f"{int(alone) - len(before.cases)} cases stood on the first server alone, 0 of them were acknowledged")
    assert int(alone) > len(before.cases), "no commit was caught waiting"
    cluster("standby", "start")
    sender.join()
    assert done == [True], "not all requests were answered when the standby was back"
    for witness in (before, during):
        assert not witness.given_up(), witness.given_up()[:2]
        witness.check(servers[1].port)
    for server in servers:
        ended(server)
    field.audit()
    field.sound()


SETS = {
    "points": [("kill -9 at every named point", kill_at_points)],
    "random": [("two servers on one database, one killed at random", one_of_two_killed)],
    "connections": [("the connection is lost at every message", cut_at_every_message), ("connections are lost under load", cut_under_load),
                    ("no way through for a while", no_way_through), ("connections ended by the administrator", ended_by_the_administrator)],
    "database": [("the database is killed under load", database_killed), ("a slow database", slow_database), ("somebody holds a lock", held_lock)],
    "requests": [("the same request at two servers", same_request_at_two), ("few persons at two servers", few_persons_at_two)],
    "standby": [("a commit that stands on one server alone is not acknowledged", standby_away)],
}


def main():
    global PROGRAM
    if len(sys.argv) != 3 or sys.argv[1] not in SETS:
        print(__doc__, file=sys.stderr)
        return 2
    PROGRAM = Path(sys.argv[2])
    return run_cases(SETS[sys.argv[1]])


if __name__ == "__main__":
    sys.exit(main())
