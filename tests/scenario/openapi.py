"""openapi.py SCHEMA ADDRESS JOB: ask a server everything that the description
says can be asked, changes too where they leave the job as it was, and hold the
answers against it; and see that each path knows the methods that it is said to
know and no others.

Token in SLUICE_TOKEN.  Ends with 1 where something is not as described."""
import json
import os
import sys
import urllib.error
import urllib.request

import jsonschema
import yaml

METHODS = ("get", "post", "patch", "put", "delete")
faults = []


def fault(text):
    faults.append(text)
    print(text)


# Of each path that changes something: bodies, one that is taken and some that are not.
EVERYTHING = '{"all":true,"dry_run":true}'
BODIES = {
    "/api/v1/jobs": ["{}", "nonsense", '{"name":"12"}'],
    "/api/v1/jobs/{job}": ["{}", '{"rate":5}', '{"bogus":1}'],
    "/api/v1/jobs/{job}/pause": [""],
    "/api/v1/jobs/{job}/resume": [""],
    "/api/v1/jobs/{job}/seal": [""],
    "/api/v1/jobs/{job}/items": ["id,name\n1,x\n"],
    "/api/v1/jobs/{job}/items/{seq}/preview": ["{}", '{"input":{"id":"1"}}', '{"input":1}'],
    "/api/v1/jobs/{job}/items/{seq}/retry": ['{"input":{"id":"other"}}', '{"bogus":1}'],
    "/api/v1/jobs/{job}/retry": [EVERYTHING, '{"filter":""}', '{"filter":"state:done","dry_run":true}'],
    "/api/v1/jobs/{job}/skip": [EVERYTHING, "{}"],
    "/api/v1/jobs/{job}/resolve": ['{"all":true,"dry_run":true,"as":"done"}', EVERYTHING],
    "/api/v1/jobs/{job}/operations/{op}/cancel": ["", '{"bogus":1}'],
    "/api/v1/explain": ['{"response":"HTTP/1.1 429 x\\r\\nRetry-After: 3\\r\\n\\r\\n"}', "[]"],
    "/api/v1/check": ['{"job":{"request":{"url":"http://x/{{a}}"}},"items":"a\\n1\\n"}', "{}"],
    "/api/v1/db/backup": ['{"path":"relative"}'],
    "/api/v1/db/vacuum": [""],
}
# Left to scenarios of their own: they end a job or remove it.
ELSEWHERE = {("post", "/api/v1/jobs/{job}/cancel"), ("delete", "/api/v1/jobs/{job}")}


def ask(address, method, path, sent=None):
    """status, content type, allowed methods, body"""
    request = urllib.request.Request(f"http://{address}{path}", method=method.upper(),
                                     data=None if sent is None else sent.encode())
    request.add_header("Authorization", "Bearer " + os.environ["SLUICE_TOKEN"])
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers["Content-Type"], None, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["Content-Type"], answer.headers["Allow"], answer.read()


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = target
    return node


def check_body(document, what, responses, status, content_type, body):
    response = responses.get(str(status)) or responses["default"]
    content = resolve(document, response).get("content", {})
    kind = (content_type or "").split(";")[0]
    if kind not in content:
        fault(f"{what}: {status} with {kind}: not described")
        return
    schema = dict(content[kind]["schema"], components=document["components"])
    lines = body.splitlines() if kind == "application/x-ndjson" else [body]
    for line in lines:
        value = json.loads(line) if "json" in kind else line.decode()
        try:
            jsonschema.Draft202012Validator(schema).validate(value)
        except jsonschema.ValidationError as error:
            fault(f"{what}: {list(error.absolute_path)}: {error.message}"[:600])
            return


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = yaml.safe_load(file)
    address, job = sys.argv[2:]
    checked = 0
    for pattern, operations in document["paths"].items():
        path = pattern.replace("{job}", job).replace("{seq}", "1").replace("{op}", "1")
        said = [method for method in METHODS if method in operations]
        # A method that no path has tells which ones this path has.
        status, _, allow, _ = ask(address, "PROPFIND", path)
        if status != 405 or sorted(allow.lower().split(", ")) != sorted(said):
            fault(f"{pattern}: said to know {said}, knows {allow} ({status})")
        for method in said:
            if method == "get" or (method, pattern) in ELSEWHERE:
                continue
            where = path + "?mode=correct&dry_run=true&format=csv" * pattern.endswith("/items")
            for sent in BODIES[pattern]:
                status, content_type, _, body = ask(address, method, where, sent)
                check_body(document, f"{method} {where} {sent}", operations[method]["responses"],
                           status, content_type, body)
                checked += 1
        if "get" not in said:
            continue
        queries = [""]
        if pattern.endswith("/export"):
            queries += ["?format=csv", "?format=html", "?state=failed", "?format=xml"]
        if pattern.endswith("/items"):
            queries += ["?filter=state:failed&limit=3", "?after=10", "?filter=bogus:1"]
        for query in queries:
            status, content_type, _, body = ask(address, "GET", path + query)
            check_body(document, f"GET {path}{query}", operations["get"]["responses"], status,
                       content_type, body)
            checked += 1
    for path in ("/api/v1/nothing", f"/api/v1/jobs/{job}/items/999999", "/api/v1/jobs/nobody"):
        status, content_type, _, body = ask(address, "GET", path)
        if status != 404:
            fault(f"GET {path}: {status}")
        check_body(document, f"GET {path}", {"default": {"$ref": "#/components/responses/Problem"}},
                   status, content_type, body)
    print(f"{checked} answers held against the description")
    return 1 if faults else 0


sys.exit(main())
