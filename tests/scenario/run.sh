#!/bin/bash
# tests/scenario/run.sh BUILD [NAME…]: run the scenarios (all, or those whose
# names begin with one of NAME) against BUILD/sluice.
#   SEED=N     repeat a run        KEEP=1   keep the folder of what failed
#   JOBS=N     so many at a time (2)
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: run.sh BUILD [NAME...]}" && pwd) || exit 2
shift
export SLUICE=$build/sluice UPSTREAM=$build/tests/upstream/upstream
export SEED=${SEED:-$((RANDOM * 7 + 1))}
: "${JOBS:=2}" "${SCENARIO_SECONDS:=400}"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
echo "# scenarios with SEED=$SEED"

if [ $# -eq 0 ]; then
	scripts=("$here"/[0-9][0-9]-*.sh)
else
	scripts=()
	for name; do scripts+=("$here/${name%.sh}"*.sh); done
fi

one() {
	local script=$1 name log start=$SECONDS
	name=$(basename "$script" .sh)
	log=$results/$name.log
	# In its own group, so that what it started goes with it.
	if timeout --kill-after=10 "$SCENARIO_SECONDS" bash "$script" >"$log" 2>&1; then
		echo "ok $name ($((SECONDS - start)) s)"
	else
		{ echo "not ok $name (exit code $?, SEED=$SEED)"; sed 's/^/    /' "$log" | tail -n 60; }
	fi >"$results/$name.result"
	cat "$results/$name.result"
}

for script in "${scripts[@]}"; do
	while [ "$(jobs -pr | wc -l)" -ge "$JOBS" ]; do wait -n; done
	one "$script" &
done
wait
passed=$(cat "$results"/*.result | grep -c '^ok ')
failed=$(cat "$results"/*.result | grep -c '^not ok ')
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq ${#scripts[@]} ]
