#!/bin/bash
# Responses as real APIs send them (tests/vectors), and what `sluice explain` makes
# of each.  A server's wait is a floor with at most min(5 s, 10 %) of jitter above it.
. "$(dirname "$0")/lib.sh"

checked=0
wrong=0
for file in "$HERE"/../vectors/*.json; do
	while read -r vector; do
		checked=$((checked + 1))
		mapfile -t arguments < <(jq -r '.args[]' <<<"$vector")
		jq -j 'if .status == 0 then "" else
			"HTTP/1.1 \(.status) Status\r\n" + (.headers | map("\(.[0]): \(.[1])\r\n") | add // "") + "\r\n" + .body end' \
			<<<"$vector" >response
		timeout 20 "$SLUICE" explain "${arguments[@]}" <response >answer 2>error
		code=$?
		jq -n --argjson vector "$vector" --slurpfile answer answer '
			$answer[0] as $got | $vector.expect as $want
			| ($got.wait_s // {}) as $wait
			| [ ($want | del(.wait, .wait_min, .wait_max) | to_entries[]
			     | select($got[.key] != .value) | "\(.key): wanted \(.value | tojson), got \($got[.key] | tojson)"),
			    (if ($want | has("wait")) and $got.wait_s != null then "waits \($got.wait_s | tojson), wanted none" else empty end),
			    (if ($want | has("wait_min")) and ($wait.min == null or $wait.min < $want.wait_min - 0.001)
			     then "least wait \($wait.min), wanted \($want.wait_min)" else empty end),
			    (if ($want | has("wait_max")) and ($wait.max == null or $wait.max > $want.wait_max + 0.001)
			     then "most wait \($wait.max), wanted \($want.wait_max)" else empty end) ]
			| .[]' -r >findings 2>>error || echo "no answer (exit $code): $(head -n 2 error)" >findings
		if [ "$code" -ne 0 ] || [ -s findings ]; then
			wrong=$((wrong + 1))
			echo "$(jq -r '"\(.id) (\(.api))"' <<<"$vector"): exit code $code"
			sed 's/^/    /' findings
		fi
	done < <(jq -c '.[]' "$file")
done
echo "$checked vectors, $wrong wrong"
at_least 40 "$checked" "vectors checked"
equal 0 "$wrong" "wrong decisions"
