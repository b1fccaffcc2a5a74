/* The fake engine's causes, samples and edited items; included by fake_engine.h. */
#ifndef SLUICE_TESTS_FAKE_HISTORY_H
#define SLUICE_TESTS_FAKE_HISTORY_H

enum status engine_groups(struct engine *engine, int64_t job,
                          const struct engine_group_place *after, int limit,
                          void (*visit)(void *context, const struct engine_group *group),
                          void *context, struct error *error)
{
	static const struct engine_group groups[] = {
		{0xab12, "http", 404, NULL, "not \"found\"", 12, 1767323045000, 1767323046000, 17,
		 {17, 19}, 2, {3, 9}, 2, 10, 1767323040000},
		{.id = UINT64_MAX, .class_name = "connect", .code = "1001", .count = 1,
		 .first_at_ms = 1767323045000, .last_at_ms = 1767323045000, .sample_seq = 3},
	};

	(void)engine;
	(void)job;
	(void)error;
	fake.limit = limit;
	fake.after = after->count;
	for (int i = after->id == 0xab12; i < 2 && limit-- > 0; i++)
		visit(context, &groups[i]);
	return STATUS_OK;
}

enum status engine_series(struct engine *engine, int64_t job, int64_t since_ms,
                          void (*visit)(void *context, const struct meter_sample *sample),
                          void *context, int *step_s, struct error *error)
{
	static const struct meter_sample samples[] = {
		{1767323040000, 50, 1, 4, 5, 2, 3, 30, 31, 180, 260.5f, 900, 8},
		{1767323048000, 0, 0, 0, 0, 0, 0, 0, 31, 0, 0, 0, 1},
	};

	(void)engine;
	(void)job;
	(void)error;
	fake.after = since_ms;
	visit(context, &samples[0]);
	visit(context, &samples[1]);
	*step_s = 8;
	return STATUS_OK;
}

/* PUT http://x/SEQ; an input without "n" cannot be sent. */
enum status engine_item_request(struct engine *engine, int64_t job, int64_t seq,
                                const struct json_span *input, struct plan_shown *shown,
                                struct buffer *changes, struct error *error)
{
	struct json_span value;

	(void)engine;
	(void)job;
	if (input != NULL && !json_member(*input, "n", 1, &value))
		return error_set(error, STATUS_USAGE, "request.url: field 'n' is missing");
	buffer_text(&shown->method, "PUT");
	buffer_printf(&shown->url, "http://x/%lld", (long long)seq);
	buffer_text(&shown->headers, "X-Key: ***\n");
	shown->has_body = true;
	buffer_append(&shown->body, input != NULL ? "\xff\0" : "{}", 2);
	if (changes != NULL)
		buffer_text(changes, input != NULL ? "[{\"field\":\"n\"}]" : "[]");
	return STATUS_OK;
}

enum status engine_item_edits(struct engine *engine, int64_t job, int64_t seq,
                              struct engine_edits *edits, struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	if (seq != 18)
		return STATUS_OK;
	buffer_text(&edits->original, "{\"n\":0}");
	edits->at_ms = 1767323045000;
	strcpy(edits->who, "page");
	return STATUS_OK;
}

enum status engine_item_retry_with(struct engine *engine, int64_t job, int64_t seq,
                                   struct json_span input, bool done_too, const char *who,
                                   struct engine_operation *out, struct error *error)
{
	(void)engine;
	(void)job;
	(void)seq;
	fake_note(fake.who, sizeof(fake.who), who);
	snprintf(fake.filter, sizeof(fake.filter), "%.*s", (int)input.length, input.at);
	fake.selection.done_too = done_too;
	*out = fake.operation;
	return fake_fail(error, fake.act);
}

/* Of every text one row, and a fault where it says so. */
enum status engine_try(const struct spec *spec, const char *items, size_t length,
                       struct engine_trial *told, struct error *error)
{
	struct plan_shown shown = {0};

	(void)spec;
	(void)error;
	fake.format = told->format;
	fake.limit = told->render;
	fake.dry_run = told->cut;
	told->rows = 1;
	buffer_text(&told->columns, "[\"n\"]");
	buffer_text(&shown.method, "GET");
	buffer_append(&shown.url, items, length);
	told->visit(told->context, 1, &shown);
	plan_shown_free(&shown);
	if (strstr(items, "BAD") != NULL)
		error_set(&told->fault, STATUS_USAGE, "row 2: bad");
	return STATUS_OK;
}

/* Corrections: a row a line, every one changed; job 2 has no key. */
struct engine_correction {
	int64_t rows;
};

enum status engine_correction_open(struct engine *engine, int64_t job, enum items_format format,
                                   bool dry_run, const char *who,
                                   struct engine_correction **correction, struct error *error)
{
	(void)engine;
	fake.format = format;
	fake.dry_run = dry_run;
	fake_note(fake.who, sizeof(fake.who), who);
	if (job == 2)
		return error_set(error, STATUS_CONFLICT, "the job has no key");
	*correction = calloc(1, sizeof(**correction));
	return *correction != NULL ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "no memory");
}

enum status engine_correction_feed(struct engine_correction *correction, const char *bytes,
                                   size_t length, struct error *error)
{
	if (memmem(bytes, length, "BAD", 3) != NULL)
		return error_set(error, STATUS_USAGE, "row 2: bad");
	for (size_t i = 0; i < length; i++)
		correction->rows += bytes[i] == '\n';
	return STATUS_OK;
}

enum status engine_correction_close(struct engine_correction *correction, bool abandoned,
                                    struct engine_corrected *out, struct error *error)
{
	(void)abandoned;
	(void)error;
	out->rows = out->matched = out->changed = correction->rows;
	out->operation = fake.dry_run ? 0 : 7;
	if (correction->rows > 0)
		buffer_text(&out->diffs, "{\"seq\":\"1\"}");
	free(correction);
	return STATUS_OK;
}

void engine_corrected_free(struct engine_corrected *corrected)
{
	buffer_free(&corrected->diffs);
	buffer_free(&corrected->misses);
}

#endif
