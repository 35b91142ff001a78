"""Who may what: every route with every role, keys that are missing, wrong or revoked, pages of other sites, the operator's socket."""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import ROOT, equal, main, true  # noqa: E402

ROLES = ["hospital", "insurer", "operator", "auditor", "admin"]
# By hand from the task of each role, not from the program's own table: route → roles that may.
MAY = {
    "GET /": "hospital insurer operator auditor admin", "GET /openapi.json": "hospital insurer operator auditor admin",
    "GET /metrics": "operator auditor admin",
    "POST /v1/trials": "hospital operator admin", "POST /v1/trials/{id}/cancel": "hospital operator admin", "POST /v1/settlements": "hospital operator admin",
    "GET /v1/settlements": "hospital insurer operator auditor admin", "GET /v1/settlements/{id}": "hospital insurer operator auditor admin",
    "GET /v1/settlements/{id}/split": "hospital insurer operator auditor admin", "POST /v1/settlements/{id}/reversal": "hospital operator admin",
    "POST /v1/settlements/{id}/invoice": "hospital operator admin", "POST /v1/settlements/{id}/readjudication": "hospital operator admin", "POST /v1/settlements/{id}/shares/{payer}/{act}": "insurer operator admin",
    "POST /v1/settlements/{id}/documents": "hospital insurer operator admin", "GET /v1/shares": "hospital insurer operator admin", "GET /v1/sweep": "hospital insurer operator admin",
    "GET /v1/cases/{id}/explanation": "hospital insurer operator auditor admin", "POST /v1/changes": "operator admin", "POST /v1/import": "operator admin",
    "POST /v1/consents": "hospital operator admin", "POST /v1/persons/lookup": "hospital insurer operator admin", "GET /v1/keys": "admin",
    "GET /v1/events": "hospital insurer operator auditor admin", "GET /v1/days/{day}": "hospital operator auditor admin", "POST /v1/days/{day}/close": "operator admin",
    "POST /v1/backup": "",  # the operator's socket alone
}


def keys_make(lab, server):
    """An institution and a key for each role, through the running server."""
    changes = [{"change": "institution", "id": f"I-{role}", "kind": "hospital" if role == "hospital" else "insurer" if role == "insurer" else "operator", "zh": f"机构{role}", "en": f"institution {role}"}
               for role in ROLES]
    equal(server.post("/v1/changes", changes, admin=True).status // 100, 2, "institutions")
    keys = {}
    for role in ROLES:
        out, _ = lab.run("key", "add", "--data", lab.data, "--institution", f"I-{role}", "--role", role, "--name", f"desk {role}", "--json")
        keys[role] = json.loads(out)
    return keys


def routes_by_roles(lab):
    s = lab.serve()
    keys = keys_make(lab, s)
    document = s.get("/openapi.json", admin=True).json
    table = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    equal(table - {"GET /healthz"}, set(MAY), "routes of this test")
    equal(s.get("/healthz", judge=False).status, 200, "health needs no key")
    for route, roles in MAY.items():
        method, path = route.split(" ")
        target = path.replace("{id}", "0" * 32).replace("{day}", "2022-01-01").replace("{payer}", "nobody").replace("{act}", "review")
        body = None if method == "GET" else b"{}"
        media = "text/csv" if path == "/v1/import" else "application/json"
        for key, code in ((None, "key-missing"), ("yk_0000_none", "key-wrong"), (keys["hospital"]["key"][:-1] + "x", "key-wrong")):
            refused = s.ask(method, target, body=body, key=key, media=media)
            equal((refused.status, refused.code), (401, code), f"{route} with {key}", refused)
            true(refused.headers["WWW-Authenticate"].startswith("Bearer"), "says how", refused)
        for role in ROLES:
            reply = s.ask(method, target, body=body, key=keys[role]["key"], media=media, judge=False)
            forbidden = reply.status == 403 and reply.code == "not-permitted"
            equal(not forbidden, role in roles.split(), f"{route} as {role}", reply)
            true(reply.status not in (401, 500, 502), f"{route} as {role}", reply)
    s.stop()
    for role in ROLES:
        true(keys[role]["key"].split("_")[-1] not in s.log(), "no secret in the log")


def hospitals_and_shares(lab):
    """A hospital speaks for the patient: it disputes and brings papers; it decides nothing."""
    s = lab.serve()
    key = keys_make(lab, s)["hospital"]["key"]
    for act, may in (("dispute", True), ("papers-add", True), ("decide-pay", False), ("decide-refuse", False), ("review", False), ("paid", False), ("uphold", False), ("anything", False)):
        reply = s.post(f"/v1/settlements/{'0' * 32}/shares/nobody/{act}", key=key)
        equal(not (reply.status == 403 and reply.code == "not-permitted"), may, act, reply)


def key_for(lab, institution, role):
    out, _ = lab.run("key", "add", "--data", lab.data, "--institution", institution, "--role", role, "--json")
    return json.loads(out)["key"]


def city(lab, count):
    """The demonstration city with a server, and bills of several hospitals."""
    lab.run("demo", "load", "--data", lab.data, "--persons", "30", "--allow-doubtful")
    out, _ = lab.run("demo", "bills", "--persons", "30", "--count", count, "--covered")
    return lab.serve("--allow-doubtful"), [json.loads(line) for line in out.splitlines()]


def a_hospital_settles_its_own_bills(lab):
    """Another hospital's bill is neither tried, confirmed, cancelled, read, papered nor undone; a refusal stores nothing; the operator may."""
    s, bills = city(lab, 40)
    bill = bills[0]
    other_bill = next(b for b in bills if b["hospital"] != bill["hospital"])
    operators = s.post("/v1/trials", bill)  # while no key exists: by the operator, for the hospital
    equal(operators.status, 201, "the operator may", operators)
    own, other = key_for(lab, bill["hospital"], "hospital"), key_for(lab, other_bill["hospital"], "hospital")
    act = {"kind": "desk", "by": "cashier 1"}

    def refused(method, target, body=None):
        before = s.get("/v1/events?max=500", admin=True).body
        reply = s.ask(method, target, body=body, key=other)
        equal((reply.status, reply.code), (403, "other-institution"), f"{method} {target} by another hospital", reply)
        equal(s.get("/v1/events?max=500", admin=True).body, before, "nothing is stored")

    refused("POST", "/v1/trials", bill)
    for tried in (lambda: operators, lambda: s.post("/v1/trials", bill, key=own)):
        trial = tried().json
        refused("POST", f"/v1/trials/{trial['id']}/cancel", {})
        refused("POST", "/v1/settlements", {"trial": trial["id"], "act": act})
    done = s.post("/v1/settlements", {"trial": trial["id"], "act": act}, key=own)
    equal(done.status, 201, "its own", done)
    case = "/v1/settlements/" + done.json["id"]
    payer = next(p["payer"] for p in done.json["payers"] if p["kind"] != "statutory")
    for method, target, body in (("POST", "/v1/settlements", {"trial": trial["id"], "act": act}), ("GET", case, None), ("GET", case + "/split", None),
                                 ("GET", f"/v1/cases/{done.json['id']}/explanation", None), ("POST", case + "/reversal", {"reason": "x", "by": "x"}), ("POST", case + "/readjudication", {}),
                                 ("POST", case + "/invoice", {"code": "1", "number": "2", "check": "3"}), ("POST", f"{case}/shares/{payer}/dispute", {}),
                                 ("POST", case + "/documents", {"kind": "k", "source": "s", "content_base64": "YQ=="})):
        refused(method, target, body)
    equal([c["id"] for c in s.get("/v1/settlements", key=own).json["settlements"]], [done.json["id"]], "its own list")
    equal(s.get("/v1/settlements", key=other).json["settlements"], [], "the other's list")
    equal(s.get("/v1/events?max=500", key=other).json["events"], [], "the other's events")
    equal(s.get(case, key=own).status, 200, "it reads its own")
    equal(s.post(case + "/reversal", {"reason": "wrong bill", "by": "cashier 1"}, key=own).status, 201, "and reverses it")
    equal(s.post("/v1/trials", other_bill, key=other).status, 201, "the other's own bill")


def texts_in(value):
    """Every text inside, names of members too."""
    if isinstance(value, dict):
        return {t for k, v in value.items() for t in {k} | texts_in(v)}
    if isinstance(value, list):
        return {t for v in value for t in texts_in(v)}
    return {value} if isinstance(value, str) else set()


def an_insurer_sees_its_own_shares(lab):
    """Of a case with two insurers each sees its own share whole, of the others one total: no name, no policy, no reason; a third sees nothing."""
    s, bills = city(lab, 40)
    found = None
    for bill in bills:
        quote = s.post("/v1/trials", bill)
        done = s.post("/v1/settlements", {"trial": quote.json["id"], "act": {"kind": "desk", "by": "cashier 1"}}) if quote.status == 201 else quote
        if done.status != 201:
            continue
        shares = s.get("/v1/settlements/" + done.json["id"]).json["now"]["shares"]
        if len({x["owner"] for x in shares if "owner" in x}) > 1:
            found = found or (bill, done.json["id"], shares)
    true(found, "a case with two insurers")
    bill, case_id, shares = found
    case = "/v1/settlements/" + case_id
    owners = sorted({x["owner"] for x in shares if "owner" in x})
    keys = {owner: key_for(lab, owner, "insurer") for owner in owners}
    person = {"id_kind": bill["person"]["id_kind"], "id": bill["person"]["id"]}
    for owner, key in keys.items():
        own = [x for x in shares if x.get("owner") == owner]
        hidden = {x[k] for x in shares if x.get("owner") != owner for k in ("payer", "policy", "owner") if k in x}
        pay = sum(x["pay"] for x in shares if x.get("owner") != owner)
        read = s.get(case, key=key)
        equal((read.status, read.json["partial"], read.json["now"]["shares"], read.json["now"]["others"]), (200, True, own, pay), "its own shares, the others' total", read)
        equal({p["payer"] for p in read.json["payers"]}, {x["payer"] for x in own}, "its own reasons", read)
        split, steps = s.get(case + "/split", key=key), s.get(f"/v1/cases/{case_id}/explanation", key=key)
        equal(({x["payer"] for x in split.json["shares"]}, split.json["others"]), ({x["payer"] for x in own}, pay), "the split list", split)
        looked, events = s.post("/v1/persons/lookup", person, key=key), s.get("/v1/events?max=500", key=key)
        equal({p["policy"] for p in looked.json["policies"]} & {x.get("policy") for x in shares}, {x["policy"] for x in own}, "policies of the person", looked)
        queue = s.get("/v1/shares", key=key)
        true({x["share"]["owner"] for x in queue.json["shares"]} <= {owner}, "the queue", queue)
        for reply in (read, split, steps, looked, events):
            true(not texts_in(reply.json) & hidden, f"the others' {texts_in(reply.json) & hidden}", reply)
            true(not any(text.encode() in reply.body for text in hidden if len(text) > 4), "nor inside another text", reply)
        listed = {c["id"] for c in s.get("/v1/settlements?max=500", key=key).json["settlements"]}
        true(case_id in listed, "its list")
        for other in (x for x in shares if x.get("owner") not in (owner, None)):
            reply = s.post(f"{case}/shares/{other['payer']}/review", {}, key=key)
            equal((reply.status, reply.code), (403, "other-institution"), "another's share", reply)
            paper = s.post(case + "/documents", {"kind": "k", "source": "s", "payer": other["payer"], "content_base64": "YQ=="}, key=key)
            equal((paper.status, paper.code), (403, "other-institution"), "a paper for another's share", paper)
    equal(s.post("/v1/changes", {"change": "institution", "id": "I-third", "kind": "insurer", "zh": "第三家", "en": "a third"}, admin=True).status, 201, "a third insurer")
    third = key_for(lab, "I-third", "insurer")
    equal(s.get(case, key=third).code, "other-institution", "a third reads nothing")
    equal((s.get("/v1/settlements", key=third).json["settlements"], s.get("/v1/events?max=500", key=third).json["events"]), ([], []), "and is told of nothing")
    looked = s.post("/v1/persons/lookup", person, key=third).json
    equal((looked["policies"], looked["counters"], looked["cases"]), ([], [], []), "nor of the person")


def nobody_makes_himself_admin(lab):
    """Keys are made by who may manage them, whatever the shape of the request."""
    s = lab.serve()
    keys = keys_make(lab, s)
    change = {"change": "key", "institution": "I-operator", "role": "admin"}
    csv = "change,institution,role\nkey,I-operator,admin\n"
    attempts = [("/v1/changes", json.dumps(change), "application/json"), ("/v1/changes", json.dumps([change]), "application/json"), ("/v1/import", csv, "text/csv"),
                ("/v1/import?kind=key", "institution,role\nI-operator,admin\n", "text/csv"), ("/v1/import", json.dumps(change) + "\n", "application/x-ndjson"),
                ("/v1/import", json.dumps([change]), "application/json"), ("/v1/changes?dry_run=1", json.dumps(change), "application/json"),
                ("/v1/changes", '{"change":"\\u006bey","institution":"I-operator","role":"admin"}', "application/json"),
                ("/v1/consents", json.dumps(change), "application/json")]
    for target, body, media in attempts:
        reply = s.ask("POST", target, body=body, media=media, key=keys["operator"]["key"])
        true(reply.status in (400, 403), f"{target} {media}", reply)
    equal(len(s.get("/v1/keys", key=keys["admin"]["key"]).json["keys"]), len(ROLES), "no key was made")
    made = s.ask("POST", "/v1/changes", body=json.dumps(change), key=keys["admin"]["key"])
    equal(made.status // 100, 2, "an administrator may", made)


def revoked(lab):
    s = lab.serve()
    keys = keys_make(lab, s)
    key = keys["auditor"]
    equal(s.get("/v1/settlements", key=key["key"], judge=False).status in (200, 501), True, "a valid key")
    lab.run("key", "revoke", "--data", lab.data, key["id"])
    reply = s.get("/v1/settlements", key=key["key"])
    equal((reply.status, reply.code), (401, "key-wrong"), "at once", reply)
    out, _ = lab.run("key", "list", "--data", lab.data, "--json")
    equal({k["id"]: k["revoked"] for k in json.loads(out)["keys"]}[key["id"]], True, "the list says so")
    true(key["key"] not in out and "hash" not in out, "no secrets in lists", out)
    s.stop()
    s = lab.serve()
    equal(s.get("/v1/settlements", key=key["key"]).status, 401, "also after a restart")
    equal(s.get("/v1/keys", key=keys["admin"]["key"]).status, 200, "the others stand")


def pages_of_other_sites(lab):
    """Without keys the loopback is the operator: but no other site's page, and no foreign name of this machine."""
    s = lab.serve()
    own = f"127.0.0.1:{s.port}"
    rows = [({}, 200), ({"Host": f"localhost:{s.port}"}, 200), ({"Host": "[::1]:1"}, 200), ({"Origin": f"http://{own}", "Host": own}, 200), ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "none"}, 200), ({"Host": "evil.example"}, 403), ({"Host": "127.0.0.1.evil.example"}, 403), ({"Host": "localhost.evil.example"}, 403), ({"Host": "127.evil"}, 403),
            ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": f"http://{own}.evil"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403)]
    for headers, status in rows:
        reply = s.get("/v1/keys", headers=headers, judge=status != 200)
        equal(reply.status, status, str(headers), reply)
    for header in ("Access-Control-Allow-Origin",):
        true(header not in s.get("/v1/keys").headers, "no other site is let in")


def operators_socket(lab):
    s = lab.serve()
    keys_make(lab, s)
    equal(s.get("/v1/keys").status, 401, "with keys the loopback is a stranger")
    equal(s.get("/v1/keys", admin=True).status, 200, "the socket is the operator's")


def permissions_table(lab):
    """permissions.def has a column for each role of the registry, in its order."""
    roles = re.findall(r'^X\(\w+, "(\w+)"', (ROOT / "src/registry/roles.def").read_text(encoding="utf-8"), re.M)
    equal(roles, ROLES, "roles")
    rows = re.findall(r"^X\((\w+), (.*)\)$", (ROOT / "src/api/permissions.def").read_text(encoding="utf-8"), re.M)
    for name, row in rows:
        columns = [part.strip() for part in row.split(",")][-len(ROLES):]
        true(all(c in "01" for c in columns), f"columns of {name}", row)
        true(columns[-1] == "1", f"an administrator may {name}")


if __name__ == "__main__":
    main([routes_by_roles, hospitals_and_shares, a_hospital_settles_its_own_bills, an_insurer_sees_its_own_shares, nobody_makes_himself_admin, revoked, pages_of_other_sites, operators_socket, permissions_table])
