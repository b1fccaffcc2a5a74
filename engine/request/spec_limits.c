/* How fast, how often again, and when to stop. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/spec_internal.h"

#define BODY_BYTES_MAX (1 << 20)
#define CONCURRENCY 16
#define RETRIES 5
#define RETRY_DELAY_S 0.5
#define RETRY_DELAY_MAX_S 60

/* A share of failures says nothing before so many items have ended. */
#define HALT_ITEMS_MIN 20

#define SHARE_BYTES_MAX 100

static enum status read_store(struct spec *spec, struct json_span root, struct error *error)
{
	static const char *const bodies[] = {"all", "failed", "none"};
	char *body = NULL;
	int index = STORE_BODY_ALL;
	enum status status = spec_text(root, "store.body", &body, error);

	spec->body_bytes_max = (int64_t)spec_number(root, "store.body_bytes_max", BODY_BYTES_MAX);
	if (body)
		index = spec_word_index(body, bodies, 3);
	free(body);
	if (index < 0)
		return error_set(error, STATUS_USAGE, "store.body: must be all, failed or none");
	spec->store_body = (enum store_body)index;
	return status;
}

static enum status check_share(const char *share, struct error *error)
{
	size_t length = share ? strlen(share) : 1;

	for (size_t i = 0; share && share[i]; i++)
		if (iscntrl((unsigned char)share[i]))
			return error_set(error, STATUS_USAGE, "limits.share: holds a control character");
	if (length == 0 || length > SHARE_BYTES_MAX)
		return error_set(error, STATUS_USAGE, "limits.share: must have 1 to %d bytes",
		                 SHARE_BYTES_MAX);
	return STATUS_OK;
}

static enum status read_pace(struct spec *spec, struct json_span root, struct error *error)
{
	enum status status = spec_text(root, "limits.rate", &spec->rate_text, error);

	spec->concurrency = (int)spec_number(root, "limits.concurrency", CONCURRENCY);
	spec->burst = (int64_t)spec_number(root, "limits.burst", 1);
	spec->adapt = spec_flag(root, "limits.adapt", true);
	if (status == STATUS_OK && spec->rate_text &&
	    rate_parse(spec->rate_text, &spec->rate, error) != STATUS_OK)
		status = error_prefix(error, "limits.rate");
	if (status == STATUS_OK)
		status = spec_text(root, "limits.share", &spec->share, error);
	return status == STATUS_OK ? check_share(spec->share, error) : status;
}

static enum status read_halt(struct spec *spec, struct json_span root, struct error *error)
{
	struct json_span value;

	spec->canary = (int64_t)spec_number(root, "canary", 0);
	if (!spec_find(root, "halt", &value))
		return STATUS_OK;
	spec->halt.failed = (int64_t)spec_number(root, "halt.failed", 0);
	spec->halt.failed_percent = spec_number(root, "halt.failed_percent", 0);
	spec->halt.items_min = (int64_t)spec_number(root, "halt.min_items", HALT_ITEMS_MIN);
	if (spec->halt.failed == 0 && spec->halt.failed_percent <= 0)
		return error_set(error, STATUS_USAGE,
		                 "halt: must have failed (a count) or failed_percent");
	return STATUS_OK;
}

enum status spec_read_limits(struct spec *spec, struct json_span root, struct error *error)
{
	enum status status = read_store(spec, root, error);

	spec->retry.retries_max = (int)spec_number(root, "retry.max", RETRIES);
	spec->retry.delay_ms = spec_seconds_ms(root, "retry.delay_s", RETRY_DELAY_S);
	spec->retry.delay_ms_max = spec_seconds_ms(root, "retry.delay_max_s", RETRY_DELAY_MAX_S);
	spec->retry.time_ms_max = spec_seconds_ms(root, "retry.time_max_s", 0);
	if (status == STATUS_OK)
		status = read_pace(spec, root, error);
	return status == STATUS_OK ? read_halt(spec, root, error) : status;
}
