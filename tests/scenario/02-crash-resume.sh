#!/bin/bash
# 20,000 rows with everything CSV allows, kill -9 at three random moments, then to
# the end: every item has one outcome, and only what hung in the air was re-sent.
. "$(dirname "$0")/lib.sh"

concurrency=40
rows=20000
upstream_start --latency-ms 5 --permanent-percent 1
awk -v n=$rows 'BEGIN {
	printf "\357\273\277id,name,note\r\n"
	for (i = 1; i <= n; i++)
		printf "%d,\"Zo\303\253, \"\"%d\"\" \345\274\240\",\"line 1\nline %d, still the note\"\r\n", i, i, i
}' >items.csv

run=(run -X PUT "$URL/users/{{id}}" -i items.csv --name crash -c "$concurrency" --retry 3)
open=0
for kill in 1 2 3; do
	background "${run[@]}"
	sent=$(upstream_stat .requests)
	target=$((sent + 1 + RANDOM % (rows / 4)))
	echo "kill $kill at request $target"
	wait_until upstream_saw "$target"
	kill_hard
	# What reached the server and is not on record may be sent again, nothing else.
	upstream_log | awk '$5 == 200 || $5 == 404 { print $4 }' | sort -u >answered.$kill
	sqlite3 -readonly "$SLUICE_DB" "SELECT count(*) FROM outcome WHERE state IN ('done', 'failed')" >recorded.$kill ||
		fail "cannot read the database after the kill"
	missing=$(($(wc -l <answered.$kill) - $(cat recorded.$kill)))
	echo "answered and not on record: $missing"
	at_least 0 "$missing" "answered but unrecorded"
	open=$((open + missing))
	sound crash
done
expect 3 "${run[@]}"

done=$(field crash .counts.done)
failed=$(field crash .counts.failed)
equal $rows $((done + failed)) "done + failed"
at_least 100 "$failed" "failed items"
sound crash
equal "$done" "$(upstream_stat .unique_ok)" "items that succeeded at the server"
resent=$(upstream_log | awk '$5 == 200 || $5 == 404 { n[$4]++ } END { for (i in n) more += n[i] - 1; print more + 0 }')
echo "final answers given more than once: $resent"
# No more than were let out at once, at each kill: answered and not yet on record, or still out.
at_most $((3 * concurrency)) "$resent" "re-sent items"

# What the server got is what the file says.
exported crash --state done | jq -r 'select(.seq == "777" or .seq == "778") | .input.note' | sort >notes
printf 'line 1\nline 777, still the note\nline 1\nline 778, still the note\n' | sort | cmp -s - notes || fail "notes came through changed: $(cat notes)"
