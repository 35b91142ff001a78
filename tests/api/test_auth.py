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
    "GET /v1/events": "hospital insurer operator auditor admin", "GET /v1/days/{day}": "hospital operator auditor admin", "POST /v1/days/{day}/close": "hospital operator admin",
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
    main([routes_by_roles, hospitals_and_shares, nobody_makes_himself_admin, revoked, pages_of_other_sites, operators_socket, permissions_table])
