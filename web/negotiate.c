#include "web/negotiate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Take the next member off a comma-separated list, without blanks around it;
 * false at the end. */
static bool list_next(const char **list, const char **member, size_t *length)
{
	const char *at = *list + strspn(*list, ", \t");
	size_t long_one = strcspn(at, ",");

	*list = at + long_one;
	while (long_one > 0 && strchr(" \t", at[long_one - 1]) != NULL)
		long_one--;
	*member = at;
	*length = long_one;
	return long_one > 0;
}

/* Is the weight after a coding ("; q=0.5") above zero? */
static bool weight_positive(const char *weight, size_t length)
{
	const char *end = weight + length, *q = memchr(weight, '=', length);

	if (q == NULL)
		return true;
	for (q++; q < end; q++) {
		if (*q >= '1' && *q <= '9')
			return true;
	}
	return false;
}

bool negotiate_gzip(const char *accept_encoding)
{
	bool any = false;
	const char *member;
	size_t length;

	if (accept_encoding == NULL)
		return false; /* any coding would do (RFC 9110, 12.5.3), but who says nothing may know none */
	while (list_next(&accept_encoding, &member, &length)) {
		size_t name = 0;

		while (name < length && strchr("; \t", member[name]) == NULL)
			name++;
		if (name == 4 && strncasecmp(member, "gzip", 4) == 0)
			return weight_positive(member + name, length - name);
		if (name == 1 && *member == '*')
			any = weight_positive(member + name, length - name);
	}
	return any;
}

bool negotiate_tag_matches(const char *if_none_match, const char *etag)
{
	const char *member;
	size_t length;

	if (if_none_match == NULL)
		return false;
	while (list_next(&if_none_match, &member, &length)) {
		if (length == 1 && *member == '*')
			return true;
		if (length > 2 && strncmp(member, "W/", 2) == 0) {
			member += 2;
			length -= 2;
		}
		if (length == strlen(etag) && strncmp(member, etag, length) == 0)
			return true;
	}
	return false;
}
