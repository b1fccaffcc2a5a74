#include "tests/upstream/settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind { INTEGER, NUMBER, TEXT };

static const struct entry {
	const char *name;
	enum kind kind;
	size_t offset;
	size_t size; /* of a TEXT */
} entries[] = {
#define AT(member) offsetof(struct settings, member), sizeof(((struct settings *)0)->member)
	{"latency-ms", INTEGER, AT(latency_ms)},
	{"latency-jitter-ms", INTEGER, AT(latency_jitter_ms)},
	{"transient-percent", NUMBER, AT(transient_percent)},
	{"transient-times", INTEGER, AT(transient_times)},
	{"transient-status", INTEGER, AT(transient_status)},
	{"permanent-percent", NUMBER, AT(permanent_percent)},
	{"permanent-status", INTEGER, AT(permanent_status)},
	{"code-percent", NUMBER, AT(code_percent)},
	{"reset-percent", NUMBER, AT(reset_percent)},
	{"truncate-percent", NUMBER, AT(truncate_percent)},
	{"seed", INTEGER, AT(seed)},
	{"qps", NUMBER, AT(qps)},
	{"burst", INTEGER, AT(burst)},
	{"concurrency-limit", INTEGER, AT(concurrency_limit)},
	{"retry-after", INTEGER, AT(retry_after_s)},
	{"ratelimit-headers", INTEGER, AT(ratelimit_headers)},
	{"status", INTEGER, AT(status)},
	{"body-bytes", INTEGER, AT(body_bytes)},
	{"close-every", INTEGER, AT(close_every)},
	{"keepalive-kill", INTEGER, AT(keepalive_kill)},
	{"down", INTEGER, AT(down)},
	{"id-from", TEXT, AT(id_from)},
	{"key-header", TEXT, AT(key_header)},
	{"extra-header", TEXT, AT(extra_header)},
#undef AT
};
#define ENTRIES (sizeof entries / sizeof entries[0])

void settings_init(struct settings *settings)
{
	memset(settings, 0, sizeof *settings);
	settings->transient_times = 1;
	settings->transient_status = 503;
	settings->permanent_status = 404;
	settings->burst = 1;
	settings->seed = 1;
	strcpy(settings->id_from, "auto");
	strcpy(settings->key_header, "idempotency-key");
}

static bool set_integer(void *at, const char *value)
{
	char *end;
	int64_t number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < 0)
		return false;
	memcpy(at, &number, sizeof number);
	return true;
}

static bool set_number(void *at, const char *value)
{
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end || !isfinite(number) || number < 0)
		return false;
	memcpy(at, &number, sizeof number);
	return true;
}

static bool set_text(void *at, size_t size, const char *value)
{
	size_t length = strlen(value);

	if (length >= size || strpbrk(value, "\r\n"))
		return false;
	memcpy(at, value, length + 1);
	return true;
}

bool settings_set(struct settings *settings, const char *name, const char *value)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		void *at = (char *)settings + entries[i].offset;

		if (strcmp(entries[i].name, name) != 0)
			continue;
		switch (entries[i].kind) {
		case INTEGER:
			return set_integer(at, value);
		case NUMBER:
			return set_number(at, value);
		case TEXT:
			return set_text(at, entries[i].size, value);
		}
	}
	return false;
}

void settings_names(void (*visit)(const char *name))
{
	for (size_t i = 0; i < ENTRIES; i++)
		visit(entries[i].name);
}
