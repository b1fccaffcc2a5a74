#!/bin/bash
# Connections that die before or inside the answer: repeated where that is safe,
# `unknown` where it is not.
. "$(dirname "$0")/lib.sh"

csv_items 300 >items.csv
upstream_start --reset-percent 5 --truncate-percent 5
expect 0 run -X PUT "$URL/x/{{id}}" -i items.csv --name safe -c 8
counted safe done 300
reset=$(upstream_stat .reset)
truncated=$(upstream_stat .truncated)
echo "reset $reset, truncated $truncated"
at_least 3 "$reset" resets
at_least 3 "$truncated" "truncated answers"
equal $((300 + reset + truncated)) "$(upstream_stat .requests)" requests

upstream_reset
expect 3 run -X POST "$URL/y/{{id}}" -i items.csv --name unsafe -c 8
broken=$(($(upstream_stat .reset) + $(upstream_stat .truncated)))
at_least 3 "$broken" "broken answers"
counted unsafe unknown "$broken"
counted unsafe done $((300 - broken))
equal 300 "$(upstream_stat .requests)" requests

upstream_reset
expect 0 run -X POST "$URL/z/{{id}}" -i items.csv --name keyed -c 8 --idempotency-key=X-Request-Key
counted keyed done 300

# Too slow is as good as broken.
upstream_reset
upstream_set reset-percent=0 truncate-percent=0
head -n 4 items.csv >few.csv
expect 3 run -X POST "$URL/delay/5000/{{id}}" -i few.csv --name slow -m 0.3
counted slow unknown 3
expect 3 run "$URL/delay/5000/{{id}}" -i few.csv --name slowget -m 0.3 --retry 1 --retry-delay 0.1
counted slowget failed 3
contains err "retry"
