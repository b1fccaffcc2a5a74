#!/bin/bash
# export --format html: one page that needs nothing else, whatever is in the data.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 3 --permanent-percent 10
{
	echo id,name
	echo '1,<script>alert(1)</script>'
	printf '2,"</code></table>&""quoted"" \\001"\n'
	for i in {3..600}; do echo "$i,name $i"; done
} >items.csv
expect 3 run "$URL/x/{{id}}" -i items.csv --name 'r&d <report>' --key id -c 16
failed=$(field 'r&d <report>' .counts.failed)
expect 0 export 1 --format html -o report.html
contains err "a report"
expect 0 export 1 --format html --filter 'seq:1-2' -o two.html
cat >page.py <<'PYTHON'
"""Read a report as a browser does: every tag closed, no script, nothing from elsewhere."""
import html.parser
import sys

VOID = {"meta", "br", "path"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], {}, []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "href"), (tag, name)
            assert "http:" not in (value or "") and "https:" not in (value or ""), (tag, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert not page.open, page.open
assert "script" not in page.tags
print(page.tags["svg"], page.tags["tr"])
print("".join(page.text))
PYTHON
python3 page.py report.html >text || fail "the report is no sound page"
contains text 'r&d <report>'
contains text 'Outcomes a second'
contains text 'Latency'
contains text 'Causes of failure'
contains report.html "default-src 'none'"
lacks report.html '<script>'
read -r charts rows <text
# Four charts, and one for each cause.
causes=$("$SLUICE" groups 1 --json | jq '.groups | length')
equal $((4 + causes)) "$charts" "charts"
at_least "$failed" "$rows" "rows of tables"
python3 page.py two.html >text || fail "the report of two is no sound page"
contains text '<script>alert(1)</script>'
contains text '</code></table>&\"quoted\"'
# One without a single item that failed, and one without any course.
csv_items 5 >few.csv
upstream_set permanent-percent=0
expect 0 run "$URL/y/{{id}}" -i few.csv --name few
expect 0 export few --format html -o few.html
python3 page.py few.html >/dev/null || fail "the report of few is no sound page"
