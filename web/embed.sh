#!/bin/sh
# The page's files -> C (web/page.h): every file of page/ and the scripts and
# styles of vendor/, gzipped.  Usage: embed.sh WEB_FOLDER >page.c
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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '/* Made by web/embed.sh. */\n#include "web/page.h"\n\n'
number=0
for file in $files; do
	gzip -9nc "$file" >"$work/gz"
	path=/${file#page/}
	type=$(content_type "$file")
	etag=$(sha256sum "$file" | cut -c1-16)
	size=$(($(wc -c <"$work/gz")))
	printf 'static const unsigned char file_%d[] = { /* %s */\n' "$number" "$path"
	od -An -v -tu1 "$work/gz" | awk '{ gsub(/^ +/, ""); gsub(/ +/, ","); print $0 "," }'
	printf '};\n'
	row=$(printf '"%s", "\\"%s\\"", file_%d, %d },' "$type" "$etag" "$number" "$size")
	printf '\t{ "%s", %s\n' "$path" "$row" >>"$work/table"
	if [ "$path" = /index.html ]; then
		printf '\t{ "/", %s\n' "$row" >>"$work/table"
	fi
	number=$((number + 1))
done
printf '\nconst struct page_file page_files[] = {\n'
cat "$work/table"
printf '};\nconst int page_file_count = (int)(sizeof(page_files) / sizeof(page_files[0]));\n'
