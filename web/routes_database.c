/* The database, and whether all is well with it. */
#include <stdlib.h>

#include "web/handlers.h"

void health_live(struct call *call)
{
	call->response->status = 200;
	call->response->content_type = "text/plain; charset=utf-8";
	buffer_text(&call->response->body, "ok\n");
}

void health_ready(struct call *call)
{
	struct error error = {0};

	if (engine_health(call->engine, &error) == STATUS_OK)
		health_live(call);
	else
		reply_problem(call, 503, "%s", error.text);
}

/* A broken database is an answer, not a failure to answer. */
void database_check(struct call *call)
{
	struct buffer report = {0};
	struct error error = {0};
	enum status status = engine_db_check(call->engine, &report, &error);

	if (status != STATUS_OK && status != STATUS_CORRUPT) {
		reply_error(call, &error);
	} else {
		struct buffer *out = reply_json(call);

		buffer_printf(out, "{\"ok\":%s,\"report\":",
		              status == STATUS_OK ? "true" : "false");
		buffer_json(out, report.data, report.length);
		buffer_char(out, '}');
		out->failed = out->failed || report.failed;
	}
	buffer_free(&report);
}

void database_backup(struct call *call)
{
	static const char *const known[] = {"path", NULL};
	struct json_span body;
	struct error error = {0};
	char *path = NULL;

	if (!ask_body(call, known, &body) || !ask_member_text(call, body, "path", &path))
		return;
	if (path == NULL || path[0] != '/') {
		reply_problem(call, 400, "path: an absolute path");
	} else if (engine_db_backup(call->engine, path, &error) != STATUS_OK) {
		reply_error(call, &error);
	} else {
		struct buffer *out = reply_json(call);

		buffer_text(out, "{\"path\":");
		buffer_json_text(out, path);
		buffer_char(out, '}');
	}
	free(path);
}

void database_vacuum(struct call *call)
{
	struct error error = {0};

	if (engine_db_vacuum(call->engine, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		buffer_text(reply_json(call), "{}");
}
