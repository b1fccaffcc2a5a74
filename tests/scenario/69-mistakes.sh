#!/bin/bash
# What a person does by mistake, or in the wrong moment, loses nothing: words
# misspelt, a job that is cancelled, a server that goes away in between.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --permanent-percent 100
serve
job_made sick "$URL/x/{{id}}" '"key":"id"'
csv_items 30 >items.csv
asked 200 POST '/jobs/sick/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/sick/seal
wait_until job_is sick finished
sent=$(upstream_stat .requests)

# A parameter that is not known, or stands twice, is not passed over.
asked 400 POST '/jobs/sick/items?mode=correct&dry-run=true&format=csv' --data-binary $'id,name\n1,x\n'
contains answer "'dry-run' is unknown here; known are: format upload mode dry_run"
asked 400 POST '/jobs/sick/items?mode=correct&upload=new' --data-binary $'id\n1\n'
asked 400 POST '/jobs/sick/seal?dry_run=true'
asked 400 GET '/jobs/sick/export?stat=failed'
asked 400 GET '/jobs/sick/items?filter=state:done&filter=state:failed'
contains answer "'filter' stands twice"
asked 200 GET '/healthz?verbose=1'
# Counting only, asked for in either place.
asked 200 POST '/jobs/sick/retry?dry_run=true' -d '{"seqs":[1,2]}'
equal "true 2" "$(answer '"\(.dry_run) \(.changed)"')" "foretold by the query"
equal "$sent" "$(upstream_stat .requests)" "requests after mistakes"

# "All" together with what is done already.
upstream_set permanent-percent=0
asked 200 POST /jobs/sick/retry -d '{"filter":"seq:1-10"}'
wait_until job_is sick finished
asked 200 POST /jobs/sick/retry -d '{"all":true,"done_too":true,"dry_run":true}'
equal "30 30" "$(answer '"\(.matched) \(.changed)"')" "all, done ones too"
asked 409 POST /jobs/sick/items/1/retry -d '{}'
contains answer "failed, unknown and skipped ones"

# A cancelled job sends nothing more: what failed in it stays failed.
upstream_set permanent-percent=100
job_made gone "$URL/y/{{id}}" '"key":"id","limits":{"rate":"1/s","burst":1}'
asked 200 POST '/jobs/gone/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/gone/seal
one_failed() { [ "$(ask GET /jobs/gone | jq .counts.failed)" -ge 1 ]; }
wait_until one_failed
asked 200 POST /jobs/gone/cancel
settled() { [ "$(ask GET /jobs/gone | jq .counts.running)" -eq 0 ]; }
wait_until settled
failed=$(ask GET /jobs/gone | jq .counts.failed)
asked 409 POST /jobs/gone/retry -d '{"all":true}'
contains answer "is cancelled"
asked 409 POST /jobs/gone/retry -d '{"seqs":[1],"dry_run":true}'
asked 409 POST /jobs/gone/items/1/retry -d '{}'
asked 409 POST /jobs/gone/items/1/retry -d '{"input":{"id":"1","name":"new"}}'
asked 409 POST '/jobs/gone/items?mode=correct&format=csv' --data-binary $'id,name\n1,x\n'
equal "$failed" "$(ask GET /jobs/gone | jq .counts.failed)" "failed in a cancelled job"
asked 200 POST /jobs/gone/skip -d '{"seqs":[1]}'
equal 1 "$(answer .changed)" "skipped in a cancelled job"

# Not started is not started, also after a restart.
sent=$(upstream_stat .requests)
asked 201 POST '/jobs?start=false' -d '{"name":"later","request":{"url":"'"$URL"'/z/{{id}}"}}'
equal "paused not started" "$(answer '"\(.state) \(.reason)"')" "a job that is not to start"
asked 200 POST '/jobs/later/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/later/seal
kill_hard
serve
equal "paused not started 30" "$(ask GET /jobs/later | jq -r '"\(.state) \(.reason) \(.total)"')" "it after a restart"
equal "$sent" "$(upstream_stat .requests)" "requests of a job that was not started"
upstream_set permanent-percent=0
asked 200 POST /jobs/later/resume
wait_until job_is later finished
equal 30 "$(ask GET /jobs/later | jq .counts.done)" "done when it was started"

# A correction that is cut off is in the log as far as it came.
upstream_set permanent-percent=100
job_made cut "$URL/c/{{id}}" '"key":"id"'
csv_items 4000 >many.csv
asked 200 POST '/jobs/cut/items?format=csv' --data-binary @many.csv
asked 200 POST /jobs/cut/seal
wait_until job_is cut finished
sed '2,$s/$/ mended/' many.csv >mended.csv
{ head -n 3000 mended.csv; sleep 8; } | ask POST '/jobs/cut/items?mode=correct&format=csv' \
	-T - >cut.out 2>&1 &
noted() { [ "$(ask GET /jobs/cut/operations | jq '.operations[0].changed // 0')" -ge 1000 ]; }
wait_until noted
asked 409 DELETE /jobs/cut
kill_hard
serve
holds '(.operations | length) == 1 and .operations[0].changed >= 1000 and .operations[0].finished_at != null' \
	<(ask GET /jobs/cut/operations)
changed=$(ask GET /jobs/cut/operations | jq '.operations[0].changed')
equal "$changed of $changed items" "$(ask GET '/jobs/cut/events?limit=1000' | jq -r '.events[] | select(.what == "correct").detail')" \
	"what the log says of it"
for job in sick later cut; do wait_until job_is "$job" finished; done
kill -TERM "$SLUICE_PID"
ended 0
for job in sick gone later cut; do sound "$job"; done
