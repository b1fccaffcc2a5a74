/* Export: rows of any number, a piece at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

struct export_stream {
	struct engine_export *export;
	char file_name[64];
	bool ended;
};

static bool export_piece(void *context, struct buffer *piece)
{
	struct export_stream *stream = context;
	size_t before = piece->length;
	struct error error = {0};

	if (stream->ended)
		return false;
	if (engine_export_next(stream->export, piece, &stream->ended, &error) != STATUS_OK)
		piece->failed = true;
	stream->ended |= piece->failed;
	return !stream->ended || piece->length > before || piece->failed;
}

static void export_close(void *context)
{
	struct export_stream *stream = context;

	engine_export_close(stream->export);
	free(stream);
}

static const char *const formats[] = {
	[EXPORT_NDJSON] = "ndjson", [EXPORT_CSV] = "csv", [EXPORT_HTML] = "html"};
static const char *const content_types[] = {
	[EXPORT_NDJSON] = "application/x-ndjson",
	[EXPORT_CSV] = "text/csv; charset=utf-8",
	[EXPORT_HTML] = "text/html; charset=utf-8",
};

static bool format_ask(struct call *call, enum export_format *format)
{
	size_t choice;
	bool good = ask_choice(call, "format", formats, 3, "ndjson, csv or html", &choice);

	*format = (enum export_format)choice;
	return good;
}

/* ?state= and ?filter= together, in the filter language. */
static bool filter_ask(struct call *call, struct buffer *filter)
{
	const char *state = ask_text(call, "state"), *given = ask_text(call, "filter");
	enum item_state parsed;

	if (state != NULL && !item_state_parse(state, &parsed)) {
		reply_problem(call, 400, "state: '%s' is no state of an item", state);
		return false;
	}
	if (state != NULL)
		buffer_printf(filter, "state:%s", state);
	if (state != NULL && given != NULL)
		buffer_char(filter, ' ');
	if (given != NULL)
		buffer_text(filter, given);
	if (filter->failed)
		reply_problem(call, 500, "out of memory");
	return !filter->failed;
}

void export_stream(struct call *call)
{
	struct route_response *response = call->response;
	struct export_stream *stream = NULL;
	struct buffer filter = {0};
	struct error error = {0};
	enum export_format format;

	if (!format_ask(call, &format) || !filter_ask(call, &filter))
		goto out;
	stream = calloc(1, sizeof(*stream));
	if (stream == NULL) {
		reply_problem(call, 500, "out of memory");
		goto out;
	}
	if (engine_export_open(call->engine, call->job, format, filter.data, &stream->export,
	                       &error) != STATUS_OK) {
		reply_error(call, &error);
		free(stream);
		goto out;
	}
	snprintf(stream->file_name, sizeof(stream->file_name), "job-%lld.%s",
	         (long long)call->job, formats[format]);
	response->status = 200;
	response->content_type = content_types[format];
	response->file_name = stream->file_name;
	response->next = export_piece;
	response->close = export_close;
	response->stream = stream;
out:
	buffer_free(&filter);
}
