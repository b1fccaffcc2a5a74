#!/bin/sh
# The page's files -> C (web/page.h): every file of page/ and the scripts and
# styles of vendor/, plain and gzipped.
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

files=$( { find page -type f ! -name '*.md'; find vendor -type f \( -name '*.js' -o -name '*.css' \); } | sort)

# A file as it goes out: what our scripts say to their reader stays here (7 KB).
published() {
	case $1 in
	page/*.js) sed '/^[[:space:]]*\/\//d' "$1" ;;
	*) cat "$1" ;;
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
	path=/${file#page/}
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
printf '};\nconst int page_file_count = (int)(sizeof(page_files) / sizeof(page_files[0]));\n'
