#!/bin/bash
# What could hit the wrong thing is refused: numbers for names, jobs that are at
# work, empty selections, files that are no database or go away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --latency-ms 5
csv_items 20 >2024.csv
expect 0 run "$URL/a/{{id}}" -i 2024.csv
equal 1 "$(field job-2024 .id)" "id of the job named after 2024.csv"
expect 2 run "$URL/a/{{id}}" -i 2024.csv --name 7
contains err "digits alone"
expect 2 status 01
expect 0 status 1

# A live run's job stays, whatever it says of itself.
upstream_set latency-ms=200
csv_items 60 >slow.csv
background run "$URL/b/{{id}}" -i slow.csv --name slow -c 2 --listen 127.0.0.1:0
wait_until upstream_saw 24
expect 1 rm slow
contains err "sluice run"
expect 0 pause slow
wait_until field_is slow .counts.running 0
expect 1 rm slow
contains err "sluice run"
expect 0 rm job-2024
expect 2 retry slow --filter ' '
contains err "--all says that"
kill -INT "$SLUICE_PID"
ended 7

# What would be done is what is done, for every action.
upstream_set latency-ms=1
serve
ids=$(jq -n '[range(1; 31)]')
job_made tally "$URL/c/{{id}}" '"rules":[{"if":"status == 200","then":"done"}]'
csv_items 30 | asked 200 POST '/jobs/tally/items?format=csv' --data-binary @-
asked 200 POST /jobs/tally/seal
wait_until job_is tally finished
foretold() { # foretold PATH BODY CHANGED
	asked 200 POST "/jobs/tally/$1" -d "$(jq -c '. + {dry_run: true}' <<<"$2")"
	equal "$3" "$(answer .changed)" "changes foretold by $1 $2"
	local matched
	matched=$(answer .matched)
	asked 200 POST "/jobs/tally/$1" -d "$2"
	equal "$3 $matched" "$(answer '"\(.changed) \(.matched)"')" "$1 $2"
	wait_until job_is tally finished
}
foretold retry '{"filter":"seq:1-10"}' 0
foretold retry '{"filter":"seq:1-10","done_too":true}' 10
foretold retry '{"seqs":[1,1,2],"done_too":true}' 2
foretold retry "{\"seqs\":$ids}" 0
foretold skip '{"filter":"state:done"}' 0
foretold resolve '{"all":true,"as":"done"}' 0
asked 400 POST /jobs/tally/retry -d '{"filter":""}'
asked 400 POST /jobs/tally/skip -d '{"filter":" "}'
asked 400 PATCH /jobs/tally -d '{"rate":5}'
contains answer 'rate: a text such as'
asked 400 PATCH /jobs/tally -d '{"rate":"5"}'
contains answer "rate: '5' names no unit"
expect 0 retry tally --filter seq:1-10 --dry-run
contains out "0 items would be put back"

# The file goes away: nothing is recorded any more, so nothing is sent.
mv sluice.db gone.db
ended 1
contains background.err "sluice.db was removed while it was in use"
mv gone.db sluice.db
serve
rm sluice.db.lock
ended 1
contains background.err "sluice.db.lock was removed"
sound tally

for path in :memory: /dev/null "$WORK"; do
	expect 2 serve --db "$path"
	contains err "$path"
	[ ! -e "$path" ] || expect 2 ls --db "$path"
done
mkdir -p nowhere
ln -s "$WORK/nowhere" link.db
expect 2 serve --db link.db
[ -z "$(find . -name '*:*' -o -name 'link.db.*')" ] || fail "something was left behind"
