#!/bin/bash
# tests/bench/operator.sh BUILD: what a person at the page asks of a job of ten million
# items while it runs at full speed: listings, first paint, ten open pages, a bulk retry
# of a million failed items, an export of everything.
#   OPERATOR_ITEMS=N (10000000)   OPERATOR_FAILED=N (1000000)
. "$(dirname "$0")/lib.sh"
shift
page=--listen=127.0.0.1:0
n=$(scaled "${OPERATOR_ITEMS:-10000000}" 100000)
failed_wanted=$(scaled "${OPERATOR_FAILED:-1000000}" 10000)

api() { # api METHOD PATH [BODY]
	curl -sS -X "$1" -H "Authorization: Bearer $SLUICE_TOKEN" ${3:+-d "$3"} "http://$address/api/v1/jobs/big$2"
}
of_job() { api GET '' | jq -r "$1"; }

# The slowest of seven calls' time to the last byte, in ms; the first warms the cache.
slowest_ms() { # slowest_ms PATH
	local i
	for i in 0 1 2 3 4 5 6 7; do
		curl -sS -o "$work/answer" -w '%{time_total}\n' -H "Authorization: Bearer $SLUICE_TOKEN" \
			"http://$address/api/v1/jobs/big$1" | { [ "$i" -gt 0 ] && cat; }
	done | sort -n | tail -n 1 | awk '{ printf "%.1f", $1 * 1000 }'
}

sent_per_s() { # sent_per_s SECONDS
	local from start
	from=$(stat_of .requests) start=$(uptime_s)
	sleep "$1"
	calc "($(stat_of .requests) - $from) / ($(uptime_s) - $start)" 0
}

listings() {
	local path worst=0 ms near_end=$((n * 9 / 10))
	say "listings, slowest of seven calls, ms"
	for path in '' '/items' "/items?after=$near_end" '/items?filter=state:failed' \
		"/items?filter=state:failed&after=$failed_wanted" '/items?filter=http:404' '/items?filter=state:waiting' \
		"/items?filter=seq:$near_end-" "/items?filter=key:$near_end" '/items?filter=text:nothing-has-this' \
		"/items?filter=field.name:name%20$near_end" '/items?filter=-state:done' '/items?limit=1000' \
		"/items/$near_end" '/groups' '/series' '/events' '/operations'; do
		ms=$(slowest_ms "$path")
		say "$(printf '   %8s  %s' "$ms" "${path:-(the job)}")"
		worst=$(calc "$ms > $worst ? $ms : $worst" 1)
	done
	held "slowest listing or filter, ms" "$worst" '<=' 100
}

paints() {
	local name paint full
	modules=$build/tests/web
	if [ ! -d "$modules/node_modules" ]; then
		say "paint: not measured, the browser tests were not run here"
		return
	fi
	say "first contentful paint, and all of it there, median of five loads, ms"
	WEB_TESTS_MODULES=$modules node "$bench/operator_paint.mjs" "http://$address/#token=$SLUICE_TOKEN" big >"$work/paints"
	while read -r name paint full; do
		say "$(printf '   %-8s %5s %6s' "$name" "$paint" "$full")"
	done <"$work/paints"
	held "slowest first paint, ms" "$(awk '{ print $2 }' "$work/paints" | sort -n | tail -n 1)" '<=' 300
}

ten_pages() {
	local round without with
	: >"$work/ratios"
	for round in 1 2 3 4 5 6 7; do
		without=$(sent_per_s 6)
		/usr/bin/python3 "$bench/operator_pages.py" "$address" big 10 8 >"$work/pages" 2>&1 &
		sleep 1
		with=$(sent_per_s 6)
		wait $!
		say "$(printf '   round %d: %6d/s without, %6d/s with ten pages (%s)' "$round" "$without" "$with" "$(tail -n 1 "$work/pages")")"
		calc "(1 - $with / $without) * 100" 2 >>"$work/ratios"
		echo >>"$work/ratios"
	done
	held "slower by ten open pages, %, median" "$(median <"$work/ratios")" '<=' 3
}

# Waits until the operation in $work/operation is over; how long after $1.
over_after() { # over_after START
	local operation
	operation=$(jq -r .id "$work/operation")
	until [ "$(api GET "/operations/$operation" | jq -r .finished_at)" != null ]; do sleep 0.1; done
	calc "$(uptime_s) - $1" 1
}

bulk() {
	local start answered took before changed
	set_upstream permanent-percent=0
	before=$(stat_of .requests)
	say "bulk: $(of_job .counts.failed) failed items"
	start=$(uptime_s)
	api POST /retry '{"filter":"state:failed","reason":"a measurement"}' >"$work/operation"
	answered=$(calc "$(uptime_s) - $start" 2)
	sleep 2
	api POST "/operations/$(jq -r .id "$work/operation")/cancel" >"$work/answer"
	say "   cancelled after 2 s: $(jq -r .changed "$work/answer") changed"
	start=$(uptime_s)
	api POST /retry '{"filter":"state:failed"}' >"$work/operation"
	took=$(over_after "$start")
	changed=$(api GET "/operations/$(jq -r .id "$work/operation")" | jq .changed)
	say "   $changed changed in $took s; sent meanwhile: $(($(stat_of .requests) - before))"
	held "seconds until answered" "$answered" '<=' 1
	held "seconds for a million" "$(calc "$took * 1000000 / $changed" 1)" '<=' 20
}

exports() {
	local format start took rows rss before during wal most=0
	for format in ndjson csv; do # while the batch runs as fast as it can
		before=$(sent_per_s 5)
		rss=$(awk '/VmRSS/ { print $2 }' "/proc/$client/status")
		start=$(uptime_s)
		curl -sS -H "Authorization: Bearer $SLUICE_TOKEN" "http://$address/api/v1/jobs/big/export?format=$format" | wc -l >"$work/rows" &
		during=$(sent_per_s 5)
		while kill -0 $! 2>/dev/null; do
			wal=$(du -m "$SLUICE_DB-wal" | cut -f 1)
			[ "$wal" -le "$most" ] || most=$wal
			sleep 0.2
		done
		took=$(calc "$(uptime_s) - $start" 2)
		rows=$(cat "$work/rows")
		say "   $format: $rows rows in $took s; batch $before/s before, $during/s meanwhile; $(awk -v was="$rss" '/VmRSS/ { printf "%+.1f MB", ($2 - was) / 1024 }' "/proc/$client/status")"
		say "   rows/s, $format, while the batch runs: $(calc "$rows / $took" 0)"
	done
	api POST /pause >"$work/answer"
	sleep 1
	for format in ndjson csv; do
		start=$(uptime_s)
		rows=$(curl -sS -H "Authorization: Bearer $SLUICE_TOKEN" "http://$address/api/v1/jobs/big/export?format=$format" | wc -l)
		held "rows/s, $format, the job paused" "$(calc "$rows / ($(uptime_s) - $start)" 0)" '>=' 200000
	done
	held "largest WAL meanwhile, MB" "$most" '<=' 128
}

# Is there still enough to send for what follows?
still() { running && [ "$(of_job .counts.pending)" -gt 0 ]; }

say "operator  $n items, no latency, 64 at a time; every second one fails until $failed_wanted have"
start_upstream --permanent-percent 50 --permanent-status 404
items "$n" >"$work/items.csv"
clear_db
start_client big "$work/items.csv" -c 64 --key id --stay
until address=$(sed -n 's|.*http://\(127[0-9.]*:[0-9]*\)/.*|\1|p' "$work/err" | head -n 1) && [ -n "$address" ]; do sleep 0.1; done
until [ "$(of_job .total)" -eq "$n" ]; do sleep 1; running || { cat "$work/err"; exit 1; }; done
say "   all in; $(of_job '"\(.counts.done) done, \(.counts.failed) failed"'), peak $(awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$client/status") MB"
until [ "$(of_job .counts.failed)" -ge "$failed_wanted" ]; do sleep 1; running || exit 1; done
for part in listings paints ten_pages bulk exports; do
	still || say "   nothing left to send: what follows is measured at rest"
	"$part"
done
say "   peak $(awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$client/status") MB resident; database $(du -cm "$SLUICE_DB"* | tail -n 1 | cut -f 1) MB"
kill -INT "$client"
wait "$client"
client=
[ "$missed" -eq 0 ]
