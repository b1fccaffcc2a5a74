/* What a client says it can take, for the page's files. */
#ifndef SLUICE_WEB_NEGOTIATE_H
#define SLUICE_WEB_NEGOTIATE_H

#include <stdbool.h>

/* Does this Accept-Encoding (NULL: none) allow gzip? */
bool negotiate_gzip(const char *accept_encoding);
/* Does this If-None-Match (NULL: none) hold the tag? */
bool negotiate_tag_matches(const char *if_none_match, const char *etag);

#endif
