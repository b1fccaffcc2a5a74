#!/bin/bash
# The same items as CSV, NDJSON, a JSON array, lines, and each over stdin.
. "$(dirname "$0")/lib.sh"

upstream_start
printf '\357\273\277id,name\n1,"a, ""b"""\n2,"two\nlines"\n3,\345\274\240\344\270\211\n' >items.csv
printf '{"id":"1","name":"a, \\"b\\""}\n\n{"id":"2","name":"two\\nlines"}\n{"id":"3","name":"\345\274\240\344\270\211"}' >items.ndjson
printf ' [ {"id":"1","name":"a, \\"b\\""},\n{"id":"2","name":"two\\nlines"}, {"id":"3","name":"\\u5f20\\u4e09"} ]\n' >items.json
cp items.csv items.data

wanted='1|a, "b"
2|two
lines
3|张三'
same() { # same JOB: the three items went out as they are
	counted "$1" done 3
	equal "$wanted" "$(exported "$1" | jq -r '.response | fromjson | .body | fromjson | "\(.id)|\(.name)"')" "bodies of $1"
}

for format in csv ndjson json; do
	expect 0 run -X POST "$URL/echo/{{id}}" -i items.$format --name "file-$format"
	same "file-$format"
	expect_input 0 items.$format run -X POST "$URL/echo/{{id}}" -i - --format $format --name "stdin-$format"
	same "stdin-$format"
done
expect 0 run -X POST "$URL/echo/{{id}}" -i items.data --format csv --name told
same told

printf 'first\nsecond line\r\n\nlast' >items.txt
expect 0 run "$URL/echo/{{\$seq}}?q={{line}}" -i items.txt --format lines --name lines
equal 'q=first q=second%20line q=last' \
	"$(exported lines | jq -r '.response | fromjson | .target | sub(".*[?]"; "")' | paste -sd ' ')" "queries made of lines"
