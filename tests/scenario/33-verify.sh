#!/bin/bash
# A POST without a key whose answer never came is not sent again blindly: the
# job's verify request asks whether it took effect.  Each order ends up done, and
# placed exactly once.
. "$(dirname "$0")/lib.sh"

# Every sixth order is placed and its connection cut; the one after it is cut unplaced.
cat >shop.py <<'PY'
import http.server, sys, threading
placed, tries, lock = {}, {}, threading.Lock()

class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"{}"):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = int(self.path.rsplit("/", 1)[1])
        with lock:
            first = tries.setdefault(number, 0) == 0
            tries[number] += 1
            cut = first and number % 6 < 2
            if not (cut and number % 6 == 1):
                placed[number] = placed.get(number, 0) + 1
        if cut:
            self.close_connection = True
            self.connection.close()
            return
        self.answer(201)

    def do_GET(self):
        if self.path == "/placed":
            with lock:
                return self.answer(200, repr(sorted(placed.items())).encode())
        if self.path.startswith("/mute"):
            return self.answer(400)
        with lock:
            there = int(self.path.rsplit("/", 1)[1]) in placed
        assert self.headers.get("Authorization") == "Bearer shop"
        self.answer(200 if there else 404)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 shop.py >port 2>shop.err &
wait_until test -s port
URL=http://127.0.0.1:$(cat port)
csv_items 60 >items.csv
export SHOP_TOKEN=shop
job() { # job NAME VERIFY_URL
	jq -cn --arg url "$URL/orders/{{id}}" --arg name "$1" --arg ask "$2" \
		'{name: $name, items: "items.csv",
		  request: {method: "POST", url: $url, headers: {Authorization: "Bearer ${env:SHOP_TOKEN}"}},
		  verify: {url: $ask, done_if: "status == 200"}, limits: {concurrency: 5}}' >"$1.json"
}

job shop "$URL/orders/{{id}}"
expect 0 run shop.json
counted shop done 60
counted shop unknown 0
sound shop
python3 - "$(curl -sS "$URL/placed")" <<'PY' || fail "not each order was placed once"
import ast, sys
placed = dict(ast.literal_eval(sys.argv[1]))
assert placed == {n: 1 for n in range(1, 61)}, placed
PY
expect 0 show shop 1
contains out "verify: not done, sent again"

# Where the answer does not tell, the item stays unknown.
{ echo id,name; seq 1000 1011 | sed 's/$/,x/'; } >items.csv
job mute "$URL/mute/{{id}}"
expect 3 run mute.json
counted mute unknown 4
sound mute
expect 2 check <(jq -c '.verify = {url: "http://h/"}' shop.json)
contains err "verify.done_if: is missing"
