#!/bin/bash
# A server that says Retry-After is not asked again sooner, and its 429s are not
# charged to the items.
. "$(dirname "$0")/lib.sh"

csv_items 60 >items.csv
upstream_start --qps 20 --burst 10 --retry-after 2
expect 0 run "$URL/x/{{id}}" -i items.csv --name polite -c 8 --retry 1
counted polite done 60
counted polite failed 0
equal 60 "$(upstream_stat .unique_ok)" "items that succeeded at the server"
at_least 1 "$(upstream_stat '.by_status["429"]')" "429s"
# For each item: after a 429 nothing for two seconds.
upstream_log | awk '
	($4 in refused) && $1 - refused[$4] < 2e9 {
		print "item " $4 " came back after " ($1 - refused[$4]) / 1e9 " s"; bad = 1
	}
	$5 == 429 { refused[$4] = $1 }
	$5 != 429 { delete refused[$4] }
	END { exit bad }
' || fail "Retry-After was undercut"
at_least 1 "$(field polite .throttled)" "throttled answers on record"
