/* Any request to the API, from its first line to its body: the guard takes it or
 * says why not, the target is split or refused, and every answer is a sound one.
 * The first line is METHOD TARGET, then headers, an empty line, the body. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "tests/unit/fake_engine.h"
#include "web/guard.h"
#include "web/routes.h"
#include "web/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS_MAX 64

static char *copy_of(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	assert(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* Cut at the first `by`; the rest follows it. */
static char *cut(const char **rest, size_t *length, char by, size_t *taken)
{
	const char *end = memchr(*rest, by, *length);
	char *part;

	*taken = end ? (size_t)(end - *rest) : *length;
	part = copy_of(*rest, *taken);
	*rest += *taken + (end ? 1 : 0);
	*length -= *taken + (end ? 1 : 0);
	return part;
}

static void check_refusal(struct refusal refusal)
{
	assert(refusal.http_status == 0 || (refusal.http_status >= 400 && refusal.detail));
}

/* Reads the header lines up to the empty one. */
static void check_guard(const char **rest, size_t *length, const char *path)
{
	struct guard_logins logins = {0};
	struct guard_facts facts = {0};
	char *lines[HEADERS_MAX];
	int count = 0;

	while (count < HEADERS_MAX) {
		size_t line_length, name_length;
		char *line = lines[count++] = cut(rest, length, '\n', &line_length), *colon;

		if (line_length == 0)
			break;
		colon = memchr(line, ':', line_length);
		name_length = colon ? (size_t)(colon - line) : line_length;
		/* Both are texts that end with a NUL, as the server hands them over. */
		if (colon)
			*colon = '\0';
		guard_add(&facts, line, name_length, colon ? colon + 1 : "",
		          colon ? line_length - name_length - 1 : 0);
	}
	check_refusal(guard_framing(&facts));
	check_refusal(guard_host(&facts, 8420));
	check_refusal(guard_origin(&facts, guard_zone(path)));
	check_refusal(guard_token(&facts, "token-of-the-fuzzer", &logins, 1));
	assert(guard_who(&facts));
	while (count > 0)
		free(lines[--count]);
}

static void check_response(struct route_response *response)
{
	struct buffer piece = {0};

	assert(response->status >= 200 && response->status < 600);
	assert((response->status == 204) == (response->content_type == NULL));
	assert((response->status == 405) == (response->allow[0] != '\0'));
	if (response->status >= 400)
		assert(strcmp(response->content_type, "application/problem+json") == 0);
	if (response->content_type && strstr(response->content_type, "json") && !response->next &&
	    strcmp(response->content_type, "application/x-ndjson") != 0)
		assert(json_check(response->body.data, response->body.length, NULL));
	for (int i = 0; response->next && i < 10; i++) {
		piece.length = 0;
		if (!response->next(response->stream, &piece) || piece.failed)
			break;
	}
	buffer_free(&piece);
}

static void ask(const char *method, struct target *target, const char *body, size_t body_length)
{
	struct route_response response = {0};
	struct route_request request = {
		.method = method,
		.path = target->path,
		.query = target_query,
		.query_name = target_query_name,
		.context = target,
		.body = body,
		.body_length = body_length,
		.who = "api",
	};

	routes_dispatch(NULL, &request, &response);
	check_response(&response);
	route_response_free(&response);
	if (routes_is_upload(method, target->path)) {
		struct route_response refused = {0}, told = {0};
		struct route_upload *upload = routes_upload_open(NULL, &request, &refused);

		if (upload) {
			routes_upload_feed(upload, body, body_length / 2);
			routes_upload_feed(upload, body + body_length / 2, body_length - body_length / 2);
			routes_upload_close(upload, &told);
			check_response(&told);
		} else {
			check_response(&refused);
		}
		route_response_free(&refused);
		route_response_free(&told);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct engine_item item = {.seq = 1, .state = ITEM_FAILED, .key = "\xff\"",
	                                        .class_name = "http", .group = 7,
	                                        .input = {"{\"a\":1}", 7}};
	const char *rest = (const char *)data, *fault = NULL;
	size_t length = size, taken;
	struct target target = {0};
	char *method, *line, *body;

	memset(&fake, 0, sizeof fake);
	fake.jobs = 2;
	fake.items = &item;
	fake.item_count = 1;
	method = cut(&rest, &length, ' ', &taken);
	line = cut(&rest, &length, '\n', &taken);
	check_guard(&rest, &length, line);
	body = copy_of(rest, length);
	if (target_parse(line, &target, &fault)) {
		assert(target.path[0] == '/' && utf8_check(target.path, strlen(target.path), NULL));
		assert(target.parameter_count <= TARGET_PARAMETERS_MAX);
		if (length <= ROUTES_BODY_BYTES_MAX)
			ask(method, &target, body, length);
	} else {
		assert(fault);
	}
	target_free(&target);
	free(method);
	free(line);
	free(body);
	return 0;
}
