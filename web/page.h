/* The page's files, gzipped at build time by web/embed.sh. */
#ifndef SLUICE_WEB_PAGE_H
#define SLUICE_WEB_PAGE_H

#include <stddef.h>

struct page_file {
	const char *path;         /* "/app.js" */
	const char *content_type;
	const char *etag;         /* quoted, from the content */
	const unsigned char *gzip;
	size_t gzip_length;
};
extern const struct page_file page_files[];
extern const int page_file_count;

#endif
