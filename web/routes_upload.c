/* Items that come in over the API, in streams of any length. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

bool routes_is_upload(const char *method, const char *path)
{
	struct captured captured;

	return strcmp(method, "POST") == 0
	       && pattern_match("/api/v1/jobs/{job}/items", path, &captured);
}

/* ---- uploads ---------------------------------------------------------- */

enum { MODE_ADD, MODE_CORRECT };

struct route_upload {
	struct engine_upload *upload;
	struct engine_correction *correction; /* instead */
	bool dry_run;
	struct error error; /* the first; status OK: none */
	struct call call;   /* its request is gone after the open */
};

static bool how_ask(struct call *call, struct engine_upload_how *how)
{
	static const char *const kinds[] = {
		[UPLOAD_RECOGNISED] = "auto", [UPLOAD_APPENDED] = "append", [UPLOAD_NEW] = "new",
	};
	size_t kind;

	if (!ask_format(call, ask_text(call, "format"), &how->format)
	    || !ask_choice(call, "upload", kinds, sizeof(kinds) / sizeof(kinds[0]),
	                   "auto, append or new", &kind))
		return false;
	how->kind = (enum upload_kind)kind;
	return true;
}

static struct route_upload *upload_open(struct call *call)
{
	struct route_upload *upload;
	static const char *const modes[] = {[MODE_ADD] = "add", [MODE_CORRECT] = "correct"};
	struct engine_upload_how how;
	struct error error = {0};
	bool dry_run;
	size_t mode;

	if (!how_ask(call, &how)
	    || !ask_choice(call, "mode", modes, 2, "add or correct", &mode)
	    || !ask_flag(call, "dry_run", false, &dry_run))
		return NULL;
	if (mode == MODE_CORRECT && ask_text(call, "upload") != NULL) {
		reply_problem(call, 400, "upload: with mode=add alone");
		return NULL;
	}
	if (dry_run && mode == MODE_ADD) {
		reply_problem(call, 400, "dry_run: with mode=correct alone");
		return NULL;
	}
	upload = calloc(1, sizeof(*upload));
	if (upload == NULL) {
		reply_problem(call, 500, "out of memory");
		return NULL;
	}
	upload->dry_run = dry_run;
	if (mode == MODE_CORRECT) {
		if (engine_correction_open(call->engine, call->job, how.format, dry_run,
		                           call->request->who, &upload->correction, &error)
		    != STATUS_OK) {
			reply_error(call, &error);
			free(upload);
			return NULL;
		}
	} else if (engine_upload_open(call->engine, call->job, &how, &upload->upload, &error)
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
	if (refused_here(&call) || !ask_only(&call, UPLOAD_ASKS))
		return NULL;
	pattern_match("/api/v1/jobs/{job}/items", request->path, &captured);
	if (engine_job_find(engine, captured.job, &call.job, &error) != STATUS_OK) {
		reply_error(&call, &error);
		return NULL;
	}
	return upload_open(&call);
}

void routes_upload_feed(struct route_upload *upload, const char *bytes, size_t length)
{
	if (upload->error.status != STATUS_OK || length == 0)
		return;
	if (upload->correction != NULL)
		engine_correction_feed(upload->correction, bytes, length, &upload->error);
	else
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

static void write_corrected(struct buffer *out, const struct engine_corrected *told, bool dry_run)
{
	const struct {
		const char *name;
		int64_t count;
	} counts[] = {
		{"rows", told->rows},           {"matched", told->matched},
		{"changed", told->changed},     {"unchanged", told->unchanged},
		{"unfit", told->unfit},         {"not_found", told->not_found},
		{"not_failed", told->not_failed}, {"unknown", told->unknown},
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		buffer_printf(out, "%c\"%s\":%lld", i > 0 ? ',' : '{', counts[i].name,
		              (long long)counts[i].count);
	buffer_printf(out, ",\"dry_run\":%s,\"operation\":", dry_run ? "true" : "false");
	write_id_or_null(out, told->operation);
	buffer_text(out, ",\"diffs\":[");
	buffer_append(out, told->diffs.data != NULL ? told->diffs.data : "", told->diffs.length);
	buffer_text(out, "],\"misses\":[");
	buffer_append(out, told->misses.data != NULL ? told->misses.data : "", told->misses.length);
	buffer_text(out, "]}");
	out->failed = out->failed || told->diffs.failed || told->misses.failed;
}

static void correction_close(struct route_upload *upload, struct route_response *response)
{
	bool broken = response == NULL || upload->error.status != STATUS_OK;
	struct engine_corrected told = {0};
	struct error ending = {0};

	if (engine_correction_close(upload->correction, broken, &told, &ending) != STATUS_OK
	    && !broken)
		upload->error = ending;
	if (response != NULL) {
		memset(response, 0, sizeof(*response));
		upload->call.response = response;
		if (upload->error.status == STATUS_OK)
			write_corrected(reply_json(&upload->call), &told, upload->dry_run);
		else if (told.changed == 0 || upload->dry_run)
			reply_error(&upload->call, &upload->error);
		else
			reply_problem(&upload->call, reply_http_status(upload->error.status),
			              "%s (%lld items before it were corrected)", upload->error.text,
			              (long long)told.changed);
	}
	engine_corrected_free(&told);
	free(upload);
}

void routes_upload_close(struct route_upload *upload, struct route_response *response)
{
	bool broken = response == NULL || upload->error.status != STATUS_OK;
	struct error ending = {0};
	struct engine_upload_rows rows = {0};

	if (upload->correction != NULL) {
		correction_close(upload, response);
		return;
	}
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
