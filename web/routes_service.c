/* The service itself, and job files tried before a job is made. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/secret.h"
#include "engine/request/spec.h"
#include "web/handlers.h"
#include "web/job_files.h"

void server_show(struct call *call)
{
	static const struct route_service in_process;
	const struct route_service *service = call->request->service;
	struct buffer *out = reply_json(call);

	if (service == NULL)
		service = &in_process;
	buffer_text(out, "{\"version\":");
	buffer_json_text(out, SLUICE_VERSION);
	buffer_text(out, ",\"label\":");
	buffer_json_text(out, service->label);
	buffer_printf(out, ",\"read_only\":%s,\"base_path\":", service->read_only ? "true" : "false");
	buffer_json_text(out, service->base_path != NULL ? service->base_path : "");
	buffer_text(out, ",\"listen\":");
	buffer_json_text(out, service->listen);
	buffer_char(out, '}');
}

/* ---- trying a job ------------------------------------------------------- */

struct trying {
	struct engine_trial told;
	struct buffer requests;
	int count;
};

static void request_visit(void *context, int64_t seq, const struct plan_shown *shown)
{
	struct trying *trying = context;
	struct buffer *out = &trying->requests;

	buffer_text(out, trying->count++ > 0 ? ",{\"seq\":" : "{\"seq\":");
	write_id(out, seq);
	buffer_text(out, ",\"request\":");
	write_request(out, shown);
	buffer_char(out, '}');
}

static void try_answer(struct call *call, const struct spec *spec, const struct trying *trying)
{
	const struct engine_trial *told = &trying->told;
	struct buffer *out = reply_json(call);

	buffer_text(out, "{\"name\":");
	buffer_json_text(out, spec->name);
	buffer_printf(out, ",\"rows\":%lld,\"columns\":", (long long)told->rows);
	if (told->columns.length > 0)
		buffer_append(out, told->columns.data, told->columns.length);
	else
		buffer_text(out, "[]");
	buffer_text(out, ",\"requests\":[");
	buffer_append(out, trying->requests.data != NULL ? trying->requests.data : "",
	              trying->requests.length);
	buffer_text(out, "],\"fault\":");
	buffer_json_text(out, told->fault.status != STATUS_OK ? told->fault.text : NULL);
	buffer_char(out, '}');
	out->failed = out->failed || trying->requests.failed || told->columns.failed;
}

static void try_spec(struct call *call, struct json_span job, const char *items,
                     struct trying *trying)
{
	struct engine_trial *told = &trying->told;
	struct secret_set *given = secret_set_new();
	struct spec *spec = NULL;
	struct error error = {0};

	if (given == NULL) {
		reply_problem(call, 500, "out of memory");
	} else if (spec_parse(job.at, job.length, given, &spec, &error) != STATUS_OK) {
		reply_error(call, &error);
	} else if (job_files_check(spec, getenv("SLUICE_API_FILES"), &error) != STATUS_OK) {
		reply_error(call, &error);
	} else {
		if (told->format == FORMAT_AUTO)
			told->format = spec->format;
		if (engine_try(spec, items, strlen(items), told, &error) != STATUS_OK)
			reply_error(call, &error);
		else
			try_answer(call, spec, trying);
	}
	spec_free(spec);
	secret_set_free(given);
}

void check_try(struct call *call)
{
	static const char *const known[] = {"job", "items", "format", "cut", "render", NULL};
	struct trying trying = {.told = {.render = 5, .visit = request_visit}};
	char *items = NULL, *format = NULL;
	struct json_span body, job;

	trying.told.context = &trying;
	if (!ask_body(call, known, &body) || !ask_member_text(call, body, "items", &items)
	    || !ask_member_text(call, body, "format", &format)
	    || !ask_member_flag(call, body, "cut", &trying.told.cut)
	    || !ask_member_number(call, body, "render", 0, 100, &trying.told.render))
		goto out;
	if (!json_member(body, "job", strlen("job"), &job) || json_type(job) != JSON_OBJECT) {
		reply_problem(call, 400, "job: the content of a job file, an object");
		goto out;
	}
	if (!ask_format(call, format, &trying.told.format))
		goto out;
	try_spec(call, job, items != NULL ? items : "", &trying);
out:
	buffer_free(&trying.requests);
	buffer_free(&trying.told.columns);
	free(items);
	free(format);
}
