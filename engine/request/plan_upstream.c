/* Which far side a job talks to, as far as its health goes. */
#include <string.h>

#include <xxhash.h>

#include "engine/request/plan_internal.h"
#include "engine/request/secret.h"

/* "https://host:1" of "https://host:1/a/{{b}}".  A reference stays as it is
 * written: what it stands for is the same for all jobs here. */
static size_t origin_length(const char *url)
{
	const char *authority = strstr(url, "://");

	authority = authority ? authority + 3 : url;
	if (strncmp(authority, "${", 2) == 0)
		authority += strcspn(authority, "}");
	return (size_t)(authority - url) + strcspn(authority, "/?#");
}

static bool is_credential(const char *line)
{
	char name[64];
	size_t length = strcspn(line, ":");

	if (length >= sizeof(name))
		return false;
	memcpy(name, line, length);
	name[length] = '\0';
	return secret_name(name);
}

uint64_t plan_upstream(const struct plan *plan)
{
	const char *url = plan->spec.request.url, *line = plan->constant_headers.data;
	XXH64_hash_t hash = XXH3_64bits(url, origin_length(url));

	for (int i = 0; i < plan->constant_header_count; i++, line += strlen(line) + 1)
		if (is_credential(line))
			hash = XXH3_64bits_withSeed(line, strlen(line), hash);
	return hash;
}
