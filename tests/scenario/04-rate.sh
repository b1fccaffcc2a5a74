#!/bin/bash
# 50/s with burst 1: no second of the server's clock sees more than 51 requests.
. "$(dirname "$0")/lib.sh"

csv_items 200 >items.csv
upstream_start --latency-ms 2

# Requests that a busy machine delivers late can crowd a second of the server's
# that was not crowded when they were sent: a run that exceeds gets another chance.
for try in 1 2 3 4 5; do
	upstream_reset
	expect 0 run "$URL/x/{{id}}" -i items.csv --new --name "rate-$try" -c 20 --rate 50/s --burst 1
	counted "rate-$try" done 200
	equal 200 "$(upstream_stat .requests)" requests
	most=$(upstream_stat .window_max)
	echo "try $try: at most $most in a second"
	[ "$most" -le 51 ] && break
done
at_most 51 "$most" "requests in a second"

# Counted from the first request on, lateness can only help: request k is never early.
upstream_log | awk '
	NR == 1 { first = $1 }
	{ early = (NR - 2) / 50 - ($1 - first) / 1e9; if (early > 0.001) { print "request " NR " is " early " s early"; exit 1 } }
' || fail "requests ran ahead of the rate"

# A unit is required.
expect 2 run "$URL/x/{{id}}" -i items.csv --name unit --rate 50
contains err "50"
