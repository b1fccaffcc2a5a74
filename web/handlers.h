/* Inside the routes: what a handler gets, the helpers it answers with, and the
 * handlers themselves.  Nobody but web/routes*.c and the writers beside them
 * includes this. */
#ifndef SLUICE_WEB_HANDLERS_H
#define SLUICE_WEB_HANDLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/run/engine.h"
#include "web/routes.h"

#define PAGE_LIMIT 100
#define PAGE_LIMIT_MAX 1000
#define PAGE_BYTES_MAX (8u << 20) /* a page of huge items ends early */

struct call {
	struct engine *engine;
	const struct route_request *request;
	struct route_response *response;
	int64_t job;    /* where the pattern has {job}: it exists */
	int64_t number; /* where the pattern has {seq} or {op}: >= 1 */
};

/* What the placeholders of a pattern stood for; "" where it has none. */
#define SEGMENT_BYTES_MAX 512 /* a job's name has at most 100 characters of 4 bytes */
struct captured {
	char job[SEGMENT_BYTES_MAX];
	char number[SEGMENT_BYTES_MAX];
};
#define UPLOAD_ASKS "format upload mode dry_run" /* of POST …/items, which is routed twice */
bool pattern_match(const char *pattern, const char *path, struct captured *captured);
/* Answered with 403: the server is read-only. */
bool refused_here(struct call *call);

/* ---- answers (reply.c) ---------------------------------------------- */

int reply_http_status(enum status status);
void reply_error(struct call *call, const struct error *error);
void reply_problem(struct call *call, int http_status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 200 application/json; the body is where to write. */
struct buffer *reply_json(struct call *call);

void write_id(struct buffer *out, int64_t id);               /* "17" */
void write_id_or_null(struct buffer *out, int64_t id);       /* 0: null */
void write_time(struct buffer *out, int64_t wall_ms);        /* 0: null */
void write_number(struct buffer *out, double value, int decimals); /* not finite: null */
/* As many digits as one request an hour, or a year, needs. */
void write_rate(struct buffer *out, double per_s);
void write_count_or_null(struct buffer *out, int64_t value, int64_t none);
void write_group(struct buffer *out, uint64_t group);        /* 16 hex digits; 0: null */
/* ,"body":"…" or ,"body_base64":"…"; NULL: ,"body":null */
void write_body(struct buffer *out, const char *body, size_t length);
void write_request(struct buffer *out, const struct plan_shown *shown);
void write_progress(struct buffer *out, const struct engine_progress *progress);
void write_item(struct buffer *out, const struct engine_item *item); /* without the closing brace */
void write_operation(struct buffer *out, const struct engine_operation *operation, bool dry_run);

/* ---- questions (ask.c) ----------------------------------------------- */

/* False: answered with 400, for a parameter that is not among `known` (names with blanks
 * between them) or stands twice.  A misspelt one is not to be taken for none. */
bool ask_only(struct call *call, const char *known);
const char *ask_text(const struct call *call, const char *name); /* NULL: not given */
/* A whole number of the query, within [min, max].  False: answered with 400. */
bool ask_number(struct call *call, const char *name, int64_t min, int64_t max, int64_t fallback,
                int64_t *out);
/* The place of a query parameter's value among `names`; without one the first. */
bool ask_choice(struct call *call, const char *parameter, const char *const *names, size_t count,
                const char *said, size_t *choice);
/* What ?format= or a member named so says of items; NULL: AUTO. */
bool ask_format(struct call *call, const char *text, enum items_format *format);
/* "true" or "false". */
bool ask_flag(struct call *call, const char *name, bool fallback, bool *out);
bool number_parse(const char *text, size_t length, int64_t *out); /* digits only, no overflow */

/* The request's body as a JSON object (an empty body is {}) with no members
 * but the known ones (NULL-terminated).  False: answered with 400. */
bool ask_body(struct call *call, const char *const *known, struct json_span *object);
/* Members: absent leaves *out as it is.  False: answered with 400. */
bool ask_member_flag(struct call *call, struct json_span object, const char *name, bool *out);
bool ask_member_text(struct call *call, struct json_span object, const char *name, char **out);
bool ask_member_number(struct call *call, struct json_span object, const char *name, int64_t min,
                       int64_t max, int64_t *out);

/* ---- handlers --------------------------------------------------------- */

void health_live(struct call *call);
void health_ready(struct call *call);
void metrics_show(struct call *call);

void jobs_page(struct call *call);
void jobs_create(struct call *call);
void job_show(struct call *call);
void job_patch(struct call *call);
void job_remove(struct call *call);
void job_pause(struct call *call);
void job_resume(struct call *call);
void job_cancel(struct call *call);
void job_seal(struct call *call);

void items_list(struct call *call);
void items_upload(struct call *call);
void item_show(struct call *call);
void item_curl(struct call *call);
void item_preview(struct call *call);

void item_retry(struct call *call);
void bulk_retry(struct call *call);
void bulk_skip(struct call *call);
void bulk_resolve(struct call *call);
void operations_page(struct call *call);
void operation_show(struct call *call);
void operation_cancel(struct call *call);

void groups_list(struct call *call);
void series_show(struct call *call);
void events_list(struct call *call);
void bad_rows_list(struct call *call);

void export_stream(struct call *call);

void explain_show(struct call *call);
void server_show(struct call *call);
void check_try(struct call *call);

void database_check(struct call *call);
void database_backup(struct call *call);
void database_vacuum(struct call *call);

#endif
