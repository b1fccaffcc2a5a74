/* The façade's part about single items and the log: reads only. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/plan.h"
#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"
#include "engine/store/filter.h"
#include "engine/store/items.h"
#include "engine/store/reads.h"

/* Rows looked at for one page before it is given out short: keeps a page under
 * 100 ms whatever the filter. */
#define PAGE_SCAN_MAX 20000
#define PAGE_SCAN_NS (40 * NS_PER_MS)
#define PAGE_SCAN_LEAST 1000

enum status reading_begin(struct engine *engine, int64_t job, struct reading *reading,
                          struct error *error)
{
	enum status status = engine_row(engine, job, &reading->row, error);

	if (status != STATUS_OK)
		return status;
	status = engine_reader(engine, &reading->db, error);
	if (status != STATUS_OK)
		job_row_free(&reading->row);
	return status;
}

void reading_end(struct engine *engine, struct reading *reading)
{
	job_row_free(&reading->row);
	engine_reader_done(engine, reading->db);
}

static void item_of_row(const struct item_row *row, struct engine_item *item)
{
	*item = (struct engine_item){
	    .seq = row->seq,
	    .state = row->state,
	    .key = row->key,
	    .input = row->input,
	    .attempts = row->attempts,
	    .http_status = row->http_status,
	    .class_name = row->class_name,
	    .code = row->code,
	    .message = row->message,
	    .group = row->group,
	    .duration_ms = row->duration_ms,
	    .at_ms = row->at_ms,
	    .due_ms = row->due_ms,
	    .extracted = row->extracted,
	};
}

struct showing {
	void (*item)(void *context, const struct engine_item *item);
	void (*attempt)(void *context, const struct engine_attempt *attempt);
	void *context;
};

static enum status show_item(void *context, const struct item_row *row)
{
	const struct showing *showing = context;
	struct engine_item item;

	item_of_row(row, &item);
	showing->item(showing->context, &item);
	return STATUS_OK;
}

static void show_one(void *context, const struct item_row *row)
{
	(void)show_item(context, row);
}

enum status engine_items(struct engine *engine, int64_t job, const struct engine_page *page,
                         void (*visit)(void *context, const struct engine_item *item),
                         void *context, int64_t *next, struct error *error)
{
	struct showing showing = {visit, NULL, context};
	struct item_query query = {.after = page->after,
	                           .limit = page->limit,
	                           .scan_max = PAGE_SCAN_MAX,
	                           .scan_ns = PAGE_SCAN_NS,
	                           .scan_least = PAGE_SCAN_LEAST,
	                           .extracted = page->extracted};
	struct filter *filter = NULL;
	struct reading reading;
	enum status status = filter_parse(page->filter, &filter, error);

	if (status == STATUS_OK)
		status = reading_begin(engine, job, &reading, error);
	if (status == STATUS_OK) {
		query.filter = filter;
		status = reads_items(reading.db, &reading.row, &query, show_item, &showing, next, error);
		reading_end(engine, &reading);
	}
	filter_free(filter);
	return status;
}

static void show_attempt(void *context, const struct attempt_row *row)
{
	const struct showing *showing = context;
	struct engine_attempt attempt = {
	    .n = row->n,
	    .at_ms = row->at_ms,
	    .duration_ms = row->duration_ms,
	    .connect_ms = row->connect_ms,
	    .first_byte_ms = row->first_byte_ms,
	    .http_status = row->http_status,
	    .curl_error = row->curl_error,
	    .class_name = row->class_name,
	    .message = row->message,
	    .wait_ms = row->wait_ms,
	    .wait_source = row->wait_source,
	    .request = row->request,
	    .headers = row->headers,
	    .body = row->body,
	    .body_length = row->body_length,
	    .body_bytes = row->bytes,
	    .truncated = row->body != NULL && (int64_t)row->body_length < row->bytes,
	};

	(void)decision_parse(row->decision, &attempt.decision);
	showing->attempt(showing->context, &attempt);
}

enum status engine_item(struct engine *engine, int64_t job, int64_t seq,
                        void (*item)(void *context, const struct engine_item *item),
                        void (*attempt)(void *context, const struct engine_attempt *attempt),
                        void *context, struct error *error)
{
	struct showing showing = {item, attempt, context};
	struct reading reading;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	status = reads_item(reading.db, &reading.row, seq, show_one, show_attempt, &showing, error);
	reading_end(engine, &reading);
	return status;
}

enum status engine_item_curl(struct engine *engine, int64_t job, int64_t seq, struct buffer *out,
                             struct error *error)
{
	struct reading reading;
	struct spec *spec = NULL;
	char *input = NULL, *key = NULL;
	size_t length = 0;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	status = spec_parse(reading.row.spec, strlen(reading.row.spec), NULL, &spec, error);
	if (status == STATUS_OK)
		status = items_input(reading.db, job, seq, &input, &length, &key, error);
	if (status == STATUS_OK)
		status = plan_curl_of_spec(spec, reading.row.name, reading.row.uuid, seq, key,
		                           key != NULL ? strlen(key) : 0,
		                           (struct json_span){input, length}, out, error);
	free(input);
	free(key);
	spec_free(spec);
	reading_end(engine, &reading);
	return status;
}

/* ---- the log --------------------------------------------------------------- */

struct event_showing {
	void (*visit)(void *context, const struct engine_event *event);
	void *context;
};

static void show_event(void *context, int64_t id, int64_t at_ms, const char *who,
                       const char *what, const char *detail)
{
	const struct event_showing *showing = context;
	const struct engine_event event = {id, at_ms, who, what, detail};

	showing->visit(showing->context, &event);
}

enum status engine_events(struct engine *engine, int64_t job, int64_t after, int limit,
                          void (*visit)(void *context, const struct engine_event *event),
                          void *context, struct error *error)
{
	struct event_showing showing = {visit, context};
	struct reading reading;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	status = reads_events(reading.db, job, after, limit, show_event, &showing, error);
	reading_end(engine, &reading);
	return status;
}

enum status engine_bad_rows(struct engine *engine, int64_t job, int64_t after, int limit,
                            void (*visit)(void *context, int64_t row, const char *fault,
                                          const char *raw),
                            void *context, struct error *error)
{
	struct reading reading;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	status = reads_bad_rows(reading.db, job, after, limit, visit, context, error);
	reading_end(engine, &reading);
	return status;
}
