#!/bin/sh
# What must hold of the page without running it; says what is wrong, exit 1.
# Usage: check.sh WEB_FOLDER
set -u
LC_ALL=C
export LC_ALL
cd "${1:-web}" || exit 1
SIZE_MAX=120000 # everything, gzipped

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() {
	echo "web/check.sh: $1" >&2
	failed=1
}
# none TITLE FILE: the file must be empty; its lines are the faults.
none() {
	if [ -s "$2" ]; then
		wrong "$1"
		sed 's/^/    /' "$2" >&2
	fi
}
sources=$(find page -name '*.js' ! -path 'page/i18n/*' | sort)

# Translations: the same keys and {parameters} in every language, none twice,
# none empty, and every key that the page asks for.
texts() {
	sed -n 's/^	"\([^"]*\)": "\(.*\)",$/\1	\2/p' "$1"
}
shape() { # key and the sorted set of its parameters
	texts "$1" | awk -F '\t' '{
		rest = $2; set = ""; delete seen
		while (match(rest, /\{[a-z_]+\}/)) {
			name = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH)
			seen[name] = 1
		}
		count = 0
		for (name in seen) names[++count] = name
		for (i = 1; i <= count; i++) for (j = i + 1; j <= count; j++)
			if (names[j] < names[i]) { swap = names[i]; names[i] = names[j]; names[j] = swap }
		for (i = 1; i <= count; i++) set = set " " names[i]
		print $1 set
	}' | sort
}
shape page/i18n/en.js >"$work/en"
[ -s "$work/en" ] || wrong "no texts found in page/i18n/en.js"
for file in page/i18n/*.js; do
	shape "$file" >"$work/other"
	diff "$work/en" "$work/other" >"$work/diff"
	none "$file differs from en.js in keys or parameters" "$work/diff"
	texts "$file" | cut -f1 | sort | uniq -d >"$work/twice"
	none "$file has keys twice" "$work/twice"
	texts "$file" | awk -F '\t' '$2 == "" { print $1 }' >"$work/blank"
	none "$file has empty texts" "$work/blank"
	grep -v -e '^	"[^"]*": ".*",$' -e '^$' -e '^//' -e '^export default {$' -e '^};$' "$file" >"$work/odd"
	none "$file has lines that are not one key each" "$work/odd"
done
cut -d' ' -f1 "$work/en" | sort >"$work/known"
# shellcheck disable=SC2086
grep -oh "\\bt('[a-z0-9_.]*'[,)]" $sources | sed "s/^t('//; s/'.*//" | sort -u | comm -23 - "$work/known" >"$work/missing"
none "the page asks for texts that are not there" "$work/missing"

# Text from outside goes through html.js, which shows what is not seen.
# shellcheck disable=SC2086
grep -n -E '^import \{.*\bhtml\b.*vendor/preact' $sources | grep -v '^page/html.js:' >"$work/raw"
none "html that is not html.js'" "$work/raw"

# The content security policy allows nothing inline and no other origin.
grep -n -i -E '<style|[ "]style=|[ "]on[a-z]+=|javascript:' page/index.html >"$work/inline"
grep -n -i '<script' page/index.html | grep -v ' src="[^"]*"></script>' >>"$work/inline"
none "inline script or style in the page" "$work/inline"
# shellcheck disable=SC2086
grep -n -E 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|<[a-z][^>]* style=' $sources >"$work/unsafe"
none "markup or code out of text" "$work/unsafe"
grep -rn -E "(https?:)?//[a-z0-9.-]+\\.[a-z]+/" page --include='*.js' --include='*.css' --include='*.html' | grep -v -e 'api\.example\.com' >"$work/origins"
none "another origin" "$work/origins"

# All that it names is there.
sed -n 's/.* href="\([^"]*\)".*/\1/p; s/.* src="\([^"]*\)".*/\1/p' page/index.html | while read -r name; do
	[ -f "page/$name" ] || [ -f "$name" ] || echo "$name"
done >"$work/gone"
none "index.html names files that are not there" "$work/gone"

# What comes from others is what it was, and all of it is listed.
(cd vendor && sha256sum -c --quiet SHA256SUMS) >"$work/sums" 2>&1
none "vendored files changed" "$work/sums"
(cd vendor && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | sort) >"$work/have"
sed -n 's/^[0-9a-f]*  //p' vendor/SHA256SUMS | sort | comm -13 - "$work/have" >"$work/unlisted"
none "vendored files without a checksum" "$work/unlisted"

size=$(sh embed.sh . size)
[ "$size" -le "$SIZE_MAX" ] || wrong "the page is $size bytes gzipped, more than $SIZE_MAX"
exit "$failed"
