/* The page's files, put in at build time by web/embed.sh: as they are and gzipped. */
#ifndef SLUICE_WEB_PAGE_H
#define SLUICE_WEB_PAGE_H

#include <stddef.h>

struct page_file {
	const char *path;         /* "/app.js" */
	const char *content_type;
	const char *etag;         /* quoted, from the content */
	const char *etag_gzip;    /* of the gzipped form: its bytes are others */
	const unsigned char *plain, *gzip;
	size_t plain_length, gzip_length;
};
extern const struct page_file page_files[];
extern const int page_file_count;
extern const char page_version[]; /* of all of them: changes when any does */

#endif
