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

#include "engine/run/engine.h"
#include "tests/unit/database_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define JOBS_MAX 4
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
	struct buffer curl = {0};
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
	for (int64_t seq = 1; seq < 9; seq++)
		(void)engine_item(engine, job, seq, hear_item, hear_attempt, heard, &error);
	(void)engine_item_curl(engine, job, 2, &curl, &error);
	buffer_free(&curl);
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
