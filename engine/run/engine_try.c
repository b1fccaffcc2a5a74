/* A job file and the first of its rows, tried before a job is made: nothing is
 * opened, sent or stored, and no secret needs to be at hand. */
#include <string.h>

#include "engine/intake/ingest.h"
#include "engine/request/secret_reference.h"
#include "engine/run/engine.h"

struct trial {
	const struct spec *spec;
	struct engine_trial *told;
};

/* Where a text that may end within a row ends with one: at a line break outside
 * of quotes, where quotes count. */
static size_t whole_rows(const char *text, size_t length, bool quotes)
{
	size_t end = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		if (quotes && text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\n' && !quoted)
			end = i + 1;
	}
	return end;
}

static bool is_list(enum items_format format, const char *text, size_t length)
{
	size_t first = 0;

	while (first < length && strchr(" \t\r\n", text[first]) != NULL)
		first++;
	return (format == FORMAT_JSON || format == FORMAT_AUTO) && first < length &&
	       text[first] == '[';
}

static bool counts_quotes(enum items_format format, const char *text, size_t length)
{
	size_t first = 0;

	if (format != FORMAT_AUTO)
		return format == FORMAT_CSV;
	while (first < length && strchr(" \t\r\n", text[first]) != NULL)
		first++;
	return first < length && text[first] != '{' && text[first] != '[';
}

static void note_columns(struct engine_trial *told, struct json_span input)
{
	struct json_cursor cursor = json_walk(input);
	struct json_span name, value;

	buffer_char(&told->columns, '[');
	while (json_next(&cursor, &name, &value)) {
		buffer_text(&told->columns, told->columns.length > 1 ? "," : "");
		buffer_append(&told->columns, name.at, name.length);
	}
	buffer_char(&told->columns, ']');
}

static enum status show_row(const struct trial *trial, const struct ingest_batch *batch,
                            const struct ingest_row *row, struct error *error)
{
	static const unsigned char no_uuid[16];
	const struct spec *spec = trial->spec;
	struct engine_trial *told = trial->told;
	const struct json_span input = {batch->text.data + row->at, row->length};
	struct plan_shown shown = {0};
	enum status status;

	if (told->rows == 1)
		note_columns(told, input);
	if (told->rows > told->render)
		return STATUS_OK;
	status = plan_show(spec, spec->name != NULL ? spec->name : "", no_uuid, told->rows,
	                   batch->text.data + row->key_at, row->key_length, input, &shown, error);
	if (status == STATUS_OK)
		told->visit(told->context, told->rows, &shown);
	plan_shown_free(&shown);
	return status;
}

static enum status take_batch(void *context, struct ingest_batch *batch, struct error *error)
{
	const struct trial *trial = context;
	enum status status = STATUS_OK;

	for (int i = 0; status == STATUS_OK && i < batch->row_count; i++) {
		trial->told->rows++;
		status = show_row(trial, batch, &batch->rows[i], error);
	}
	ingest_batch_free(batch);
	return status;
}

static enum status take_columns(void *context, struct ingest_batch *batch, struct error *error)
{
	struct engine_trial *told = context;
	const struct ingest_row *row = batch->rows;

	(void)error;
	if (batch->row_count > 0 && told->columns.length == 0)
		note_columns(told, (struct json_span){batch->text.data + row->at, row->length});
	ingest_batch_free(batch);
	return STATUS_OK;
}

/* Feeds it all; a list that was cut off has no end, but whole members. */
static enum status feed(struct ingest *ingest, const char *items, size_t length, bool open_end,
                        struct error *fault)
{
	enum status status = ingest_upload_feed(ingest, items, length, fault);

	if (status != STATUS_OK)
		return status;
	return open_end ? ingest_upload_flush(ingest, fault) : ingest_upload_end(ingest, fault);
}

/* The fields that there are, where not even the first row fits the request. */
static void columns_alone(struct ingest_options options, const char *items, size_t length,
                          bool open_end, struct engine_trial *told)
{
	struct ingest *ingest = NULL;
	struct error ignored;

	options.plan = NULL;
	if (ingest_upload_new(&options, (struct ingest_sink){take_columns, told}, &ingest,
	                      &ignored) == STATUS_OK)
		feed(ingest, items, length, open_end, &ignored);
	ingest_close(ingest);
}

enum status engine_try(const struct spec *spec, const char *items, size_t length,
                       struct engine_trial *told, struct error *error)
{
	static const unsigned char no_uuid[16];
	struct trial trial = {spec, told};
	struct ingest_options options = {
	    .path = "-", .name = "items", .format = told->format, .key = spec->key};
	struct secret_set *markers = secret_set_new_markers();
	struct ingest *ingest = NULL;
	struct plan *plan = NULL;
	bool open_end;
	enum status status = markers != NULL ? STATUS_OK
	                                     : error_set(error, STATUS_NO_MEMORY, "out of memory");

	open_end = told->cut && is_list(told->format, items, length);
	if (told->cut && !open_end)
		length = whole_rows(items, length, counts_quotes(told->format, items, length));
	if (status == STATUS_OK)
		status = plan_make(spec, spec->name != NULL ? spec->name : "", no_uuid, markers, &plan,
		                   error);
	options.plan = plan;
	if (status == STATUS_OK)
		status = ingest_upload_new(&options, (struct ingest_sink){take_batch, &trial}, &ingest,
		                           error);
	if (status == STATUS_OK && length > 0) {
		status = feed(ingest, items, length, open_end, &told->fault);
		if (status == STATUS_USAGE)
			status = STATUS_OK; /* what is wrong with the rows is the answer */
		else if (status != STATUS_OK && error != NULL)
			*error = told->fault;
		if (status == STATUS_OK && told->columns.length == 0)
			columns_alone(options, items, length, open_end, told);
	}
	ingest_close(ingest);
	plan_free(plan);
	secret_set_free(markers);
	return status;
}
