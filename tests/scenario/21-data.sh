#!/bin/bash
# Data arrives as it is: numbers to the last digit, text in any script, encoded as
# the place demands, and unable to break out of it.
. "$(dirname "$0")/lib.sh"

upstream_start
cat >items.ndjson <<'NDJSON'
{"id":1234567890123456789,"price":0.10,"name":"a\"b\\c","tags":["x",1.0],"path":"../../admin?x=1#y","big":1e400}
{"id":9007199254740993,"price":100.000,"name":"张三 & Zoë","tags":{},"path":"http://evil.example/","big":-0}
{"id":3,"price":1,"name":"line\r\nX-Injected: yes","tags":null,"path":"@evil.example","big":12345678901234567890123}
NDJSON
cat >job.json <<JSON
{"name": "data",
 "request": {"method": "POST", "url": "$URL/echo/{{path}}", "query": {"q": "{{name}}", "seq": "{{\$seq}}"},
  "headers": {"X-Item": "{{id}}", "X-Plain": "fixed"},
  "json": {"id": "{{id:json}}", "text": "{{name}} costs {{price}}", "price": "{{price:json}}", "tags": "{{tags:json}}",
           "none": "{{missing|nothing}}", "big": "{{big:json}}", "all": "{{\$item}}", "n": 1.50, "huge": 123456789012345678901}},
 "idempotency": {"header": "Idempotency-Key"}}
JSON
expect 0 run job.json -i items.ndjson
counted data done 3
sent() { exported data --filter "seq:$1" | jq -r ".response | fromjson | .$2"; }

body=$(sent 1 body)
for piece in '"id":1234567890123456789' '"price":0.10' '"tags":["x",1.0]' '"none":"nothing"' '"big":1e400' '"n":1.50' \
	'"huge":123456789012345678901' '"text":"a\"b\\c costs 0.10"'; do
	[[ ${body// : /:} == *"$piece"* ]] || [[ ${body//: /:} == *"$piece"* ]] || fail "$piece is not in $body"
done
[[ $(sent 2 body) == *'"id":9007199254740993'* || $(sent 2 body) == *'"id": 9007199254740993'* ]] || fail "$(sent 2 body)"
equal "a\"b\\c costs 0.10" "$(sent 1 body | jq -r .text)" "text in the body"
equal "张三 & Zoë costs 100.000" "$(sent 2 body | jq -r .text)" "text in the body"

# Neither the path nor the query nor a header can be broken out of.
[[ $(sent 1 target) == /echo/..%2F..%2Fadmin%3Fx%3D1%23y\?q=a%22b%5Cc\&seq=1 ]] || fail "$(sent 1 target)"
[[ $(sent 2 target) == /echo/http%3A%2F%2Fevil.example%2F\?q=%E5%BC%A0%E4%B8%89%20%26%20Zo%C3%AB\&seq=2 ]] || fail "$(sent 2 target)"
[[ $(sent 3 target) == /echo/%40evil.example\?q=line%0D%0AX-Injected%3A%20yes\&seq=3 ]] || fail "$(sent 3 target)"
sent 1 headers | tr -d '\r' | grep -qx 'X-Item: 1234567890123456789' || fail "$(sent 1 headers)"

# A value that would add a header line is refused before anything is sent.
before=$(upstream_stat .requests)
expect 2 run "$URL/x" -i items.ndjson --name inject -H 'X-Name: {{name}}'
equal "$before" "$(upstream_stat .requests)" "requests of a run with header injection"
# So is one that would change the host.
expect 2 run "http://{{path:raw}}/" -i items.ndjson --name host
equal "$before" "$(upstream_stat .requests)" "requests of a run with a host from data"
