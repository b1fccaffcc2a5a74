#!/bin/bash
# What is typed wrongly is refused with exit code 2, a word that names it, and nothing sent.
. "$(dirname "$0")/lib.sh"

upstream_start --permanent-percent 20
csv_items 30 >items.csv
sed 's/^3,.*/3,"broken/' items.csv >broken.csv
cat >job.json <<JSON
{"name": "file", "items": "items.csv",
 "request": {"method": "POST", "url": "$URL/f/{{id}}", "json": {"a": "{{id}}"}}}
JSON

refused() { # refused TEXT ARGUMENTS…
	local text=$1
	shift
	expect 2 "$@"
	contains err "$text"
	[ ! -s out ] || fail "sluice $* was refused and printed: $(head -3 out)"
}
# A body flag wins over the file's body, whatever its kind.
expect 0 check job.json -d 'flag={{id}}' --render 1
contains out flag=1
refused "--new and --append-items exclude each other" run job.json --new --append-items
refused "items are given with -i items.csv" run items.csv
refused "(items are given with -i FILE)" run "$URL" items.csv
refused "(TARGET is a job file, or a URL that contains ://)" run example.com/x -i items.csv
refused "-c N sets how many are in flight" run "$URL/{{id}}" -i items.csv -j 8
refused "no/such.csv" run "$URL/{{id}}" -i no/such.csv
refused "did you mean --concurrency?" run "$URL/{{id}}" -i items.csv --concurency 8
refused "no command 'stauts' (did you mean status?)" stauts
refused "request.heders: no such key (did you mean request.headers?)" run <(sed 's/"json"/"heders"/' job.json)
refused "--cacert: " run "$URL/{{id}}" -i items.csv --cacert no.pem
refused "--key-file: needs request.cert" run "$URL/{{id}}" -i items.csv --key-file items.csv
refused "--shard: not supported yet" run "$URL/{{id}}" -i items.csv --shard 1/2
refused "--shard-by: not supported yet" run "$URL/{{id}}" -i items.csv --shard-by id
refused "alert: not supported yet" alert test one
for later in '"cluster": {"redis": "redis://127.0.0.1"}' '"alerts": {"failed_percent": 10}' \
	'"dead_letter": {"rounds_max": 3}' '"shard": "1/2"'; do
	sed "s|^{|{$later, |" job.json >later.json
	refused "later.json: $(cut -d'"' -f2 <<<"$later") is not supported yet" run later.json
done
for source in rabbitmq kafka; do
	sed "s|\"items.csv\"|{\"$source\": {}}|" job.json >later.json
	refused "items: $source is not supported yet" check later.json
done
equal 0 "$(upstream_stat .requests)" "requests of refused commands"

seq 5 >lines
expect_input 2 lines run "$URL/{{line}}" -i - --name lines
contains err "error: stdin: row 1 (line 2)"
contains err "field 'line' is missing (plain lines are taken with --format lines)"
expect_input 0 lines check "$URL/{{line}}" -i - --name lines --format lines

# check takes a `run` command line as it stands.
expect 0 check "$URL/c/{{id}}" -i items.csv --db nowhere/x.db --threads 2 --stay --new --progress json --name c
contains err "30 items checked, nothing was sent"
[ ! -e nowhere ] || fail "check made a database"
expect 2 check "$URL/c/{{id}}" -i broken.csv
printf 'id,name\n1,a\n2\n3,c\n' >short.csv
expect 0 check "$URL/c/{{id}}" -i short.csv --skip-bad-rows
contains err "2 items checked, 1 bad row left out, nothing was sent"

# One connection carries what is sent one at a time.
before=$(upstream_stat .connections)
expect 3 run "$URL/one/{{id}}" -i items.csv --name one -c 1
equal 1 $(($(upstream_stat .connections) - before)) "connections with -c 1"

# Hints stand behind what they belong to, and do not repeat what was said for once.
"$SLUICE" items one --limit 3 >both 2>&1 </dev/null
equal "more: $SLUICE items one --limit 3 --after 3" "$(tail -n 1 both)" "the last line of a listing"
expect 3 run "$URL/one/{{id}}" -i items.csv --name one -c 1 --new
grep '^then' err | grep -q -- '-c 1$' || fail "hint: $(grep '^then' err)"
first=$("$SLUICE" items one --filter state:failed --json | jq -r '.items[0].seq')
done_one=$("$SLUICE" items one --filter state:done --json | jq -r '.items[0].seq')
expect 0 retry one --seq "$first,$done_one"
contains out "1 item put back to pending"
contains out "1 other item of the selection stays as it is, in another state"
expect 0 retry one --group 0123
contains out "0 items put back to pending: no item is among those selected"

expect 3 run "$URL/one/{{id}}" -i items.csv --name one -c 1
expect 3 run "$URL/one/{{id}}" -i items.csv --name one -c 1
contains err "one: already finished; --new sends all of it again"

# A reader that has seen enough is no failure.
"$SLUICE" export one 2>err | head -n 1 >out
equal 0 "${PIPESTATUS[0]}" "exit code of an export into head"
[ ! -s err ] || ! grep -q error err || fail "export into head: $(cat err)"
