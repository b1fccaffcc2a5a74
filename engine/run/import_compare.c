/* Are the items those of the former run?  And if not, what differs? */
#include <stdlib.h>
#include <string.h>

#include "engine/run/import.h"
#include "engine/store/edits.h"
#include "engine/store/items.h"

struct difference {
	struct engine *engine;
	struct db *db;
	int64_t job, total;
	struct buffer text;
};

/* Which member of the row is not what it was? */
static void name_member(struct json_span old, struct json_span new, struct buffer *out)
{
	struct json_cursor cursor = json_walk(new);
	struct json_span name, value, before;
	struct buffer plain = {0};

	while (json_next(&cursor, &name, &value)) {
		buffer_reset(&plain, 4096);
		json_string_decode(name, &plain);
		if (json_member(old, plain.data != NULL ? plain.data : "", plain.length, &before) &&
		    before.length == value.length && memcmp(before.at, value.at, value.length) == 0)
			continue;
		buffer_printf(out, ", %.100s", plain.data != NULL ? plain.data : "");
		if (json_member(old, plain.data != NULL ? plain.data : "", plain.length, &before))
			buffer_printf(out, ": %.*s -> %.*s", (int)(before.length > 80 ? 80 : before.length),
			              before.at, (int)(value.length > 80 ? 80 : value.length), value.at);
		else
			buffer_text(out, " is new");
		break;
	}
	buffer_free(&plain);
}

/* What came in for an item, whatever a person made of it since. */
static enum status came_in(struct difference *difference, int64_t seq, char **text,
                           size_t *length, struct error *error)
{
	struct edit_row edit = {0};
	char *key = NULL;
	enum status status = edits_get(difference->db, difference->job, seq, &edit, error);

	if (status == STATUS_OK && edit.at_ms != 0) {
		*length = edit.original.length;
		*text = buffer_take(&edit.original);
	} else if (status == STATUS_OK) {
		status = items_input(difference->db, difference->job, seq, text, length, &key, error);
	}
	buffer_free(&edit.original);
	free(key);
	return status;
}

static enum status compare_row(void *context, int64_t seq, struct json_span input,
                               struct error *error)
{
	struct difference *difference = context;
	char *text = NULL;
	size_t length = 0;
	enum status status;

	if (seq > difference->total) {
		buffer_printf(&difference->text, "row %lld is new", (long long)seq);
		return STATUS_CLOSED;
	}
	status = came_in(difference, seq, &text, &length, error);
	if (status != STATUS_OK)
		return status;
	if (length != input.length || memcmp(text, input.at, length) != 0) {
		buffer_printf(&difference->text, "row %lld", (long long)seq);
		name_member((struct json_span){text, length}, input, &difference->text);
		status = STATUS_CLOSED;
	}
	free(text);
	return status;
}

static enum status say_difference(struct import *import, const struct job_row *row,
                                  struct error *error)
{
	struct difference difference = {.engine = import->engine, .job = import->job,
	                                .total = row->total};
	struct error ignored;
	enum status status = engine_reader(import->engine, &difference.db, error);

	if (status != STATUS_OK)
		return status;
	(void)ingest_walk(import->ingest, compare_row, &difference, &ignored);
	engine_reader_done(import->engine, difference.db);
	if (difference.text.length == 0)
		buffer_printf(&difference.text, "it has fewer rows than the %lld that are in",
		              (long long)row->total);
	status = error_set(error, STATUS_CONFLICT,
	                   "%s: the items differ from those of job '%s': %.600s", import->path,
	                   row->name, difference.text.data != NULL ? difference.text.data : "");
	buffer_free(&difference.text);
	return status;
}

/* The same source.  Of a file that was taken in whole there may be more rows only
 * behind a former --limit; of a pipe it shows as it comes. */
static enum status go_on_with_same(struct import *import, const struct engine_import *how,
                                   bool *nothing, struct error *error)
{
	const struct source_state *known = &import->known;
	bool more = false;
	enum status status = STATUS_OK;

	if (!known->complete)
		return STATUS_OK;
	if (!ingest_checked(import->ingest)) {
		import->no_more = !how->append;
		return STATUS_OK;
	}
	if (how->rows_max == 0 || how->rows_max > known->rows)
		status = ingest_has_more(import->ingest, known, &more, error);
	*nothing = !more;
	return status;
}

/* What is there already decides where to go on; *nothing: all of it is in. */
enum status import_compare(struct import *import, const struct job_row *row,
                           const struct engine_import *how, bool *nothing, struct error *error)
{
	enum source_relation relation = SOURCE_NEW;
	enum status status = STATUS_OK;

	*nothing = false;
	if (import->has_known)
		status = ingest_compare(import->ingest, &import->known, &relation, error);
	if (status != STATUS_OK)
		return status;
	switch (relation) {
	case SOURCE_NEW:
		import->has_known = false;
		return STATUS_OK;
	case SOURCE_SAME:
		return go_on_with_same(import, how, nothing, error);
	case SOURCE_APPENDED:
		if (!how->append)
			return error_set(error, STATUS_CONFLICT,
			                 "%s: has more rows than the %lld of job '%s' (the first %lld are "
			                 "the same)",
			                 import->path, (long long)row->source.rows, row->name,
			                 (long long)row->source.rows);
		return STATUS_OK;
	case SOURCE_DIFFERS:
		break;
	}
	if (!how->append || import->spec->key == NULL)
		return say_difference(import, row, error);
	import->has_known = false;
	import->by_key = true;
	return STATUS_OK;
}
