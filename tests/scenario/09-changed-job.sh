#!/bin/bash
# Resuming with another template, policy or items says what changed and stops;
# --update-job, --append-items and --new each accept.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 100
csv_items 100 >items.csv
interrupted() { # interrupted NAME: a job that is half done
	background run "$URL/a/{{id}}" -i items.csv --name "$1" -c 2
	wait_until upstream_saw $(($(upstream_stat .requests) + 6))
	kill -INT "$SLUICE_PID"
	ended 7
}
refused() { # refused FLAG ARGUMENTS…: exit 2, naming the flag; nothing sent
	local flag=$1 before
	shift
	before=$(upstream_stat .requests)
	expect 2 run "$@"
	contains err "$flag"
	contains err --new
	equal "$before" "$(upstream_stat .requests)" "requests of a refused resume"
}

interrupted job
refused --update-job "$URL/b/{{id}}" -i items.csv --name job -c 2
contains err /b/
refused --update-job "$URL/a/{{id}}" -i items.csv --name job -c 2 --retry 9
contains err retry
sed 's/^50,.*/50,changed/' items.csv >changed.csv
refused --new "$URL/a/{{id}}" -i changed.csv --name job -c 2
contains err 50
{ cat items.csv; echo 101,more; echo 102,more; } >longer.csv
refused --append-items "$URL/a/{{id}}" -i longer.csv --name job -c 2
head -n 51 items.csv >shorter.csv
refused --new "$URL/a/{{id}}" -i shorter.csv --name job -c 2

upstream_set latency-ms=1
upstream_reset
expect 0 run "$URL/b/{{id}}" -i items.csv --name job -c 2 --update-job
counted job done 100
at_least 1 "$(upstream_log | grep -c ' /b/')" "requests by the new template"
equal 0 "$(upstream_log | grep -c ' /a/')" "requests by the old template"

expect 0 run "$URL/b/{{id}}" -i longer.csv --name job -c 2 --append-items
counted job done 102

before=$(upstream_stat .requests)
expect 0 run "$URL/c/{{id}}" -i items.csv --name job -c 2 --new
equal 100 $(($(upstream_stat .requests) - before)) "requests of the new job"
counted job done 100
equal 2 "$("$SLUICE" ls --json | jq '.jobs | length')" "jobs on record"
sound job
