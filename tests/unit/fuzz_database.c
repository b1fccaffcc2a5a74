/* Any damage to a database: whoever opens it and asks it everything gets answers
 * or errors, never a crash or a hang.  The input is a list of blows to the bytes of
 * a sound file, of its write-ahead log and of its lock file. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/run/engine.h"
#include "tests/unit/database_image.h"
#include "web/routes.h"
#include "web/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECES_MAX 200

/* ---- the blows ----------------------------------------------------------------------- */

static void file_write(const char *to, const unsigned char *bytes, size_t length)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert(fd >= 0);
	if (write(fd, bytes, length) != (ssize_t)length)
		abort();
	close(fd);
}

/* One blow, four bytes and what it writes: where, what to do, how much. */
static size_t blow(const struct image *image, unsigned char *bytes, size_t *length,
                   const uint8_t *data, size_t size)
{
	size_t at = image->written[(data[0] | (size_t)data[1] << 8) % image->written_count];
	size_t run = data[3] % 16 + 1u, used = 4;

	switch (data[2] >> 1 & 3) {
	case 0: /* a byte changes */
		bytes[at] = (unsigned char)(bytes[at] ^ data[3]);
		break;
	case 1: /* some bytes are others */
		for (; run > 0 && used < size && at < image->length; run--)
			bytes[at++] = data[used++];
		break;
	case 2: /* a page is another one */
		at &= ~(size_t)8191;
		run = data[3] * (size_t)8192 % image->length & ~(size_t)8191;
		if (at + 8192 <= image->length && run + 8192 <= image->length)
			memmove(bytes + at, bytes + run, 8192);
		break;
	default: /* the end is missing */
		if (data[3] < 32)
			*length = at;
		break;
	}
	return used;
}

static void damage(const uint8_t *data, size_t size)
{
	const char *const paths[IMAGES] = {path, wal_path, lock_path};
	unsigned char *bytes[IMAGES];
	size_t length[IMAGES];

	for (int i = 0; i < IMAGES; i++) {
		bytes[i] = malloc(images[i].length);
		assert(bytes[i]);
		memcpy(bytes[i], images[i].bytes, images[i].length);
		length[i] = images[i].length;
	}
	while (size >= 4) {
		int i = data[2] & 0x80 ? 2 : data[2] & 1;
		size_t used = blow(&images[i], bytes[i], &length[i], data, size);

		data += used;
		size -= used;
	}
	for (int i = 0; i < IMAGES; i++) {
		file_write(paths[i], bytes[i], length[i]);
		free(bytes[i]);
	}
}

/* ---- the questions -------------------------------------------------------------------- */

/* What stands in the file as JSON is told as it stands: it is checked as it comes in. */
static bool intact;

static int ask(struct engine *engine, const char *method, const char *uri, const char *body)
{
	struct route_response response = {0};
	struct buffer piece = {0};
	struct target target;
	const char *fault;
	int status;

	assert(target_parse(uri, &target, &fault));
	struct route_request request = {
		.method = method, .path = target.path, .query = target_query,
		.query_name = target_query_name, .context = &target,
		.body = body, .body_length = strlen(body), .who = "cli",
	};
	routes_dispatch(engine, &request, &response);
	assert(response.status >= 200 && response.status < 600);
	if (intact && response.content_type && !response.next && strstr(response.content_type, "json"))
		assert(json_check(response.body.data, response.body.length, NULL));
	for (int i = 0; response.next && i < PIECES_MAX; i++) {
		piece.length = 0;
		if (!response.next(response.stream, &piece) || piece.failed)
			break;
	}
	status = response.status;
	buffer_free(&piece);
	route_response_free(&response);
	target_free(&target);
	return status;
}

static void ask_everything(struct engine *engine)
{
	static const char *const questions[] = {
		"/jobs", "/jobs/1", "/jobs/1/items?limit=1000", "/jobs/1/items?filter=state:failed",
		"/jobs/1/items?filter=text:busy", "/jobs/1/items?filter=key:k3",
		"/jobs/1/items?filter=group:000000000000ab12",
		"/jobs/1/items?filter=field.city:Bei%20-seq:3-9", "/jobs/1/items/1", "/jobs/1/items/2",
		"/jobs/1/items/3", "/jobs/1/items/4", "/jobs/1/items/5", "/jobs/1/items/7",
		"/jobs/1/items/22", "/jobs/1/items/40", "/jobs/1/groups", "/jobs/1/events",
		"/jobs/1/operations", "/jobs/1/series?since=0", "/jobs/1/export?format=ndjson",
		"/jobs/1/export?format=csv", "/jobs/1/items/2/curl", "/jobs/1/bad-rows",
		"/metrics", "/db/check",
	};
	char uri[128];

	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		snprintf(uri, sizeof uri, ROUTES_PREFIX "%s", questions[i]);
		(void)ask(engine, "GET", uri, "");
	}
	(void)ask(engine, "GET", "/metrics", "");
	(void)ask(engine, "GET", "/readyz", "");
}

static void change_everything(struct engine *engine)
{
	static const struct {
		const char *method, *uri, *body;
	} changes[] = {
		{"PATCH", "/jobs/1", "{\"concurrency\":3,\"rate\":\"5/s\",\"burst\":2}"},
		{"POST", "/jobs/1/pause", ""},
		{"POST", "/jobs/1/retry", "{\"filter\":\"seq:1-30\"}"},
		{"POST", "/jobs/1/items/2/retry", "{\"input\":{\"id\":3}}"},
		{"POST", "/jobs/1/resolve", "{\"filter\":\"state:unknown\",\"as\":\"done\"}"},
		{"POST", "/jobs/1/skip", "{\"filter\":\"seq:1-30\"}"},
		{"POST", "/jobs/1/resume", ""},
		{"POST", "/jobs/1/cancel", ""},
		{"DELETE", "/jobs/1", ""},
	};
	char uri[128];

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		snprintf(uri, sizeof uri, ROUTES_PREFIX "%s", changes[i].uri);
		(void)ask(engine, changes[i].method, uri, changes[i].body);
	}
}

static void look(void)
{
	const struct engine_options options = {.db_path = path, .mode = ENGINE_MAINTAIN};
	struct engine *engine = NULL;
	struct buffer report = {0};
	struct error error = {0};

	if (engine_open(&options, &engine, &error) != STATUS_OK) {
		assert(!intact && error.text[0] != '\0');
		return;
	}
	ask_everything(engine);
	/* A sound file is told to be one. */
	assert(engine_db_check(engine, &report, &error) == STATUS_OK || !intact);
	assert(!intact || ask(engine, "GET", ROUTES_PREFIX "/jobs/1/items/2", "") == 200);
	change_everything(engine);
	(void)engine_db_vacuum(engine, &error);
	engine_close(engine);
	buffer_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!images[0].bytes)
		prepare();
	damage(data, size);
	intact = size < 4;
	look();
	return 0;
}
