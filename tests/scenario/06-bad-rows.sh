#!/bin/bash
# A bad row stops the whole run before the first request, with file, row and
# column; --skip-bad-rows leaves it out and keeps it on record.
. "$(dirname "$0")/lib.sh"

upstream_start
refused() { # refused FILE OPTIONS…
	local file=$1
	shift
	expect 2 run "$URL/x/{{id}}" -i "$file" --name bad "$@"
	contains err "$file"
	equal 0 "$(upstream_stat .requests)" "requests after bad items"
}

{ csv_items 50; echo '51,extra,column'; echo '52,fine'; } >wide.csv
refused wide.csv
contains err 52 # the header is row 1

{ csv_items 50; echo '51'; } >narrow.csv
refused narrow.csv
contains err 52

{ csv_items 5; printf '6,"no end\n7,x\n'; } >quote.csv
refused quote.csv

{ csv_items 5; printf '6,"quote" after\n'; } >stray.csv
refused stray.csv
contains err 7

{ csv_items 5; printf '6,\377\376\n'; } >latin.csv
refused latin.csv
contains err 7

printf 'id,id\n1,2\n' >twice.csv
refused twice.csv
contains err id

printf '{"id":1}\n{"id":2\n{"id":3}\n' >broken.ndjson
refused broken.ndjson
contains err 2

printf '{"id":1}\n[2]\n' >array.ndjson
refused array.ndjson

printf '[{"id":1},{"id":2]' >broken.json
refused broken.json

: >empty.csv
refused empty.csv

printf 'id,name\n1,a\n2,b\n1,c\n' >samekey.csv
refused samekey.csv --key id
contains err 1

expect 0 run "$URL/x/{{id}}" -i wide.csv --name skipping --skip-bad-rows
counted skipping done 51
equal 51 "$(upstream_stat .requests)" requests
equal 1 "$(field skipping .bad_rows)" "bad rows on record"
sound skipping
