/* Responses as real services send them (tests/vectors/), and what must be
 * decided on each.  A server's wait is a floor, with at most min(5 s, 10 %) of
 * jitter above it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <dirent.h>

#include "engine/base/buffer.h"
#include "engine/policy/headers.h"
#include "engine/policy/outcome.h"
#include "engine/request/transfer.h"

#define NOW_MS 1767323040000LL /* for responses without a Date: Fri, 02 Jan 2026 03:04:00 GMT */

static const struct retry_policy defaults = {5, 500, 60000, 0};

static cJSON *read_json(const char *path)
{
	FILE *file = fopen(path, "r");
	struct buffer text = {0};
	char chunk[4096];
	size_t got;
	cJSON *json;

	assert_non_null(file);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buffer_append(&text, chunk, got);
	fclose(file);
	json = cJSON_ParseWithLength(text.data, text.length);
	buffer_free(&text);
	if (!json)
		fail_msg("%s: no JSON", path);
	return json;
}

static int integer_of(const cJSON *object, const char *name, int fallback)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(value) ? (int)value->valuedouble : fallback;
}

/* What `sluice explain` would make of the arguments. */
static void read_arguments(const cJSON *vector, struct attempt_facts *facts)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(vector, "args");
	int curl_error = 0;

	facts->idempotent = true;
	facts->sent = true;
	facts->attempt = 1;
	for (const cJSON *arg = args ? args->child : NULL; arg; arg = arg->next) {
		const char *value = arg->next ? arg->next->valuestring : "";

		if (strcmp(arg->valuestring, "--method") == 0)
			facts->idempotent = method_idempotent(value);
		else if (strcmp(arg->valuestring, "--attempt") == 0)
			facts->attempt = atoi(value);
		else if (strcmp(arg->valuestring, "--keyed") == 0)
			facts->keyed = true;
		else if (strcmp(arg->valuestring, "--curl-error") == 0)
			curl_error = atoi(value);
		else if (strcmp(arg->valuestring, "--bytes-sent") == 0)
			facts->sent = atoi(value) > 0;
	}
	facts->transport = transfer_classify(curl_error, facts->sent);
}

static void read_vector(const cJSON *vector, struct attempt_facts *facts)
{
	struct buffer block = {0};
	const cJSON *header;
	char *copy;

	*facts = (struct attempt_facts){.http_status = integer_of(vector, "status", -1)};
	read_arguments(vector, facts);
	buffer_printf(&block, "HTTP/1.1 %d Status\r\n", facts->http_status);
	cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(vector, "headers"))
		buffer_printf(&block, "%s: %s\r\n", header->child->valuestring,
		              header->child->next->valuestring);
	/* A copy with nothing behind it: a read too far is seen by the sanitizer. */
	copy = malloc(block.length);
	assert_non_null(copy);
	memcpy(copy, block.data, block.length);
	headers_read(copy, block.length, NOW_MS, &facts->hints);
	free(copy);
	buffer_free(&block);
}

static bool same_policies(const cJSON *wanted, const struct header_hints *hints)
{
	const cJSON *policy;
	int i = 0;

	if (!wanted)
		return true;
	cJSON_ArrayForEach(policy, wanted) {
		if (i >= hints->policy_count ||
		    hints->policies[i].quota != integer_of(policy, "quota", -1) ||
		    hints->policies[i].window_s != integer_of(policy, "window_s", -1))
			return false;
		i++;
	}
	return i == hints->policy_count;
}

/* 1 where the verdict is not what the vector expects, said on stderr. */
static int judge(const cJSON *vector, const struct attempt_facts *facts,
                 const struct verdict *verdict)
{
	const cJSON *expect = cJSON_GetObjectItemCaseSensitive(vector, "expect");
	const char *id = cJSON_GetObjectItemCaseSensitive(vector, "id")->valuestring;
	const char *api = cJSON_GetObjectItemCaseSensitive(vector, "api")->valuestring;
	const cJSON *decision = cJSON_GetObjectItemCaseSensitive(expect, "decision");
	const cJSON *source = cJSON_GetObjectItemCaseSensitive(expect, "source");
	const cJSON *limit = cJSON_GetObjectItemCaseSensitive(expect, "limit");
	const cJSON *remaining = cJSON_GetObjectItemCaseSensitive(expect, "remaining");
	const cJSON *min = cJSON_GetObjectItemCaseSensitive(expect, "wait_min");
	const cJSON *max = cJSON_GetObjectItemCaseSensitive(expect, "wait_max");
	const cJSON *policies = cJSON_GetObjectItemCaseSensitive(expect, "policies");
	const struct header_hints *hints = &facts->hints;
	bool waits = verdict->wait_ms_min >= 0;
	double least = (double)verdict->wait_ms_min / 1000, most = (double)verdict->wait_ms_max / 1000;
	const char *fault = NULL;

	if (strcmp(decision->valuestring, decision_name(verdict->decision)) != 0)
		fault = "decision";
	else if (source && strcmp(source->valuestring, verdict->source) != 0)
		fault = "source";
	else if (limit && hints->limit != (cJSON_IsNull(limit) ? -1 : (int64_t)limit->valuedouble))
		fault = "limit";
	else if (remaining && hints->remaining !=
	                          (cJSON_IsNull(remaining) ? -1 : (int64_t)remaining->valuedouble))
		fault = "remaining";
	else if (cJSON_GetObjectItemCaseSensitive(expect, "wait") && waits)
		fault = "it waits";
	else if (min && (!waits || least < min->valuedouble - 0.001))
		fault = "least wait";
	else if (max && (!waits || most > max->valuedouble + 0.001))
		fault = "most wait";
	else if (!same_policies(policies, hints))
		fault = "policies";
	if (!fault)
		return 0;
	fprintf(stderr, "%s (%s): wrong %s: %s, %.3f to %.3f s, %s, limit %lld, remaining %lld\n", id,
	        api, fault, decision_name(verdict->decision), least, most, verdict->source,
	        (long long)hints->limit, (long long)hints->remaining);
	for (int i = 0; i < hints->policy_count; i++)
		fprintf(stderr, "    policy %lld in %lld s\n", (long long)hints->policies[i].quota,
		        (long long)hints->policies[i].window_s);
	return 1;
}

static int run_file(const char *path, int *checked)
{
	cJSON *vectors = read_json(path);
	const cJSON *vector;
	int wrong = 0;

	cJSON_ArrayForEach(vector, vectors) {
		struct attempt_facts facts;
		struct verdict verdict;
		struct random random = {(uint64_t)*checked};

		read_vector(vector, &facts);
		outcome_decide(&facts, &defaults, &random, &verdict);
		wrong += judge(vector, &facts, &verdict);
		++*checked;
	}
	cJSON_Delete(vectors);
	return wrong;
}

/* Every *.json of a folder; false: there is no such folder. */
static bool run_folder(const char *folder, int *checked, int *wrong)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	char path[4096];

	if (!directory)
		return false;
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		*wrong += run_file(path, checked);
	}
	closedir(directory);
	return true;
}

static void test_vectors(void **state)
{
	const char *more = getenv("SLUICE_VECTORS"); /* another folder of them */
	int checked = 0, wrong = 0;

	(void)state;
	assert_true(run_folder("tests/vectors", &checked, &wrong));
	if (more)
		assert_true(run_folder(more, &checked, &wrong));
	print_message("%d vectors, %d wrong\n", checked, wrong);
	assert_true(checked >= 43);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("dialects", tests, NULL, NULL);
}
