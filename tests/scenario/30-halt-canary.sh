#!/bin/bash
# --halt stops a batch that fails too much; --canary sends a few and waits for a
# person.  Both go on when told to.
. "$(dirname "$0")/lib.sh"

csv_items 400 >items.csv
upstream_start --permanent-percent 30

expect 5 run "$URL/x/{{id}}" -i items.csv --name count --halt fail=20 -c 4
contains err "items failed, the limit is 20"
equal halted "$(field count .state)" "state"
# What was in flight at the time ended, and nothing more was sent.
at_least 20 "$(field count .counts.failed)" "failed"
at_most 24 "$(field count .counts.failed)" "failed"
sound count
# The same command goes on, and counts anew.
failed=$(field count .counts.failed)
expect 5 run "$URL/x/{{id}}" -i items.csv --name count --halt fail=20 -c 4
at_least $((failed + 20)) "$(field count .counts.failed)" "failed"
sound count

expect 5 run "$URL/x/{{id}}" -i items.csv --name share --halt fail=10% -c 4
contains err "the limit is 10 %"
expect 3 run "$URL/x/{{id}}" -i items.csv --name enough --halt fail=90% -c 4
expect 2 run "$URL/x/{{id}}" -i items.csv --name wrong --halt fail=0
contains err "--halt: 'fail=0'"

# It stands already: a pause would only make it forget why.
upstream_set permanent-percent=100
expect 5 run "$URL/w/{{id}}" -i items.csv --name stands --halt fail=3 -c 1 --no-ui
expect 1 pause stands
contains err "is halted: it cannot be paused"
equal halted "$(field stands .state)" "state"
# With nothing left to send it is over.
expect 0 skip stands --filter state:pending
equal finished "$(field stands .state)" "state"
sound stands

# A canary of five: without a page nobody could give leave, so the run ends.
upstream_set permanent-percent=0
upstream_reset
run=(run "$URL/y/{{id}}" -i items.csv --name bird --canary 5)
expect 7 "${run[@]}" --no-ui
equal 5 "$(upstream_stat .requests)" "requests of the canary"
equal paused "$(field bird .state)" "state"
counted bird done 5
sound bird
# The same command is the go-ahead.
expect 0 "${run[@]}" --no-ui
counted bird done 400
equal 400 "$(upstream_stat .requests)" "requests in all"

# With a page it stays, and `sluice resume` is the go-ahead.
upstream_reset
run=(run "$URL/z/{{id}}" -i items.csv --name watched --canary 7)
background "${run[@]}"
wait_until field_is watched .state paused
equal 7 "$(upstream_stat .requests)" "requests of the canary"
expect 0 pause watched # it waits for leave all the same
expect 0 resume watched
ended 0
counted watched done 400
