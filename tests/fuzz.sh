#!/bin/bash
# tests/fuzz.sh SECONDS PROGRAM…: run each fuzzer for so long, from its seeds
# (tests/seeds/NAME.txt, one a line with the escapes of printf) and from what earlier
# runs kept under build/fuzz/corpus.  What makes one fail stays in build/fuzz/findings;
# the program run with that file as its argument shows it again.
#   SEED=N   repeat a run (from the same corpus)
# The last line is "N passed, N failed"; exit code 1 if one failed.
set -u
cd "$(dirname "$0")/.." || exit 2
seconds=${1:?usage: fuzz.sh SECONDS PROGRAM...}
shift
export SEED=${SEED:-$((RANDOM * 7 + 1))}
passed=0
failed=0
findings=build/fuzz/findings
mkdir -p "$findings"
echo "# fuzzing with SEED=$SEED, $seconds s each"

sow() { # sow NAME FOLDER
	local line number=0
	rm -rf "$2"
	mkdir -p "$2"
	[ -r "tests/seeds/$1.txt" ] || return 0
	while IFS= read -r line; do
		number=$((number + 1))
		printf '%b' "$line" >"$2/$number"
	done <"tests/seeds/$1.txt"
}

for program; do
	name=$(basename "$program")
	corpus=build/fuzz/corpus/$name
	log=build/fuzz/$name.log
	mkdir -p "$corpus"
	sow "$name" "build/fuzz/seeds/$name"
	if "$program" -seed="$SEED" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$findings/$name-" "$corpus" "build/fuzz/seeds/$name" >"$log" 2>&1; then
		echo "ok $name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs)"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 30 "$log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
