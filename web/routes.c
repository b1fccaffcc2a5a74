#include "web/routes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

#define SEGMENT_BYTES_MAX 512 /* a job's name has at most 100 characters of 4 bytes */

struct route {
	const char *method, *pattern;
	void (*handle)(struct call *call);
};

/* {job}: an id or a name; {seq} and {op}: a number. */
static const struct route routes[] = {
	{"GET", "/healthz", health_live},
	{"GET", "/readyz", health_ready},
	{"GET", "/metrics", metrics_show},
	{"GET", "/api/v1/healthz", health_live},
	{"GET", "/api/v1/readyz", health_ready},
	{"GET", "/api/v1/metrics", metrics_show},
	{"GET", "/api/v1/jobs", jobs_page},
	{"POST", "/api/v1/jobs", jobs_create},
	{"GET", "/api/v1/jobs/{job}", job_show},
	{"PATCH", "/api/v1/jobs/{job}", job_patch},
	{"DELETE", "/api/v1/jobs/{job}", job_remove},
	{"POST", "/api/v1/jobs/{job}/pause", job_pause},
	{"POST", "/api/v1/jobs/{job}/resume", job_resume},
	{"POST", "/api/v1/jobs/{job}/cancel", job_cancel},
	{"POST", "/api/v1/jobs/{job}/seal", job_seal},
	{"GET", "/api/v1/jobs/{job}/items", items_list},
	{"POST", "/api/v1/jobs/{job}/items", items_upload},
	{"GET", "/api/v1/jobs/{job}/items/{seq}", item_show},
	{"GET", "/api/v1/jobs/{job}/items/{seq}/curl", item_curl},
	{"POST", "/api/v1/jobs/{job}/items/{seq}/preview", item_preview},
	{"POST", "/api/v1/jobs/{job}/items/{seq}/retry", item_retry},
	{"POST", "/api/v1/jobs/{job}/retry", bulk_retry},
	{"POST", "/api/v1/jobs/{job}/skip", bulk_skip},
	{"POST", "/api/v1/jobs/{job}/resolve", bulk_resolve},
	{"GET", "/api/v1/jobs/{job}/operations", operations_page},
	{"GET", "/api/v1/jobs/{job}/operations/{op}", operation_show},
	{"GET", "/api/v1/jobs/{job}/groups", groups_list},
	{"GET", "/api/v1/jobs/{job}/series", series_show},
	{"GET", "/api/v1/jobs/{job}/events", events_list},
	{"GET", "/api/v1/jobs/{job}/bad-rows", bad_rows_list},
	{"GET", "/api/v1/jobs/{job}/export", export_stream},
	{"POST", "/api/v1/explain", explain_show},
	{"GET", "/api/v1/db/check", database_check},
	{"POST", "/api/v1/db/backup", database_backup},
	{"POST", "/api/v1/db/vacuum", database_vacuum},
};

/* What the placeholders of a pattern stood for; "" where it has none. */
struct captured {
	char job[SEGMENT_BYTES_MAX];
	char number[SEGMENT_BYTES_MAX];
};

/* Take one non-empty segment off *path into out. */
static bool segment_take(const char **path, char out[SEGMENT_BYTES_MAX])
{
	size_t length = strcspn(*path, "/");

	if (length == 0 || length >= SEGMENT_BYTES_MAX)
		return false;
	memcpy(out, *path, length);
	out[length] = '\0';
	*path += length;
	return true;
}

static bool pattern_match(const char *pattern, const char *path, struct captured *captured)
{
	captured->job[0] = captured->number[0] = '\0';
	while (*pattern != '\0') {
		if (*pattern == '{') {
			char *into = pattern[1] == 'j' ? captured->job : captured->number;

			if (!segment_take(&path, into))
				return false;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static void route_call(struct call *call, const struct route *route,
                       const struct captured *captured)
{
	struct error error = {0};

	if (captured->job[0] != '\0'
	    && engine_job_find(call->engine, captured->job, &call->job, &error) != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	if (captured->number[0] != '\0'
	    && (!number_parse(captured->number, strlen(captured->number), &call->number)
	        || call->number == 0)) {
		reply_problem(call, 404, "no '%s' here: a number from 1 is asked for",
		              captured->number);
		return;
	}
	route->handle(call);
}

static void refuse_method(struct call *call, const char *allow)
{
	reply_problem(call, 405, "%s is not possible here, but %s", call->request->method, allow);
	snprintf(call->response->allow, sizeof(call->response->allow), "%s", allow);
}

void routes_dispatch(struct engine *engine, const struct route_request *request,
                     struct route_response *response)
{
	struct call call = {.engine = engine, .request = request, .response = response};
	struct captured captured;
	char allow[64] = "";
	size_t allowed = 0;

	memset(response, 0, sizeof(*response));
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!pattern_match(routes[i].pattern, request->path, &captured))
			continue;
		if (strcmp(routes[i].method, request->method) == 0) {
			route_call(&call, &routes[i], &captured);
			goto out;
		}
		allowed += (size_t)snprintf(allow + allowed, sizeof(allow) - allowed, "%s%s",
		                            allowed > 0 ? ", " : "", routes[i].method);
		assert(allowed < sizeof(allow));
	}
	if (allowed > 0)
		refuse_method(&call, allow);
	else
		reply_problem(&call, 404, "there is nothing at %s", request->path);
out:
	if (response->body.failed) {
		route_response_free(response);
		routes_problem(response, 500, NULL, "out of memory");
	}
}

bool routes_is_upload(const char *method, const char *path)
{
	struct captured captured;

	return strcmp(method, "POST") == 0
	       && pattern_match("/api/v1/jobs/{job}/items", path, &captured);
}

/* ---- uploads ---------------------------------------------------------- */

struct route_upload {
	struct engine_upload *upload;
	struct error error; /* the first; status OK: none */
	struct call call;   /* its request is gone after the open */
};

/* The place of a query parameter's value among `names`; without one the first. */
static bool choice_ask(struct call *call, const char *parameter, const char *const *names,
                       size_t count, const char *said, size_t *choice)
{
	const char *asked = ask_text(call, parameter);

	*choice = 0;
	if (asked == NULL)
		return true;
	for (; *choice < count; ++*choice)
		if (strcmp(asked, names[*choice]) == 0)
			return true;
	reply_problem(call, 400, "%s: %s, not '%s'", parameter, said, asked);
	return false;
}

static bool how_ask(struct call *call, struct engine_upload_how *how)
{
	static const char *const formats[] = {
		[FORMAT_AUTO] = "auto", [FORMAT_CSV] = "csv",     [FORMAT_NDJSON] = "ndjson",
		[FORMAT_JSON] = "json", [FORMAT_LINES] = "lines",
	};
	static const char *const kinds[] = {
		[UPLOAD_RECOGNISED] = "auto", [UPLOAD_APPENDED] = "append", [UPLOAD_NEW] = "new",
	};
	size_t format, kind;

	if (!choice_ask(call, "format", formats, sizeof(formats) / sizeof(formats[0]),
	                "csv, ndjson, json, lines or auto", &format)
	    || !choice_ask(call, "upload", kinds, sizeof(kinds) / sizeof(kinds[0]),
	                   "auto, append or new", &kind))
		return false;
	how->format = (enum items_format)format;
	how->kind = (enum upload_kind)kind;
	return true;
}

static struct route_upload *upload_open(struct call *call)
{
	struct route_upload *upload;
	struct engine_upload_how how;
	struct error error = {0};

	if (!how_ask(call, &how))
		return NULL;
	upload = calloc(1, sizeof(*upload));
	if (upload == NULL) {
		reply_problem(call, 500, "out of memory");
		return NULL;
	}
	if (engine_upload_open(call->engine, call->job, &how, &upload->upload, &error)
	    != STATUS_OK) {
		reply_error(call, &error);
		free(upload);
		return NULL;
	}
	upload->call.engine = call->engine;
	upload->call.job = call->job;
	return upload;
}

struct route_upload *routes_upload_open(struct engine *engine, const struct route_request *request,
                                        struct route_response *response)
{
	struct call call = {.engine = engine, .request = request, .response = response};
	struct captured captured;
	struct error error = {0};

	assert(routes_is_upload(request->method, request->path));
	memset(response, 0, sizeof(*response));
	pattern_match("/api/v1/jobs/{job}/items", request->path, &captured);
	if (engine_job_find(engine, captured.job, &call.job, &error) != STATUS_OK) {
		reply_error(&call, &error);
		return NULL;
	}
	return upload_open(&call);
}

void routes_upload_feed(struct route_upload *upload, const char *bytes, size_t length)
{
	if (upload->error.status == STATUS_OK && length > 0)
		engine_upload_feed(upload->upload, bytes, length, &upload->error);
}

static void upload_answer(struct call *call, const struct error *error,
                          const struct engine_upload_rows *rows)
{
	long long in = (long long)(rows->added + rows->known);

	if (error->status == STATUS_OK)
		buffer_printf(reply_json(call), "{\"rows\":%lld,\"rows_known\":%lld}",
		              (long long)rows->added, (long long)rows->known);
	else if (in == 0)
		reply_error(call, error);
	else
		reply_problem(call, reply_http_status(error->status),
		              "%s (%lld row%s of this upload %s in; one that begins with %s goes on "
		              "behind)",
		              error->text, in, in == 1 ? "" : "s", in == 1 ? "is" : "are",
		              in == 1 ? "it" : "them");
}

void routes_upload_close(struct route_upload *upload, struct route_response *response)
{
	bool broken = response == NULL || upload->error.status != STATUS_OK;
	struct error ending = {0};
	struct engine_upload_rows rows = {0};

	if (engine_upload_close(upload->upload, broken, &rows, &ending) != STATUS_OK && !broken)
		upload->error = ending;
	if (response != NULL) {
		memset(response, 0, sizeof(*response));
		upload->call.response = response;
		upload_answer(&upload->call, &upload->error, &rows);
	}
	free(upload);
}

void items_upload(struct call *call)
{
	struct route_upload *upload = upload_open(call);

	if (upload == NULL)
		return;
	routes_upload_feed(upload, call->request->body, call->request->body_length);
	routes_upload_close(upload, call->response);
}
