#!/bin/sh
# The page's files -> C (web/page.h): plain and gzipped, and a version of them all.
# Usage: embed.sh WEB_FOLDER >page.c   or: embed.sh WEB_FOLDER size, in gzipped bytes
# Same files in, same bytes out: sorted, gzip -n, the etag is a hash of the content.
set -eu
LC_ALL=C
export LC_ALL
cd "$1"

content_type() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*) echo "embed.sh: no content type for $1" >&2; exit 1 ;;
	esac
}

# What goes out: the modules as one and the styles as one, so that the first picture waits
# for few answers.  Our scripts leave what they say to their reader behind.
styles=$(sed -n 's/.*rel="stylesheet" href="\([^"]*\)".*/\1/p' page/index.html | while read -r name; do
	[ -f "$name" ] && echo "$name" || echo "page/$name"
done)
files='index.html app.js early.js icon.svg style.css vendor/uplot/uPlot.iife.min.js'

# One name for all of them, so that browsers may keep them for good: index.html, which
# is asked for anew each time, names them as @version/….
version=$(find page vendor bundle.awk -type f | sort | xargs sha256sum | sha256sum | cut -c1-12)

published() { # published NAME
	case $1 in
	index.html)
		awk -v at="@$version/" '
			/rel="stylesheet"/ { if (!said++) print "<link rel=\"stylesheet\" href=\"" at "style.css\">"; next }
			{ gsub(/(href|src)="/, "&" at); print }' page/index.html
		;;
	app.js) awk -f bundle.awk page/app.js ;;
	style.css) # shellcheck disable=SC2086
		cat $styles ;;
	vendor/*) cat "$1" ;;
	*.js) sed '/^[[:space:]]*\/\//d' "page/$1" ;;
	*) cat "page/$1" ;;
	esac
}

if [ "${2:-}" = size ]; then # of all of it, gzipped
	for file in $files; do published "$file" | gzip -9nc | wc -c; done | awk '{ n += $1 } END { print n }'
	exit
fi

bytes() { # bytes NAME FILE; one more than there are, so that an empty file is one too
	printf 'static const unsigned char %s[] = {\n' "$1"
	od -An -v -tu1 "$2" | awk '{ gsub(/^ +/, ""); gsub(/ +/, ","); print $0 "," }'
	printf '0};\n'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '/* Made by web/embed.sh. */\n#include "web/page.h"\n\n'
number=0
for file in $files; do
	published "$file" >"$work/plain"
	gzip -9nc "$work/plain" >"$work/gz"
	path=/$file
	type=$(content_type "$file")
	etag=$(sha256sum "$work/plain" | cut -c1-16)
	printf '/* %s */\n' "$path"
	bytes "plain_$number" "$work/plain"
	bytes "gzip_$number" "$work/gz"
	row=$(printf '"%s", "\\"%s\\"", "\\"%s-gzip\\"", plain_%d, gzip_%d, %d, %d },' "$type" "$etag" "$etag" \
		"$number" "$number" "$(wc -c <"$work/plain")" "$(wc -c <"$work/gz")")
	printf '\t{ "%s", %s\n' "$path" "$row" >>"$work/table"
	if [ "$path" = /index.html ]; then
		printf '\t{ "/", %s\n' "$row" >>"$work/table"
	fi
	number=$((number + 1))
done
printf '\nconst struct page_file page_files[] = {\n'
cat "$work/table"
printf '};\nconst char page_version[] = "%s";\n' "$version"
printf 'const int page_file_count = (int)(sizeof(page_files) / sizeof(page_files[0]));\n'
