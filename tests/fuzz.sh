#!/bin/bash
# tests/fuzz.sh SECONDS PROGRAM…: run each fuzzer; what it finds stays under build/fuzz.
set -u
seconds=${1:?usage: fuzz.sh SECONDS PROGRAM...}
shift
passed=0
failed=0
for program; do
	name=$(basename "$program")
	corpus=build/fuzz/corpus/$name
	mkdir -p "$corpus"
	if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "$corpus" >"build/fuzz/$name.log" 2>&1; then
		echo "ok $name ($(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") inputs)"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 30 "build/fuzz/$name.log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
