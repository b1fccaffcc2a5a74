#!/bin/bash
# Items from a pipe, interrupted: the same stream again doubles nothing and loses
# nothing; another stream is refused.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 20
csv_items 600 >items.csv
run=(run -X PUT "$URL/x/{{id}}" -i - --format csv --name piped -c 5)

mkfifo pipe
# Half of the stream, then a writer that is still alive when the reader dies.
{ head -n 301 items.csv; exec sleep 300; } >pipe &
env --default-signal=INT "$SLUICE" "${run[@]}" <pipe >background.out 2>background.err &
SLUICE_PID=$!
wait_until upstream_saw 40
kill_hard

expect_input 0 items.csv "${run[@]}"
counted piped done 600
sound piped
equal 600 "$(upstream_stat .unique_ok)" "items that succeeded at the server"
at_most 600 "$(field piped .total)" "items on record"

# Interrupted politely.
upstream_reset
run=(run -X POST "$URL/y/{{id}}" -i - --format csv --name polite -c 5)
env --default-signal=INT "$SLUICE" "${run[@]}" <items.csv >background.out 2>background.err &
SLUICE_PID=$!
wait_until upstream_saw 40
kill -INT "$SLUICE_PID"
ended 7
expect_input 0 items.csv "${run[@]}"
counted polite done 600
equal 600 "$(upstream_stat .requests)" requests
equal 0 "$(upstream_stat .duplicates)" duplicates

# Other data under the same name.
sed 's/name 7$/other 7/' items.csv >other.csv
expect_input 2 other.csv "${run[@]}"
equal 600 "$(upstream_stat .requests)" "requests after other items"
