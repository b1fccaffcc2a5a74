/* Any damage to a database: whoever opens it and asks it everything gets answers
 * or errors, never a crash or a hang.  The input is a list of blows to the bytes of
 * a sound file and of its write-ahead log. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/run/engine.h"
#include "engine/store/items.h"
#include "engine/store/outcomes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ITEMS 40
#define JOBS_MAX 4
#define PIECES_MAX 200

/* A file as it was, and where in it something is written. */
struct image {
	unsigned char *bytes;
	size_t length;
	uint32_t *written;
	size_t written_count;
};

static char directory[64], path[96], wal_path[104];
static struct image images[2]; /* the database, its log */

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
	must(items_claim(db, row, to - from + 1, 1767323040000, take, &last, &count, &error), &error);
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

/* Half of it is in the file, the other half in the log, as after a crash. */
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
	must(db_open(path, DB_WRITER, &db, &error), &error);
	fill(db, &row);
	db_close(db);
	must(db_open(path, DB_WRITER, &db, &error), &error);
	settle_some(db, &row, 21, 30);
	image_take(&images[0], path);
	image_take(&images[1], wal_path);
	db_close(db);
	job_row_free(&row);
}

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
	unsigned char *bytes[2];
	size_t length[2];

	for (int i = 0; i < 2; i++) {
		bytes[i] = malloc(images[i].length);
		assert(bytes[i]);
		memcpy(bytes[i], images[i].bytes, images[i].length);
		length[i] = images[i].length;
	}
	while (size >= 4) {
		int i = data[2] & 1;
		size_t used = blow(&images[i], bytes[i], &length[i], data, size);

		data += used;
		size -= used;
	}
	file_write(path, bytes[0], length[0]);
	file_write(wal_path, bytes[1], length[1]);
	free(bytes[0]);
	free(bytes[1]);
}

/* ---- the questions -------------------------------------------------------------------- */

struct heard {
	int64_t jobs[JOBS_MAX];
	int count;
	volatile size_t sum; /* whatever is told is read to its end */
};

static void read_text(struct heard *heard, const char *text)
{
	heard->sum += text ? strlen(text) : 0;
}

static void hear_job(void *context, const struct engine_progress *progress)
{
	struct heard *heard = context;

	read_text(heard, progress->name);
	read_text(heard, progress->reason);
	read_text(heard, progress->bound_by);
	if (heard->count < JOBS_MAX)
		heard->jobs[heard->count++] = progress->id;
}

static void hear_item(void *context, const struct engine_item *item)
{
	struct heard *heard = context;

	assert((unsigned)item->state < ITEM_STATES);
	read_text(heard, item->key);
	read_text(heard, item->class_name);
	read_text(heard, item->code);
	read_text(heard, item->message);
	for (size_t i = 0; i < item->input.length; i++)
		heard->sum += (unsigned char)item->input.at[i];
	for (size_t i = 0; i < item->extracted.length; i++)
		heard->sum += (unsigned char)item->extracted.at[i];
}

static void hear_attempt(void *context, const struct engine_attempt *attempt)
{
	struct heard *heard = context;

	read_text(heard, decision_name(attempt->decision));
	read_text(heard, attempt->class_name);
	read_text(heard, attempt->message);
	read_text(heard, attempt->wait_source);
	read_text(heard, attempt->request);
	read_text(heard, attempt->headers);
	for (size_t i = 0; attempt->body && i < attempt->body_length; i++)
		heard->sum += (unsigned char)attempt->body[i];
}

static void hear_group(void *context, const struct engine_group *group)
{
	read_text(context, group->class_name);
	read_text(context, group->code);
	read_text(context, group->message);
}

static void hear_event(void *context, const struct engine_event *event)
{
	read_text(context, event->who);
	read_text(context, event->what);
	read_text(context, event->detail);
}

static void hear_bad_row(void *context, int64_t row, const char *fault, const char *raw)
{
	(void)row;
	read_text(context, fault);
	read_text(context, raw);
}

static void hear_operation(void *context, const struct engine_operation *operation)
{
	read_text(context, operation->who);
	read_text(context, operation->selection);
}

static void ask_items(struct engine *engine, int64_t job, struct heard *heard)
{
	static const char *const filters[] = {"", "state:failed", "text:busy", "key:k3",
	                                      "group:000000000000ab12", "field.city:Bei -seq:3-9"};
	struct error error = {0};

	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		struct engine_page page = {.filter = filters[i], .limit = 1000, .extracted = true};
		int64_t next = 0;

		for (int pages = 0; pages < 4; pages++) {
			if (engine_items(engine, job, &page, hear_item, heard, &next, &error) != STATUS_OK ||
			    next == 0)
				break;
			assert(next > page.after);
			page.after = next;
		}
	}
	for (int64_t seq = 1; seq < 9; seq++) {
		struct buffer curl = {0};

		(void)engine_item(engine, job, seq, hear_item, hear_attempt, heard, &error);
		(void)engine_item_curl(engine, job, seq, &curl, &error);
		buffer_free(&curl);
	}
}

static void ask_export(struct engine *engine, int64_t job, enum export_format format)
{
	struct engine_export *export;
	struct buffer piece = {0};
	struct error error = {0};
	bool end = false;

	if (engine_export_open(engine, job, format, "", &export, &error) != STATUS_OK)
		return;
	for (int i = 0; !end && i < PIECES_MAX; i++) {
		piece.length = 0;
		if (engine_export_next(export, &piece, &end, &error) != STATUS_OK)
			break;
	}
	engine_export_close(export);
	buffer_free(&piece);
}

static void ask_job(struct engine *engine, int64_t job, struct heard *heard)
{
	struct engine_progress progress;
	struct error error = {0};
	char *canonical = NULL;

	(void)engine_job_progress(engine, job, &progress, &error);
	if (engine_job_spec(engine, job, &canonical, &error) == STATUS_OK)
		read_text(heard, canonical);
	free(canonical);
	ask_items(engine, job, heard);
	(void)engine_groups(engine, job, 100, hear_group, heard, &error);
	(void)engine_events(engine, job, 0, 100, hear_event, heard, &error);
	(void)engine_bad_rows(engine, job, 100, hear_bad_row, heard, &error);
	(void)engine_operations(engine, job, 0, hear_operation, heard, &error);
	ask_export(engine, job, EXPORT_NDJSON);
	ask_export(engine, job, EXPORT_CSV);
}

static void change_job(struct engine *engine, int64_t job)
{
	const struct engine_limits limits = {.concurrency = 3, .rate = "5/s", .burst = 2};
	const struct engine_selection all = {.all = true}, some = {.filter = "seq:1-30"};
	struct engine_operation operation = {0};
	struct error error = {0};

	(void)engine_job_set(engine, job, &limits, "cli", &error);
	(void)engine_job_pause(engine, job, "cli", &error);
	(void)engine_act(engine, job, ACTION_RETRY, &all, "cli", false, &operation, &error);
	(void)engine_act(engine, job, ACTION_SKIP, &some, "cli", false, &operation, &error);
	(void)engine_job_resume(engine, job, "cli", &error);
	(void)engine_job_cancel(engine, job, "cli", &error);
	(void)engine_job_remove(engine, job, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct engine_options options = {.db_path = path, .mode = ENGINE_MAINTAIN};
	struct engine *engine = NULL;
	struct buffer report = {0};
	struct error error = {0};
	struct heard heard = {0};

	if (!images[0].bytes)
		prepare();
	damage(data, size);
	if (engine_open(&options, &engine, &error) == STATUS_OK) {
		(void)engine_jobs(engine, 0, 100, hear_job, &heard, &error);
		for (int i = 0; i < heard.count; i++)
			ask_job(engine, heard.jobs[i], &heard);
		(void)engine_db_check(engine, &report, &error);
		for (int i = 0; i < heard.count; i++)
			change_job(engine, heard.jobs[i]);
		(void)engine_db_vacuum(engine, &error);
		engine_close(engine);
		/* A sound file is told to be one. */
		assert(size >= 4 || (heard.count == 1 && report.length == 0));
	} else {
		assert(size >= 4 && error.text[0] != '\0');
	}
	buffer_free(&report);
	return 0;
}
