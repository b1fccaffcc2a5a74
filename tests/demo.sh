#!/bin/bash
# tests/demo.sh BUILD [--stay]: 1,000 rows against a server that is slow, at times
# unwell and has a limit of its own, with the page up to watch.  On a terminal
# the page stays after the batch, to look at failures and retry them (Ctrl-C
# ends it); otherwise the demo ends with the batch.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: demo.sh BUILD [--stay]}
stay=${2-}
[ -t 1 ] && [ -t 0 ] && stay=--stay
work=$(mktemp -d)
rm -f "$build"/demo.db* # of the last demo: it stays, to be looked at
upstream=
sluice=
cleanup() {
	[ -z "$sluice" ] || kill -TERM "$sluice" 2>/dev/null
	[ -z "$upstream" ] || kill -TERM "$upstream" 2>/dev/null
	wait
	rm -rf "$work"
}
trap cleanup EXIT

# In a group of its own: Ctrl-C is for sluice.
setsid "$build/tests/upstream/upstream" --port-file "$work/port" --parent-pid $$ --latency-ms 200 --latency-jitter-ms 60 \
	--transient-percent 5 --permanent-percent 1.5 --code-percent 1 --qps 150 --burst 30 --retry-after 1 >/dev/null &
upstream=$!
for _ in {1..100}; do [ -s "$work/port" ] && break; sleep 0.05; done
url=http://127.0.0.1:$(head -n 1 "$work/port") || exit 1
control=http://127.0.0.1:$(tail -n 1 "$work/port")

awk 'BEGIN {
	split("Beijing Shanghai Berlin Lagos Lima Osaka Oslo Pune", city, " ")
	print "user_id,name,city"
	for (i = 1; i <= 1000; i++) printf "%d,user %d,%s\n", i, i, city[i % 8 + 1]
}' >"$work/users.csv"
cat >"$work/demo.json" <<JSON
{
  "name": "demo", "items": "users.csv", "key": "user_id",
  "request": {"method": "POST", "url": "$url/users/{{user_id}}", "json": {"id": "{{user_id}}", "name": "{{name}}", "city": "{{city}}"}},
  "idempotency": {"header": "Idempotency-Key"},
  "rules": [{"if": "\$.code != 0 and status == 200", "then": "fail", "code": "\$.code", "message": "\$.msg"}],
  "limits": {"concurrency": 30}
}
JSON
echo "The target: 200 ms an answer; 5 % are 503 once, 1.5 % are 404, 1 % are refused"
echo "            in the body; 429 above 150/s."
echo "The batch:  1,000 rows of users.csv, 30 at a time. Its live page comes first:"
echo
# shellcheck disable=SC2086 # empty or one word
env --default-signal=INT "$build/sluice" run "$work/demo.json" --db "$build/demo.db" $stay &
sluice=$!
trap : INT # the terminal gives Ctrl-C to sluice itself
trap 'kill -TERM "$sluice" 2>/dev/null' TERM
wait "$sluice"
status=$?
while kill -0 "$sluice" 2>/dev/null; do
	wait "$sluice"
	status=$?
done
sluice=
trap - INT TERM
if [ "$status" -eq 7 ]; then
	echo "interrupted"
	exit 0
fi

# Did it behave?  The server's own books against the database.
progress=$("$build/sluice" status demo --db "$build/demo.db" --json) || exit 1
stats=$(curl -sSf "$control/__stats") || exit 1
echo
jq -rn --argjson p "$progress" --argjson s "$stats" '
	"at the server: \($s.unique_ok) succeeded, \($s.duplicates) of them twice; \($s.requests) requests, \($s.by_status["429"] // 0) of them 429",
	"on record:     \($p.counts.done) done, \($p.counts.failed) failed (the 404s and refusals), \($p.counts.unknown) unknown"'
jq -en --argjson p "$progress" --argjson s "$stats" --argjson status "$status" '
	$p.counts.done + $p.counts.failed == 1000 and $p.counts.done == $s.unique_ok and $s.duplicates == 0
	and ($status == 3 or ($status == 0 and $p.counts.failed == 0))' >/dev/null || {
	echo "the demo did not behave (sluice ended with $status)"
	exit 1
}
