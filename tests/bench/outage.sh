#!/bin/bash
# tests/bench/outage.sh BUILD [refused|answered…]: a target that is away in the middle
# of a batch, and comes back.  refused: nobody listens; answered: every answer is 503.
# Per case: how many items failed, how many requests were wasted while it was away, and
# how long after its return until it again gets 90 % of what it got before.
#   OUTAGE_SECONDS=N   (60)
. "$(dirname "$0")/lib.sh"
shift
page=--listen=127.0.0.1:0
away=$(scaled "${OUTAGE_SECONDS:-60}" 6)
before=$(scaled 15 6)
patience=400

# Successes a second over the last second, as the server saw them.
pace() {
	local from
	from=$(stat_of .unique_ok)
	sleep 1
	echo $(($(stat_of .unique_ok) - from))
}

outage() { # outage NAME GO RETURN: settings that make it go away and come back
	local name=$1 normal sent ok back now seconds_back wasted
	start_upstream --latency-ms 50
	clear_db
	items $((160 * (before + patience + 60))) >"$work/items.csv"
	start_client "$name" "$work/items.csv" -c 8
	sleep $((before - 3))
	normal=$(calc "($(pace) + $(pace) + $(pace)) / 3" 0)
	read -r sent ok < <(progress "$name" '"\(.attempts) \(.counts.done)"')
	set_upstream "$2"
	sleep "$away"
	# What was in flight or between two samples when it went is not waste.
	wasted=$(progress "$name" ".attempts - $sent - (.counts.done - $ok)")
	say "   state after $away s away: $(progress "$name" '"\(.state): \(.reason)"')"
	set_upstream "$3"
	back=$(uptime_s)
	seconds_back=
	while running && [ "$(calc "$(uptime_s) - $back" 0)" -lt "$patience" ]; do
		now=$(pace)
		if [ "$(calc "$now >= 0.9 * $normal" 0)" = 1 ]; then
			seconds_back=$(calc "$(uptime_s) - $back - 1" 1)
			break
		fi
	done
	kill -INT "$client" 2>/dev/null
	wait "$client"
	client=
	say "$name for $away s at $normal/s: failed $(progress "$name" .counts.failed), wasted requests $wasted, 90 % of pace again after ${seconds_back:-never} s"
	held "items failed ($name)" "$(progress "$name" .counts.failed)" '<=' 0
	# In flight (8), 20, and a probe each 5 s and more.
	held "requests wasted ($name)" "$wasted" '<=' 36
	held "seconds until 90 % of pace ($name)" "$seconds_back" '<=' 15
}

say "outage  8 at a time, 50 ms an answer, then the target is away"
[ $# -gt 0 ] || set -- refused answered
for name; do
	case $name in
	refused) outage refused down=1 down=0 ;;
	answered) outage answered status=503 status=0 ;;
	*) echo "outage.sh: no case '$name'" >&2; exit 2 ;;
	esac
done
[ "$missed" -eq 0 ]
