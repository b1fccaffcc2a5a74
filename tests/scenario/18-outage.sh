#!/bin/bash
# The target goes away in the middle: the job pauses by itself, says so, probes, and
# goes on when the target is back.  Not one item is given up.
. "$(dirname "$0")/lib.sh"

csv_items 400 >items.csv
upstream_start --latency-ms 20
background run -X PUT "$URL/x/{{id}}" -i items.csv --name outage -c 8 --retry 2
wait_until upstream_saw 100
upstream_set down=1
wait_until field_is outage .state paused
contains <(field outage .reason) "target down"
sound outage
sleep 3
counted outage failed 0
upstream_set down=0
ended 0
counted outage done 400
equal 400 "$(upstream_stat .unique_ok)" "items that succeeded at the server"

# The same with 503s instead of silence.
upstream_reset
upstream_set latency-ms=20
background run -X PUT "$URL/y/{{id}}" -i items.csv --name sick -c 8 --retry 2
wait_until upstream_saw 100
upstream_set status=503
wait_until field_is sick .state paused
upstream_set status=0
ended 0
counted sick done 400
