#include "web/routes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

struct route {
	const char *method, *pattern;
	void (*handle)(struct call *call);
	bool reads;       /* changes nothing, though it is no GET */
	const char *asks; /* the parameters it knows; NULL: probes may say what they like */
};

/* {job}: an id or a name; {seq} and {op}: a number. */
static const struct route routes[] = {
	{"GET", "/healthz", health_live, true, NULL},
	{"GET", "/readyz", health_ready, true, NULL},
	{"GET", "/metrics", metrics_show, true, NULL},
	{"GET", "/api/v1/healthz", health_live, true, NULL},
	{"GET", "/api/v1/readyz", health_ready, true, NULL},
	{"GET", "/api/v1/metrics", metrics_show, true, NULL},
	{"GET", "/api/v1/jobs", jobs_page, true, "before after limit"},
	{"POST", "/api/v1/jobs", jobs_create, false, "start replace"},
	{"GET", "/api/v1/jobs/{job}", job_show, true, ""},
	{"PATCH", "/api/v1/jobs/{job}", job_patch, false, ""},
	{"DELETE", "/api/v1/jobs/{job}", job_remove, false, ""},
	{"POST", "/api/v1/jobs/{job}/pause", job_pause, false, ""},
	{"POST", "/api/v1/jobs/{job}/resume", job_resume, false, ""},
	{"POST", "/api/v1/jobs/{job}/cancel", job_cancel, false, ""},
	{"POST", "/api/v1/jobs/{job}/seal", job_seal, false, ""},
	{"GET", "/api/v1/jobs/{job}/items", items_list, true, "filter after limit"},
	{"POST", "/api/v1/jobs/{job}/items", items_upload, false, UPLOAD_ASKS},
	{"GET", "/api/v1/jobs/{job}/items/{seq}", item_show, true, ""},
	{"GET", "/api/v1/jobs/{job}/items/{seq}/curl", item_curl, true, ""},
	{"POST", "/api/v1/jobs/{job}/items/{seq}/preview", item_preview, true, ""},
	{"POST", "/api/v1/jobs/{job}/items/{seq}/retry", item_retry, false, ""},
	{"POST", "/api/v1/jobs/{job}/retry", bulk_retry, false, "dry_run"},
	{"POST", "/api/v1/jobs/{job}/skip", bulk_skip, false, "dry_run"},
	{"POST", "/api/v1/jobs/{job}/resolve", bulk_resolve, false, "dry_run"},
	{"GET", "/api/v1/jobs/{job}/operations", operations_page, true, "after limit"},
	{"GET", "/api/v1/jobs/{job}/operations/{op}", operation_show, true, ""},
	{"POST", "/api/v1/jobs/{job}/operations/{op}/cancel", operation_cancel, false, ""},
	{"GET", "/api/v1/jobs/{job}/groups", groups_list, true, "after limit"},
	{"GET", "/api/v1/jobs/{job}/series", series_show, true, "since"},
	{"GET", "/api/v1/jobs/{job}/events", events_list, true, "after limit"},
	{"GET", "/api/v1/jobs/{job}/bad-rows", bad_rows_list, true, "after limit"},
	{"GET", "/api/v1/jobs/{job}/export", export_stream, true, "format state filter"},
	{"POST", "/api/v1/explain", explain_show, true, ""},
	{"POST", "/api/v1/check", check_try, true, ""},
	{"GET", "/api/v1/server", server_show, true, ""},
	{"GET", "/api/v1/db/check", database_check, true, ""},
	{"POST", "/api/v1/db/backup", database_backup, false, ""},
	{"POST", "/api/v1/db/vacuum", database_vacuum, false, ""},
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

bool pattern_match(const char *pattern, const char *path, struct captured *captured)
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

	if (route->asks != NULL && !ask_only(call, route->asks))
		return;
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

bool refused_here(struct call *call)
{
	const struct route_service *service = call->request->service;

	if (service == NULL || !service->read_only)
		return false;
	reply_problem(call, 403, "this sluice is read-only (--read-only): nothing is changed here");
	return true;
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
			if (routes[i].reads || !refused_here(&call))
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
