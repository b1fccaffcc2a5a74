#!/bin/bash
# More causes of failure than a page of them holds: all are listed, none twice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start
# A word of letters each, since numbers would make one cause of them.
awk 'BEGIN { print "word"; for (i = 0; i < 1200; i++) printf "%c%c%c%c\n", 97 + i % 26, 97 + int(i / 26) % 26, 97 + int(i / 676), 113; print "baaq" }' >items.csv
cat >job.json <<JSON
{"name": "many", "items": "items.csv", "request": {"url": "$URL/echo/{{word}}"},
 "rules": [{"if": "status == 200", "then": "fail", "message": "\$.target"}]}
JSON
expect 3 run job.json
contains err 'and over 95 more'
expect 0 groups many --json
equal 1200 "$(jq '.groups | length' out)" "causes"
equal 1200 "$(jq -r '.groups[].id' out | sort -u | wc -l)" "causes, each once"
equal 2 "$(jq '.groups[0].count' out)" "items of the largest"
equal null "$(jq .next out)" "what follows"
expect 0 groups many
equal 1201 "$(wc -l <out)" "lines of the table"
expect 0 groups many --limit 7 --json
equal 7 "$(jq '.groups | length' out)" "causes asked for"
holds '.next | test("^1[.][0-9a-f]{16}$")' out

serve
asked 200 GET '/jobs/many/groups?limit=1'
equal 2 "$(answer '.groups[0].count')" "items of the largest"
asked 200 GET "/jobs/many/groups?limit=1000&after=$(answer .next)"
equal 1000 "$(answer '.groups | length')" "causes of the next page"
asked 400 GET '/jobs/many/groups?after=17'

for seq in 1 2 3; do
	asked 200 POST "/jobs/many/skip" -d '{"seqs":['$seq']}'
done
asked 200 GET '/jobs/many/operations?limit=2'
equal "3 2 2" "$(answer '[.operations[].id, .next] | join(" ")')" "operations, the newest first, and what follows"
asked 200 GET '/jobs/many/operations?limit=2&after=2'
equal "1 null" "$(answer '"\(.operations[].id) \(.next)"')" "the rest of them"
kill -TERM "$SLUICE_PID"
ended 0
sound many
