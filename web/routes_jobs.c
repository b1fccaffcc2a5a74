/* Jobs: listing, making, steering, removing. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/secret.h"
#include "engine/request/spec.h"
#include "web/handlers.h"
#include "web/job_files.h"

struct job_listing {
	struct buffer *out;
	int count;
	int64_t last;
};

static void job_visit(void *context, const struct engine_progress *progress)
{
	struct job_listing *listing = context;

	if (listing->count++ > 0)
		buffer_char(listing->out, ',');
	write_progress(listing->out, progress);
	listing->last = progress->id;
}

void jobs_page(struct call *call)
{
	struct job_listing listing = {0};
	struct error error = {0};
	int64_t before, limit;

	/* Listings page by `after`; this one goes down, and so has a plainer name too. */
	if (!ask_number(call, ask_text(call, "after") != NULL ? "after" : "before", 0, INT64_MAX, 0,
	                &before)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"jobs\":[");
	if (engine_jobs(call->engine, before, (int)limit, job_visit, &listing, &error)
	    != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	write_id_or_null(listing.out, listing.count == limit ? listing.last : 0);
	buffer_char(listing.out, '}');
}

void job_show(struct call *call)
{
	struct engine_progress progress = {0};
	struct error error = {0};

	if (engine_job_progress(call->engine, call->job, &progress, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		write_progress(reply_json(call), &progress);
}

/* ---- making one ---------------------------------------------------------- */

/* A job that cannot be started leaves nothing behind, so that the same call
 * can be made again when its cause is gone. */
static enum status job_make(struct call *call, const struct spec *spec,
                            const struct secret_set *given, bool replace, bool start,
                            struct error *error)
{
	if (engine_job_create(call->engine, spec, given, replace, call->request->who, &call->job,
	                      error) != STATUS_OK)
		return error->status;
	if ((start ? engine_job_start(call->engine, call->job, error)
	           : engine_job_hold(call->engine, call->job, call->request->who, error))
	    != STATUS_OK) {
		engine_job_remove(call->engine, call->job, NULL);
		return error->status;
	}
	return STATUS_OK;
}

void jobs_create(struct call *call)
{
	const struct route_request *request = call->request;
	struct secret_set *given = NULL;
	struct spec *spec = NULL;
	struct error error = {0};
	bool start, replace;

	if (!ask_flag(call, "start", true, &start) || !ask_flag(call, "replace", false, &replace))
		return;
	given = secret_set_new();
	if (given == NULL) {
		reply_problem(call, 500, "out of memory");
		return;
	}
	if (spec_parse(request->body != NULL ? request->body : "", request->body_length, given,
	               &spec, &error) != STATUS_OK) {
		reply_error(call, &error);
		goto out;
	}
	if (spec->name == NULL) {
		reply_problem(call, 400, "name: missing");
		goto out;
	}
	if (job_files_check(spec, getenv("SLUICE_API_FILES"), &error) != STATUS_OK) {
		reply_error(call, &error);
		goto out;
	}
	if (job_make(call, spec, given, replace, start, &error) != STATUS_OK) {
		reply_error(call, &error);
		goto out;
	}
	job_show(call);
	if (call->response->status == 200)
		call->response->status = 201;
out:
	spec_free(spec);
	secret_set_free(given);
}

/* ---- steering ------------------------------------------------------------ */

static void show_or_fail(struct call *call, enum status status, const struct error *error)
{
	if (status != STATUS_OK)
		reply_error(call, error);
	else
		job_show(call);
}

/* "rate": "30/s", or null for none.  *rate is the caller's to free. */
static bool rate_ask(struct call *call, struct json_span body, char **rate)
{
	struct json_span value;

	if (json_member(body, "rate", strlen("rate"), &value) && json_type(value) == JSON_NULL) {
		*rate = strdup("");
		return true;
	}
	if (json_member(body, "rate", strlen("rate"), &value) && json_type(value) != JSON_STRING) {
		reply_problem(call, 400, "rate: a text such as \"30/s\", or null for none");
		return false;
	}
	return ask_member_text(call, body, "rate", rate);
}

void job_patch(struct call *call)
{
	static const char *const known[] = {"concurrency", "rate", "burst", NULL};
	struct engine_limits limits = {.concurrency = -1, .burst = -1};
	int64_t concurrency = -1;
	struct json_span body;
	struct error error = {0};
	char *rate = NULL;

	if (ask_body(call, known, &body)
	    && ask_member_number(call, body, "concurrency", 1, 100000, &concurrency)
	    && ask_member_number(call, body, "burst", 1, 1000000, &limits.burst)
	    && rate_ask(call, body, &rate)) {
		limits.concurrency = (int)concurrency;
		limits.rate = rate;
		show_or_fail(call,
		             engine_job_set(call->engine, call->job, &limits, call->request->who,
		                            &error),
		             &error);
	}
	free(rate);
}

void job_pause(struct call *call)
{
	struct error error = {0};

	show_or_fail(call,
	             engine_job_pause(call->engine, call->job, call->request->who, &error), &error);
}

void job_resume(struct call *call)
{
	struct error error = {0};

	show_or_fail(call,
	             engine_job_resume(call->engine, call->job, call->request->who, &error),
	             &error);
}

void job_cancel(struct call *call)
{
	struct error error = {0};

	show_or_fail(call,
	             engine_job_cancel(call->engine, call->job, call->request->who, &error),
	             &error);
}

void job_seal(struct call *call)
{
	struct error error = {0};

	show_or_fail(call, engine_job_seal(call->engine, call->job, call->request->who, &error), &error);
}

void job_remove(struct call *call)
{
	struct error error = {0};

	if (engine_job_remove(call->engine, call->job, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		call->response->status = 204;
}
