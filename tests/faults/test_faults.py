#!/usr/bin/env python3
"""test_faults SET PROGRAM DISK.so — the real server killed, starved and lied to; nothing acknowledged may be lost, doubled or half done.

SET: points   kill -9 at every named point of a run (a program built with fault points)
     random   kill -9 at random moments under load at full speed
     disk     full disk, failing, short and torn writes, failing flushes, the power cut with unflushed writes lost
     requests repeated, reordered, concurrent requests; clock jumps
     seeded   faults that must be reported as lost, doubled or changed: the proof that the others can fail
YIJIE_FAULT_ROUNDS scales random kills (20 in CI; the long form takes 200 and more), YIJIE_FAULT_SEED repeats a run.
"""
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import ACT, TOTAL, Broken, Client, Load, SqliteField, Witness, run_cases, say  # noqa: E402

ROUNDS = int(os.environ.get("YIJIE_FAULT_ROUNDS", "20"))
ROUNDS_A_STORE = 5
POWER_CUTS = max(4, ROUNDS // 5)
PASSES = (1, 4) if ROUNDS <= 20 else (1, 2, 3, 4, 7, 12)
# The course of a group and of an answer. Others may be added; none of these may vanish unseen.
NAMED_POINTS = {"group.begin", "group.decided", "group.flushed", "group.appended", "group.committed", "group.answered", "api.answer", "http.request-whole"}
SEED = int(os.environ.get("YIJIE_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


class Setting:
    program = disk = None


def fresh(folder, persons=60):
    field = SqliteField(Setting.program, folder, persons)
    field.load()
    return field


# ---- kill -9 at named points ---------------------------------------------------------------------------


def points_of(field):
    """The points that a plain run passes, as the program itself lists them."""
    listing = field.folder / "points"
    server = field.serve(env={"YIJIE_FAULT": "list", "YIJIE_FAULT_LIST": str(listing)})
    witness = Witness(field.bills(6), 1, reverse_percent=50)
    assert witness.run(server.port, threads=2), "the plain run did not end"
    assert server.stop() == 0
    names = sorted({line.split()[0] for line in listing.read_text().splitlines() if line.strip()})
    missing = NAMED_POINTS - set(names)
    assert not missing, f"points that a plain run no longer passes: {missing}"
    return names


def kill_at_points(folder):
    field = fresh(folder)
    names = points_of(field)
    for name in names:
        for pass_number in PASSES:
            server = field.serve(env={"YIJIE_FAULT": f"{name}:{pass_number}"})
            witness = Witness(field.bills(8), SEED + TOTAL["kills"], reverse_percent=40)
            if server.port is not None:
                witness.run(server.port, threads=3)
            died = server.port is None or server.wait_dead(0.2) or server.stop() == -signal.SIGKILL  # some points lie in the stopping
            TOTAL["kills"] += died
            assert died or pass_number > 1, f"the point {name} was listed but did not kill"
            field.finish(witness, audit=pass_number == PASSES[-1])
    say(f"{len(names)} points: {' '.join(names)}")
    assert TOTAL["kills"] >= len(names)


# ---- kill -9 at random ------------------------------------------------------------------------------------


def kill_under_load(field, seed, delay):
    """One round: a load at full speed and a witness that reverses too, a kill, the server again; every acknowledged case is asked for."""
    server = field.serve()
    witness = Witness(field.bills(200), seed)
    load = Load(field, server, seconds=1)
    timer = threading.Timer(delay, server.process.kill)
    timer.start()
    witness.run(server.port, threads=2)
    timer.join()
    server.kill()
    TOTAL["kills"] += 1
    witness.cases = [case for case in witness.cases if case.trial]  # the others were never sent
    field.finish(witness, load.ids())


def kill_at_random(folder):
    say(f"seed {SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    city = fresh(folder, persons=300)
    for number in range(ROUNDS):
        if number % ROUNDS_A_STORE == 0:
            field = city.copy(folder / f"store-{number}")
        kill_under_load(field, SEED + number, rng.uniform(0.05, 0.8))
    assert TOTAL["kills"] == ROUNDS and TOTAL["acknowledged"] > ROUNDS * 20


def stopped_under_load(folder):
    """Told to stop while all send: it answers what it took and ends well; nothing that it said is gone."""
    field, rng = fresh(folder, persons=300), random.Random(SEED)
    for number in range(max(3, ROUNDS // 10)):
        server = field.serve()
        witness, load = Witness(field.bills(200), SEED + number), Load(field, server, seconds=1)
        codes = []
        timer = threading.Timer(rng.uniform(0.1, 0.7), lambda: codes.append(server.stop()))
        timer.start()
        witness.run(server.port, threads=2)
        timer.join()
        assert codes == [0], f"exit {codes}"
        TOTAL["stops"] += 1
        witness.cases = [case for case in witness.cases if case.trial]
        field.finish(witness, load.ids())


# ---- a disk that lies ----------------------------------------------------------------------------------------


def disk_env(folder, kind, at):
    return {"LD_PRELOAD": str(Setting.disk), "YIJIE_DISK": f"{kind}:{at}", "YIJIE_DISK_SEED": str(SEED), "YIJIE_DISK_HIT": str(folder / "hit")}


def disk_run(folder, kind, at):
    """Cases on a disk that fails at some moment. Gives the field, and the witness of what was acknowledged."""
    field = fresh(folder)
    server = field.serve(env=disk_env(folder, kind, at))
    witness = Witness(field.bills(40), SEED, reverse_percent=20)
    for _ in range(3):
        if server.port is None or not server.alive() or witness.run(server.port):
            break
    assert (folder / "hit").exists(), "the fault never came"
    TOTAL["faults"] += 1
    say(f"{kind} from call {at}: {witness.acknowledged} acknowledged, the server {'lives' if server.alive() else 'is gone'}")
    server.kill()
    return field, witness


def disk_fault(kind, at):
    def case(folder):
        field, witness = disk_run(folder, kind, at)
        field.finish(witness)
    return case


def disk_heals(folder):
    """A single failed write: refused with a clear error, nothing half done, and the same server goes on."""
    field = fresh(folder)
    server = field.serve(env=disk_env(folder, "once", 60))
    witness = Witness(field.bills(40), SEED, reverse_percent=0)
    assert witness.run(server.port, patience_s=20), "the server did not go on after one failed write"
    assert (folder / "hit").exists() and not witness.given_up(), witness.given_up()[:2]
    TOTAL["faults"] += 1
    witness.check(server.port)
    assert server.stop() == 0
    field.audit()
    field.sound()


def power_cuts(folder):
    """The power goes at random writes, early ones and under load: unflushed writes are there or not, each by the toss of a coin."""
    city, rng = fresh(folder, persons=300), random.Random(SEED)
    say(f"seed {SEED}, {POWER_CUTS} cuts")
    for number in range(POWER_CUTS):
        field = city.copy(folder / f"store-{number}")
        at = rng.randrange(10, 300) if number % 2 else rng.randrange(1500, 7000)
        server = field.serve(env=disk_env(field.folder, "power", at))
        witness, load = Witness(field.bills(120), SEED + number), None
        if server.port is not None:
            load = Load(field, server, seconds=2)
            witness.run(server.port, threads=2)
        assert server.wait_dead(10) and (field.folder / "hit").exists(), "the power never went"
        server.kill()
        TOTAL["kills"] += 1
        witness.cases = [case for case in witness.cases if case.trial]
        field.finish(witness, load.ids() if load else ())


def failed_flush_then_power(folder):
    """One flush fails, the system forgets what it should have written, and soon after the power goes: asking for the flush again is not enough."""
    city, rng = fresh(folder), random.Random(SEED)
    for number in range(max(3, POWER_CUTS // 4)):
        field = city.copy(folder / f"store-{number}")
        server = field.serve(env=disk_env(field.folder, "gate", rng.randrange(4, 40)))
        witness = Witness(field.bills(120), SEED + number)
        if server.port is not None:
            witness.run(server.port, patience_s=20, alive=server.alive)
        assert server.wait_dead(5) and (field.folder / "hit").exists(), "the fault never came"
        server.kill()
        TOTAL["kills"] += 1
        witness.cases = [case for case in witness.cases if case.trial]
        field.finish(witness)


def full_under_load(kind, at):
    """The disk fails in the middle of a load at full speed: behind the first check point, when the log begins anew."""
    def case(folder):
        field = fresh(folder, persons=300)
        server = field.serve(env=disk_env(folder, kind, at))
        load = Load(field, server, seconds=2)
        witness = Witness(field.bills(20), SEED)
        witness.run(server.port, threads=2)
        ids = load.ids()
        assert (folder / "hit").exists(), "the fault never came"
        TOTAL["faults"] += 1
        server.kill()
        field.finish(witness, ids)
    return case


# ---- these tests can fail ----------------------------------------------------------------------------------------


def must_break(what, name, act):
    try:
        act()
    except Broken as broken:
        assert broken.tally[name] > 0, f"{what}: {broken}"
        say(f"{what}: seen as {broken}")
        TOTAL.clear()
        return
    raise AssertionError(f"{what} went unseen")


def lies_are_seen(folder):
    """A disk whose flushes do nothing loses what was acknowledged when the power goes: the check must say so."""
    field, witness = disk_run(folder, "forget", 200)
    assert witness.acknowledged > 0
    must_break("a disk that forgets", "lost", lambda: field.finish(witness))


def old_copy_is_seen(folder):
    """Yesterday's file put in the place of today's: acknowledged cases are lost, and the check must say so."""
    field = fresh(folder)
    first, second = Witness(field.bills(10), 1, 0), Witness(field.bills(10), 2, 0)
    server = field.serve()
    assert first.run(server.port) and server.stop() == 0
    shutil.copytree(folder / "data", folder / "old")
    server = field.serve()
    assert second.run(server.port)
    ids = [case.trial for case in second.cases]
    server.kill()
    shutil.rmtree(folder / "data")
    shutil.copytree(folder / "old", folder / "data")
    field.finish(first)
    must_break("an old copy of the store", "lost", lambda: field.finish(second))
    must_break("an old copy of the store, by ids", "lost", lambda: field.finish(first, ids))


def small_lies_are_seen(folder):
    """One fen in one answer, a bill settled under two names, a settlement nobody asked for: each is seen."""
    field = fresh(folder)
    server = field.serve()
    witness = Witness(field.bills(4), 1, 0)
    assert witness.run(server.port)
    witness.check(server.port)
    case = witness.cases[0]
    said = case.settled
    answer = json.loads(said)
    answer["payers"][0]["pay"] += 1
    case.settled = json.dumps(answer).encode()
    must_break("one fen", "changed", lambda: witness.check(server.port))
    case.settled = said
    case.confirmed_ids.clear()
    must_break("a settlement that nobody asked for", "doubled", lambda: witness.check(server.port))
    assert server.stop() == 0


# ---- requests ---------------------------------------------------------------------------------------------------


def same_request_many_times(folder):
    """One confirmation sent by sixteen clients at once with one key: one case, one answer, the same bytes for all."""
    field = fresh(folder)
    server = field.serve()
    for bill in field.bills(12):
        status, body = Client(server.port).ask("POST", "/v1/trials", bill)
        assert status == 201, body[:300]
        trial = json.loads(body)["id"]
        answers, crew = [], []

        def ask():
            answers.append(Client(server.port).ask("POST", "/v1/settlements", {"trial": trial, "act": {"kind": "desk", "by": "w"}}, f"key-{trial}"))

        for _ in range(16):
            crew.append(threading.Thread(target=ask))
            crew[-1].start()
        for thread in crew:
            thread.join()
        assert len(answers) == 16 and all(a[0] in (200, 201) for a in answers), [a[0] for a in answers]
        assert sum(a[0] == 201 for a in answers) == 1, [a[0] for a in answers]
        assert len({a[1] for a in answers}) == 1, "the same request got different bytes"
        TOTAL["acknowledged"] += 16
        TOTAL["checked"] += 16
        status, body = Client(server.port).ask("POST", "/v1/settlements", {"trial": trial, "act": {"kind": "desk", "by": "other"}}, f"key-{trial}")
        assert status in (409, 422), (status, body[:200])
        assert b"idempotency" in body, body[:300]
    assert server.stop() == 0
    field.audit()


def one_bill_two_desks(folder):
    """Two desks quote one bill and both confirm at once: one settlement."""
    field = fresh(folder)
    server = field.serve()
    for bill in field.bills(10):
        trials = [json.loads(Client(server.port).ask("POST", "/v1/trials", bill)[1])["id"] for _ in range(2)]
        answers, crew = [], []

        def confirm(trial):
            answers.append(Client(server.port).ask("POST", "/v1/settlements", {"trial": trial, "act": {"kind": "desk", "by": "w"}}))

        for trial in trials:
            crew.append(threading.Thread(target=confirm, args=(trial,)))
            crew[-1].start()
        for thread in crew:
            thread.join()
        assert sum(a[0] == 201 for a in answers) == 1, [(a[0], a[1][:200]) for a in answers]
    assert server.stop() == 0
    field.audit()


def full_queue(folder):
    """Two places in the queue for forty clients: who finds it full is told to come again, and nothing of his is done; everybody is served in the end."""
    field = fresh(folder)
    (folder / "config").write_text("queue = 2\ngroup = 1\n")
    server = field.serve(args=["--config", str(folder / "config")])
    witness = Witness(field.bills(120), SEED)
    assert witness.run(server.port, threads=40, patience_s=60), "not all requests were answered"
    assert not witness.given_up(), witness.given_up()[:2]
    assert witness.unanswered > 0, "the queue was never full"
    say(f"told to come again: {witness.unanswered}")
    witness.check(server.port)
    assert server.stop() == 0
    field.audit()
    field.sound()


def few_persons(folder):
    """All bills belong to three persons, from twelve desks at once, every third is reversed: the audit runs all again in their order."""
    field = fresh(folder, persons=3)
    server = field.serve()
    witness = Witness(field.bills(150), SEED, reverse_percent=33)
    assert witness.run(server.port, threads=12)
    assert not witness.given_up(), witness.given_up()[:2]
    witness.check(server.port)
    assert server.stop() == 0
    field.audit("--replay")
    field.sound()


def out_of_order(folder):
    """Confirmations of what was never quoted, reversals of what is not settled, twice reversed, confirmed after reversal."""
    field = fresh(folder)
    server = field.serve()
    ask = Client(server.port).ask
    bill = field.bills(1)[0]
    nobody = "0" * 31 + "1"
    assert ask("POST", "/v1/settlements", {"trial": nobody, "act": {"kind": "desk", "by": "w"}})[0] in (404, 422)
    assert ask("POST", f"/v1/settlements/{nobody}/reversal", {"reason": "w"})[0] == 404
    trial = json.loads(ask("POST", "/v1/trials", bill)[1])["id"]
    assert ask("POST", f"/v1/settlements/{trial}/reversal", {"reason": "w"})[0] in (404, 422)
    confirm = {"trial": trial, "act": {"kind": "desk", "by": "w"}}
    assert ask("POST", "/v1/settlements", confirm, "c1")[0] == 201
    first = ask("POST", f"/v1/settlements/{trial}/reversal", {"reason": "w"}, "r1")
    again = ask("POST", f"/v1/settlements/{trial}/reversal", {"reason": "w"}, "r1")
    assert first[0] in (200, 201) and again[1] == first[1], (first, again)
    assert ask("POST", "/v1/settlements", confirm, "c1")[0] in (200, 201)  # the recorded answer
    assert json.loads(ask("GET", f"/v1/settlements/{trial}")[1])["state"] == "reversed"
    status, body = ask("POST", "/v1/trials", {**bill, "revision": 2})
    assert status == 201, body[:300]
    assert server.stop() == 0
    field.audit("--replay")


def clock_jumps(folder):
    """The wall clock goes a day back and two days ahead while cases run: event times never fall, no quote comes back to life."""
    field = fresh(folder)
    stamp = field.folder / "clock"
    library = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1") if os.path.exists(p)), None)
    assert library, "libfaketime is not installed"

    def clock(text):
        stamp.write_text(text + "\n")
        time.sleep(0.3)

    clock("+0d")
    server = field.serve(env={"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    ask = Client(server.port).ask
    bills = field.bills(12)
    old = json.loads(ask("POST", "/v1/trials", bills[0])[1])
    witness = Witness(bills[1:], SEED, reverse_percent=0)
    for offset, count in (("-1d", 3), ("+2d", 6), ("-3d", 9), ("+0d", 11)):
        clock(offset)
        part = Witness([], SEED)
        part.cases = witness.cases[:count]
        part.reverse = set()
        assert part.run(server.port, threads=2), offset
    assert all(case.settled for case in witness.cases)
    status, body = ask("POST", "/v1/settlements", {"trial": old["id"], "act": {"kind": "desk", "by": "w"}})
    assert status in (404, 422), f"a quote that had expired was revived: {status} {body[:200]}"
    status, body = ask("GET", "/v1/events?after=-1&max=500")
    assert status == 200, body[:200]
    times = [event["at"] for event in json.loads(body)["events"]]
    assert times == sorted(times) and len(times) > 10, times[:5]
    witness.check(server.port)
    assert server.stop() == 0
    field.audit()


SETS = {
    "points": [("kill -9 at every named point", kill_at_points)],
    "random": [("kill -9 at random under load", kill_at_random), ("told to stop under load", stopped_under_load)],
    "disk": [(f"{kind} from call {at}", disk_fault(kind, at)) for kind, at in
             (("full", 40), ("full", 150), ("eio", 90), ("short", 41), ("short", 200), ("torn", 38), ("torn", 161), ("torn", 222), ("sync", 12))]
            + [(f"{kind} from call {at}, under load", full_under_load(kind, at)) for kind, at in (("full", 4000), ("eio", 2900), ("torn", 3500), ("sync", 30))]
            + [("one failed write, and the server goes on", disk_heals), ("the power goes", power_cuts),
               ("a flush fails, then the power goes", failed_flush_then_power)],
    "requests": [("the same confirmation sixteen times at once", same_request_many_times), ("one bill at two desks", one_bill_two_desks),
                 ("few persons", few_persons), ("requests out of order", out_of_order), ("a full queue", full_queue),
                 ("clock jumps both ways", clock_jumps)],
    "seeded": [("a disk that forgets is seen", lies_are_seen), ("an old copy of the store is seen", old_copy_is_seen), ("small lies are seen", small_lies_are_seen)],
}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in SETS:
        print(__doc__, file=sys.stderr)
        return 2
    Setting.program, Setting.disk = Path(sys.argv[2]), Path(sys.argv[3]).resolve()
    return run_cases(SETS[sys.argv[1]])


if __name__ == "__main__":
    sys.exit(main())
