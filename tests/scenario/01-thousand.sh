#!/bin/bash
# 1,000 items, 5 % of them refused once with 503: all are done, each once.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 20 --transient-percent 5
csv_items 1000 >items.csv
expect 0 run "$URL/users/{{id}}" -i items.csv --name thousand -c 30
counted thousand done 1000
sound thousand
equal 1000 "$(upstream_stat .unique_ok)" "items that succeeded at the server"
equal 0 "$(upstream_stat .duplicates)" "items that succeeded twice"
transient=$(upstream_stat '.by_status["503"]')
at_least 10 "$transient" "503s"
equal $((1000 + transient)) "$(upstream_stat .requests)" requests
equal $((1000 + transient)) "$(field thousand .attempts)" "attempts on record"
at_most 30 "$(upstream_stat .in_flight_max)" "in flight at the server"
# Once more: it was done already, and nothing is sent.
expect 0 run "$URL/users/{{id}}" -i items.csv --name thousand -c 30
equal $((1000 + transient)) "$(upstream_stat .requests)" "requests after a second run"
