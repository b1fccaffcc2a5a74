/* The façade's part about export: rows out as NDJSON or CSV, page by page, so
 * that memory stays flat and no read transaction lasts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/engine_internal.h"
#include "engine/run/export_csv.h"
#include "engine/run/report.h"
#include "engine/store/filter.h"
#include "engine/store/reads.h"

/* Columns of items that were no CSV: of so many items. */
#define COLUMNS_OF_ITEMS 100000
#define PAGE_ROWS 500
#define PAGE_SCAN 20000

struct engine_export {
	struct engine *engine;
	struct job_row row;
	struct spec *spec;
	struct filter *filter;
	enum export_format format;
	int64_t after;
	bool begun;              /* the header line is out */
	struct export_csv csv;
	struct buffer *out;      /* of the call under way */
	char *selection;         /* the filter's text */
};

#define REPORT_FILTER "state:failed,unknown"
#define REPORT_CAUSES 100

/* ---- NDJSON ------------------------------------------------------------------- */

/* No printf in here: it took a sixth of an export's time. */
static void put_text(struct buffer *out, const char *before, const char *text)
{
	buffer_text(out, before);
	buffer_json_text(out, text);
}

static void put_ndjson(struct buffer *out, const struct item_row *row)
{
	buffer_text(out, "{\"seq\":\"");
	buffer_int64(out, row->seq);
	put_text(out, "\",\"key\":", row->key);
	put_text(out, ",\"state\":", item_state_name(row->state));
	buffer_text(out, ",\"attempts\":");
	buffer_int64(out, row->attempts);
	buffer_text(out, ",\"http_status\":");
	if (row->http_status != 0)
		buffer_int64(out, row->http_status);
	else
		buffer_text(out, "null");
	put_text(out, ",\"class\":",
	         row->class_name != NULL && row->class_name[0] ? row->class_name : NULL);
	put_text(out, ",\"code\":", row->code);
	put_text(out, ",\"message\":", row->message);
	buffer_text(out, ",\"input\":");
	buffer_append(out, row->input.at, row->input.length);
	buffer_text(out, ",\"extracted\":");
	if (row->extracted.length > 0)
		buffer_append(out, row->extracted.at, row->extracted.length);
	else
		buffer_text(out, "null");
	buffer_text(out, ",\"response\":");
	if (row->body.at != NULL)
		buffer_json(out, row->body.at, row->body.length);
	else
		buffer_text(out, "null");
	buffer_text(out, "}\n");
}

/* ---- the pages -------------------------------------------------------------------- */

static enum status gather_members(void *context, const struct item_row *row)
{
	struct engine_export *export = context;

	export_csv_gather(&export->csv, row->input);
	return export->csv.columns.failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* The columns of the source, or, for items that were no CSV, the members of the
 * first COLUMNS_OF_ITEMS items. */
static enum status find_columns(struct engine_export *export, struct error *error)
{
	struct item_query query = {.limit = 1000, .scan_max = 100000, .parts = ITEM_INPUT};
	const char *known = export->row.source_columns;
	enum status status = STATUS_OK;
	int64_t next = 0;
	struct db *db;

	if (known != NULL && known[0] == '[' && json_check(known, strlen(known), NULL)) {
		export_csv_columns(&export->csv, (struct json_span){known, strlen(known)});
		return export->csv.columns.failed ? STATUS_NO_MEMORY : STATUS_OK;
	}
	buffer_text(&export->csv.columns, "[]");
	do {
		status = engine_reader(export->engine, &db, error);
		if (status != STATUS_OK)
			break;
		status = reads_items(db, &export->row, &query, gather_members, export, &next, error);
		engine_reader_done(export->engine, db);
		query.after = next;
	} while (status == STATUS_OK && next > 0 && next <= COLUMNS_OF_ITEMS);
	return status;
}

enum status engine_export_open(struct engine *engine, int64_t job, enum export_format format,
                               const char *filter, struct engine_export **out,
                               struct error *error)
{
	struct engine_export *export = calloc(1, sizeof(*export));
	enum status status;

	if (export == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	export->engine = engine;
	export->format = format;
	if (format == EXPORT_HTML && (filter == NULL || filter[0] == '\0'))
		filter = REPORT_FILTER;
	export->selection = strdup(filter != NULL ? filter : "");
	status = export->selection != NULL ? filter_parse(filter, &export->filter, error)
	                                   : error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = engine_row(engine, job, &export->row, error);
	if (status == STATUS_OK)
		status = spec_parse(export->row.spec, strlen(export->row.spec), NULL, &export->spec, error);
	if (status == STATUS_OK && format == EXPORT_CSV)
		status = find_columns(export, error);
	if (status == STATUS_OK)
		*out = export;
	else
		engine_export_close(export);
	return status;
}

static enum status put_row(void *context, const struct item_row *row)
{
	struct engine_export *export = context;

	if (export->format == EXPORT_CSV)
		export_csv_row(&export->csv, export->spec, row, export->out);
	else if (export->format == EXPORT_HTML)
		report_item(export->out, row);
	else
		put_ndjson(export->out, row);
	return export->out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* All that stands before the items. */
static enum status put_report(struct engine_export *export, struct error *error)
{
	struct report_course course = {0};
	struct engine_progress progress;
	const int64_t job = export->row.id;
	int step_s;
	enum status status = engine_job_progress(export->engine, job, &progress, error);

	if (status == STATUS_OK)
		status = engine_series(export->engine, job, 0, report_course_add, &course, &step_s,
		                       error);
	if (status == STATUS_OK && course.failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK) {
		report_begin(export->out, &progress, &course);
		report_causes_begin(export->out);
		status = engine_groups(export->engine, job, NULL, REPORT_CAUSES, report_cause,
		                       export->out, error);
		report_causes_end(export->out);
		report_items_begin(export->out, export->selection);
	}
	free(course.samples);
	return status;
}

enum status engine_export_next(struct engine_export *export, struct buffer *out, bool *end,
                               struct error *error)
{
	const struct item_query query = {
	    .filter = export->filter,
	    .after = export->after,
	    .limit = PAGE_ROWS,
	    .scan_max = PAGE_SCAN,
	    .extracted = true,
	    .body = export->format == EXPORT_NDJSON,
	};
	struct db *db;
	enum status status = STATUS_OK;

	export->out = out;
	if (!export->begun && export->format == EXPORT_CSV)
		export_csv_header(&export->csv, export->spec, out);
	if (!export->begun && export->format == EXPORT_HTML)
		status = put_report(export, error);
	export->begun = true;
	if (status == STATUS_OK)
		status = engine_reader(export->engine, &db, error);
	if (status != STATUS_OK)
		return status;
	status = reads_items(db, &export->row, &query, put_row, export, &export->after, error);
	engine_reader_done(export->engine, db);
	*end = status != STATUS_OK || export->after == 0;
	if (status == STATUS_OK && *end && export->format == EXPORT_HTML)
		report_end(out);
	return status;
}

void engine_export_close(struct engine_export *export)
{
	if (export == NULL)
		return;
	filter_free(export->filter);
	spec_free(export->spec);
	job_row_free(&export->row);
	export_csv_free(&export->csv);
	free(export->selection);
	free(export);
}
