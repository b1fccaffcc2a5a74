/* A request's target as it came on the wire ("/api/v1/jobs/a%20b?limit=5"),
 * split first and decoded then, so that no decoded byte can move a boundary.
 * (libmicrohttpd decodes the path itself and ends it at %00.) */
#ifndef SLUICE_WEB_TARGET_H
#define SLUICE_WEB_TARGET_H

#include <stdbool.h>

#define TARGET_PARAMETERS_MAX 32

struct target {
	char *memory;
	const char *path; /* decoded */
	struct {
		const char *name, *value;
	} parameters[TARGET_PARAMETERS_MAX];
	int parameter_count;
};

/* False: *fault says what is wrong (static text), *target needs no free.
 * Refused are: what does not begin with '/', white space, control characters
 * and NUL (encoded or not), bad escapes, what is not UTF-8, an encoded '/' and
 * the segments "." and ".." in the path. */
bool target_parse(const char *raw, struct target *target, const char **fault);
/* Below `base` ("/sluice", or "") the path goes on without it: a proxy may pass it
 * on or not.  True: it was the base alone, without a slash, whose relative links
 * would lead elsewhere. */
bool target_strip(struct target *target, const char *base);
void target_free(struct target *target); /* a zero-initialised one is allowed */

/* The first parameter of that name, decoded, or NULL.  Fits struct
 * route_request's query; context is the target. */
const char *target_query(void *context, const char *name);
/* Fits struct route_request's query_name. */
const char *target_query_name(void *context, int index);

#endif
