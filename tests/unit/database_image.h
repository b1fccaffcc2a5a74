/* A sound database with some of everything in it, and its bytes: half of it is in
 * the file, the other half in the write-ahead log, as after a crash.  For the fuzzer
 * of damaged databases. */
#ifndef SLUICE_TESTS_DATABASE_IMAGE_H
#define SLUICE_TESTS_DATABASE_IMAGE_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/store/items.h"
#include "engine/store/outcomes.h"
#include "engine/store/owner.h"

#define ITEMS 40

/* A file as it was, and where in it something is written. */
struct image {
	unsigned char *bytes;
	size_t length;
	uint32_t *written;
	size_t written_count;
};

#define IMAGES 3
static char directory[64], path[96], wal_path[104], lock_path[104];
static struct image images[IMAGES]; /* the database, its log, its lock file */

static void must(enum status status, const struct error *error)
{
	if (status != STATUS_OK) {
		fprintf(stderr, "%s\n", error->text);
		abort();
	}
}

/* ---- a sound database ------------------------------------------------------------ */

static const char spec_text[] =
    "{\"name\":\"crm\",\"request\":{\"method\":\"POST\",\"url\":\"http://127.0.0.1:9/{{id}}\"},"
    "\"rules\":[{\"if\":\"$.code == 1001\",\"then\":\"throttle\"}],\"extract\":{\"a\":\"$.a\"}}";

static enum status take(void *context, const struct claimed_item *item)
{
	int64_t *last = context;

	*last = item->seq;
	return STATUS_OK;
}

static void record(struct db *db, struct job_row *row, int64_t seq)
{
	static const enum item_state ends[] = {ITEM_DONE, ITEM_FAILED, ITEM_UNKNOWN, ITEM_WAITING,
	                                       ITEM_SKIPPED};
	static const enum decision decisions[] = {DECISION_DONE, DECISION_FAIL, DECISION_UNKNOWN,
	                                          DECISION_RETRY, DECISION_SKIP};
	struct attempt_record attempt = {
		.seq = seq, .n = 1, .at_ms = 1767323040000 + seq, .duration_ms = 7, .connect_ms = 1,
		.first_byte_ms = 3, .decision = decisions[seq % 5], .next = ends[seq % 5],
		.http_status = 503, .class_name = "http", .code = "1001", .message = "busy",
		.cause = "busy", .group = 0xab12, .wait_ms = -1, .spent = 1, .since_ms = 1,
		.request = "POST http://127.0.0.1:9/1", .headers = "retry-after: 1\n",
		.headers_length = 15, .body = "{\"code\":1001}", .body_length = 13, .body_bytes = 13,
		.extracted = "{\"a\":1}", .extracted_length = 7, .requested = true,
	};
	struct error error = {0};

	if (attempt.next == ITEM_DONE || attempt.next == ITEM_SKIPPED)
		attempt.cause = attempt.message = attempt.code = NULL;
	if (!attempt.cause)
		attempt.group = 0;
	if (attempt.next == ITEM_WAITING)
		attempt.due_ms = attempt.at_ms + 1000;
	must(outcomes_record(db, row, &attempt, &error), &error);
}

/* `from`, `to`: which items are claimed; every one but each seventh is settled. */
static void settle_some(struct db *db, struct job_row *row, int from, int to)
{
	struct error error = {0};
	int64_t last = 0;
	int count = 0;

	must(db_begin(db, &error), &error);
	must(items_claim(db, row, to - from + 1, ITEMS, 1767323040000, take, &last, &count, &error),
	     &error);
	assert(last == to);
	for (int seq = from; seq <= to; seq++)
		if (seq % 7)
			record(db, row, seq);
	must(jobs_save(db, row, &error), &error);
	must(events_add(db, row->id, 1767323040000, "cli", "pause", "by user", &error), &error);
	must(db_commit(db, &error), &error);
}

static void fill(struct db *db, struct job_row *row)
{
	const unsigned char uuid[16] = {1, 2, 3};
	struct error error = {0};
	int64_t job = 0;

	must(db_begin(db, &error), &error);
	must(jobs_insert(db, "crm", uuid, spec_text, false, 1767323040000, &job, &error), &error);
	must(jobs_get(db, job, row, &error), &error);
	for (int seq = 1; seq <= ITEMS; seq++) {
		char input[64], key[16];
		int length = snprintf(input, sizeof input, "{\"id\":%d,\"city\":\"Bei\"}", seq);
		int key_length = snprintf(key, sizeof key, "k%d", seq);

		must(items_insert(db, job, seq, input, (size_t)length, key, (size_t)key_length, &error),
		     &error);
	}
	must(items_add_bad_row(db, job, 9, "row 9: no", "a,b", &error), &error);
	row->total = row->counts[ITEM_PENDING] = ITEMS;
	row->sealed = true;
	row->state = JOB_RUNNING;
	must(jobs_save(db, row, &error), &error);
	must(db_commit(db, &error), &error);
	settle_some(db, row, 1, 20);
}

static void own_it(void)
{
	struct error error = {0};
	struct owner *owner;

	must(owner_take(path, &owner, NULL, NULL, &error), &error);
	must(owner_announce(owner, "127.0.0.1:8420", "0123456789abcdef", &error), &error);
	owner_release(owner);
}

static void image_take(struct image *image, const char *from)
{
	FILE *file = fopen(from, "rb");
	long length;

	assert(file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0);
	rewind(file);
	image->length = (size_t)length;
	image->bytes = malloc(image->length);
	image->written = malloc(image->length * sizeof *image->written);
	assert(image->bytes && image->written);
	assert(fread(image->bytes, 1, image->length, file) == image->length);
	fclose(file);
	for (size_t at = 0; at < image->length; at++)
		if (image->bytes[at])
			image->written[image->written_count++] = (uint32_t)at;
}

static void tidy_up(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", directory);
	if (system(command) != 0)
		fprintf(stderr, "%s stays\n", directory);
}

/* In memory where there is room: each input makes two files. */
static void prepare(void)
{
	struct error error = {0};
	struct job_row row;
	struct db *db;

	log_set_level(LOG_ERROR);
	snprintf(directory, sizeof directory, "%s/sluice-fuzz-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert(mkdtemp(directory));
	atexit(tidy_up);
	snprintf(path, sizeof path, "%s/f.db", directory);
	snprintf(wal_path, sizeof wal_path, "%s-wal", path);
	snprintf(lock_path, sizeof lock_path, "%s.lock", path);
	own_it();
	must(db_open(path, DB_WRITER, &db, &error), &error);
	fill(db, &row);
	db_close(db);
	must(db_open(path, DB_WRITER, &db, &error), &error);
	settle_some(db, &row, 21, 30);
	image_take(&images[0], path);
	image_take(&images[1], wal_path);
	image_take(&images[2], lock_path);
	db_close(db);
	job_row_free(&row);
}

#endif
