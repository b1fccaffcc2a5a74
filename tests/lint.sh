#!/bin/bash
# tests/lint.sh: the walls between the folders, and what checkers say.
# A line a check, the last "N passed, N failed"; exit code 1 if one failed.
set -u
cd "$(dirname "$0")/.." || exit 2
passed=0
failed=0

report() { # report NAME FINDINGS
	if [ -z "$2" ]; then
		echo "ok $1"
		passed=$((passed + 1))
	else
		echo "not ok $1"
		printf '%s\n' "$2" | head -n 40 | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

# Who may include a header of a library: everyone else is reported.
includes() { # includes HEADER
	grep -rnE "#[[:space:]]*include[[:space:]]*[<\"]$1" engine web tests --include='*.[ch]'
}
report "sqlite3.h only in the store and the JSON evaluator" \
	"$(includes 'sqlite3\.h' | grep -vE '^(engine/store/|engine/request/jsonpath\.c|tests/)')"
report "curl.h only in transfer, link and measurements" \
	"$(includes 'curl/' | grep -vE '^(engine/request/transfer[a-z_]*\.[ch]|engine/link/|tests/bench/)')"
report "microhttpd.h only in web" \
	"$(includes 'microhttpd\.h' | grep -vE '^web/')"

# A layer includes itself and what stands before it; store and request do not know
# each other; web and cli see run only through its façade.
layers() {
	local layer allowed
	while read -r layer allowed; do
		grep -rnoE '#include "(engine/[a-z]+|web)/[a-z_/]+\.h"' "$layer" --include='*.[ch]' 2>/dev/null |
			grep -vE "\"($allowed)"
	done <<-'TABLE'
		engine/base     engine/base/
		engine/policy   engine/(base|policy)/
		engine/store    engine/(base|policy|store)/
		engine/request  engine/(base|policy|request)/
		engine/intake   engine/(base|policy|request|intake)/
		engine/run      engine/(base|policy|store|request|intake|run)/
		engine/link     engine/(base|policy|request|link)/
		engine/cli      (engine/(base|policy|request|link|cli)/|engine/run/engine\.h|web/(server|routes)\.h)
		web             (engine/(base|policy|request)/|engine/run/(engine|meter)\.h|web/)
	TABLE
}
report "layers include only what stands before them" "$(layers)"
report "no SQL outside schema and store" \
	"$(grep -rnE '"(SELECT|INSERT|UPDATE|DELETE|CREATE) ' engine web --include='*.[ch]' | grep -vE '^engine/(store/|request/jsonpath\.c)')"
report "no file of more than 400 lines" \
	"$(find engine web schema tests -name '*.[ch]' -not -path '*/vendor/*' -print0 | xargs -0 wc -l | awk '$1 > 400 && $2 != "total"')"
report "nothing left to do" \
	"$(grep -rnE '\b(TODO|FIXME|XXX)\b' engine web schema tests Makefile --include='*' --exclude-dir=vendor --exclude=lint.sh)"

mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' .ci | while read -r file; do
	head -n 1 "$file" | grep -qE '^#!.*sh|shellcheck shell' && echo "$file"
done)
report "shellcheck" "$(shellcheck -f gcc "${scripts[@]}" 2>&1)"
report "cppcheck" "$(cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
	--suppress=normalCheckLevelMaxBranches -j 2 -I. -D_GNU_SOURCE engine web tests/upstream 2>&1)"
if [ -x web/check.sh ]; then
	report "the page" "$(web/check.sh 2>&1 || echo "web/check.sh: exit code $?")"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
