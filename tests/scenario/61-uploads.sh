#!/bin/bash
# Items over the API: every format, several uploads, bad rows, uploads that are
# broken off, and a large one while the rest is asked for.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start
serve
upload() { # upload STATUS JOB FORMAT FILE
	asked "$1" POST "/jobs/$2/items?format=$3" --data-binary "@$4"
}

# Every format, one after the other, into one job.
job_made mixed "$URL/x/{{id|none}}"
printf 'id,name\n1,"a ""b"""\n2,"two\nlines"\n' >csv
printf '{"id":1234567890123456789,"x":0.10}\n{"id":4}\n' >ndjson
printf '[{"id":5}, {"id":6}]' >json
upload 200 mixed csv csv
equal 2 "$(answer .rows)" "rows of the CSV"
upload 200 mixed ndjson ndjson
upload 200 mixed json json
upload 400 mixed csv <(printf 'id,name\n7,a\n8\n')
contains answer "row 2"
upload 400 mixed nonsense csv
asked 404 POST '/jobs/nobody/items' -d x
asked 200 POST /jobs/mixed/seal
asked 200 GET /jobs/mixed/events
equal api,api "$(answer '[.events[] | select(.what == "create" or .what == "seal") | .who] | join(",")')" "who made and sealed it"
wait_until job_is mixed finished
ask GET '/jobs/mixed/items?limit=10' >items
contains items '"input":{"id":1234567890123456789,"x":0.10}'
total=$(ask GET /jobs/mixed | jq .total)
at_least 6 "$total" "items of the mixed job"
equal "$total" "$(ask GET /jobs/mixed/export | wc -l)" "items exported"
upload 409 mixed csv csv

# A bad row, put right; a lost answer; another one on top of one that broke off.
job_made again "$URL/a/{{id}}"
rows_are() { equal "$1 $2" "$(answer .rows) $(answer .rows_known)" "rows that came in, and that were in"; }
{ csv_items 1500 | sed '1400s/$/,x/'; } >bad
csv_items 1500 >good
upload 400 again csv bad
contains answer "row 1399"
upload 200 again csv good
equal 1500 "$(($(answer .rows) + $(answer .rows_known)))" "rows in all"
at_least 1398 "$(answer .rows_known)" "rows that were in"
upload 200 again csv good
rows_are 0 1500
csv_items 1501 >longer
upload 409 again csv longer
contains answer "upload=append"
asked 200 POST '/jobs/again/items?upload=append' --data-binary @longer
rows_are 1 1500
equal 1501 "$(ask GET /jobs/again | jq .total)" "items after all that"
asked 400 POST '/jobs/again/items?upload=twice' -d x
asked 200 POST '/jobs/again/items?format=csv&upload=new' --data-binary $'id\n9001\n'
asked 200 POST /jobs/again/seal
wait_until job_is again finished
equal 0 "$(ask GET /jobs/again/export | jq .input.id | sort | uniq -d | wc -l)" "rows that are in twice"

# A client that goes away in the middle of a row leaves whole rows only.
job_made torn "$URL/t/{{id}}"
python3 - "$ADDRESS" <<'CODE'
import os, socket, sys, time
host, port = sys.argv[1].split(":")
for _ in range(5):
    s = socket.create_connection((host, int(port)))
    s.sendall(("POST /api/v1/jobs/torn/items?format=ndjson HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
               "Content-Length: 100000\r\n\r\n" % (sys.argv[1], os.environ["SLUICE_TOKEN"])).encode())
    s.sendall(b'{"id":1}\n{"id":2}\n{"id":')
    time.sleep(0.4)
    s.close()
    time.sleep(0.1)
CODE
asked 200 POST '/jobs/torn/items?format=ndjson&upload=new' --data-binary @ndjson
equal 4 "$(ask GET /jobs/torn | jq .total)" "items of five torn uploads and one that ended"
asked 200 POST /jobs/torn/seal
wait_until job_is torn finished
equal 0 "$(ask GET /jobs/torn/export | jq -c 'select(.input.id == null)' | wc -l)" "torn rows"

# 200,000 rows as a stream without a length, and answers meanwhile.
job_made large "$URL/l/{{id}}" '"limits":{"concurrency":64}'
csv_items 200000 | ask POST '/jobs/large/items?format=csv' -T - -H 'Expect:' >rows &
upload_pid=$!
while kill -0 "$upload_pid" 2>/dev/null; do
	asked 200 GET /jobs/large
	asked 200 GET '/jobs/large/items?limit=5'
done
wait "$upload_pid" || fail "the large upload"
equal 200000 "$(jq .rows rows)" "rows of the large upload"
asked 200 POST /jobs/large/seal
asked 200 POST /jobs/large/cancel

# A job that is cancelled while its rows come in: the upload is told.
job_made gone "$URL/g/{{id}}"
csv_items 60000 >gone.csv
ask POST '/jobs/gone/items?format=csv' --data-binary @gone.csv --limit-rate 200k -o gone.answer -w '%{http_code}' >gone.code &
upload_pid=$!
some_in() { [ "$(ask GET /jobs/gone | jq .total)" -gt 0 ]; }
wait_until some_in
asked 200 POST /jobs/gone/cancel
wait "$upload_pid"
equal 409 "$(cat gone.code)" "status of an upload into a cancelled job"
kill -TERM "$SLUICE_PID"
ended 0
sound large
sound mixed
