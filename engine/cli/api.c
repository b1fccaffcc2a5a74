#include "engine/cli/api.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/cli/document.h"
#include "web/routes.h"

/* An owner without an address may be starting up; a command in process holds
 * the database for a moment.  Both are waited for, this long. */
#define OWNER_WAIT_NS (1500 * NS_PER_MS)
#define OWNER_POLL_MS 50
#define PROBLEM_BYTES_MAX 65536

struct api {
	const struct database *database; /* NULL: inside */
	enum engine_mode mode;           /* in process: how it is opened */
	struct engine *engine;           /* in process */
	bool engine_borrowed;
	struct client *client; /* over HTTP */
};

static void let_go(struct api *api)
{
	if (!api->engine_borrowed)
		engine_close(api->engine);
	api->engine = NULL;
	client_free(api->client);
	api->client = NULL;
}

/* One look: is there a way in?  STATUS_OWNED: not now. */
static enum status try_connect(struct api *api, struct error *error)
{
	struct engine_options options = {.db_path = api->database->path, .mode = api->mode};
	struct engine_owner owner;
	enum status status = engine_owner(api->database->path, &owner, error);

	if (status == STATUS_NOT_FOUND)
		return engine_open(&options, &api->engine, error);
	if (status)
		return status;
	if (!owner.address[0])
		return error_set(error, STATUS_OWNED,
		                 "process %ld works on %s and offers no API (--no-ui)", owner.pid,
		                 api->database->path);
	status = client_new(owner.address, owner.token, &api->client, error);
	explicit_bzero(owner.token, sizeof(owner.token));
	return status;
}

static enum status find_way(struct api *api, struct error *error)
{
	int64_t deadline = clock_mono_ns() + OWNER_WAIT_NS;
	struct timespec pause = {0, OWNER_POLL_MS * NS_PER_MS};

	for (;;) {
		enum status status = try_connect(api, error);
		if (status != STATUS_OWNED || clock_mono_ns() >= deadline)
			return status;
		nanosleep(&pause, NULL);
	}
}

static enum status open_as(enum engine_mode mode, const struct database *database,
                           struct api **api, struct error *error)
{
	struct api *made;
	enum status status;

	if (!database_exists(database))
		return error_set(error, STATUS_NOT_FOUND, "no database at %s", database->path);
	made = calloc(1, sizeof(*made));
	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	made->database = database;
	made->mode = mode;
	status = find_way(made, error);
	if (status)
		free(made);
	else
		*api = made;
	return status;
}

enum status api_open(const struct database *database, struct api **api, struct error *error)
{
	return open_as(ENGINE_MAINTAIN, database, api, error);
}

enum status api_look(const struct database *database, struct api **api, struct error *error)
{
	return open_as(ENGINE_LOOK, database, api, error);
}

enum status api_inside(struct engine *engine, struct api **api, struct error *error)
{
	struct api *made = calloc(1, sizeof(*made));

	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	made->engine = engine;
	made->engine_borrowed = true;
	*api = made;
	return STATUS_OK;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	let_go(api);
	free(api);
}

bool api_owned(const struct api *api)
{
	return api->client != NULL;
}

void api_path(struct api_call *call, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(call->path, sizeof(call->path), format, arguments);
	va_end(arguments);
}

void api_query(struct api_call *call, const char *name, const char *value)
{
	if (!value)
		return;
	assert(call->query_count < API_QUERY_MAX);
	call->query[call->query_count++] = (struct client_query){name, value};
}

/* ---- one exchange ---------------------------------------------------------- */

struct delivery {
	bool (*sink)(void *context, const char *bytes, size_t length);
	void *context;
	struct buffer problem; /* the body of an answer that is an error */
};

static bool deliver(void *context, int http_status, const char *bytes, size_t length)
{
	struct delivery *delivery = context;

	if (http_status < 300)
		return delivery->sink(delivery->context, bytes, length);
	if (delivery->problem.length + length <= PROBLEM_BYTES_MAX)
		buffer_append(&delivery->problem, bytes, length);
	return true;
}

static const char *query_value(void *context, const char *name)
{
	const struct api_call *call = context;

	for (int i = 0; i < call->query_count; i++) {
		if (strcmp(call->query[i].name, name) == 0)
			return call->query[i].value;
	}
	return NULL;
}

static const char *query_name(void *context, int index)
{
	const struct api_call *call = context;

	return index < call->query_count ? call->query[index].name : NULL;
}

static enum status call_inside(struct api *api, const struct api_call *call, const char *path,
                               struct delivery *delivery, int *http_status, struct error *error)
{
	struct route_request request = {
		.method = call->method ? call->method : "GET",
		.path = path,
		.query = query_value,
		.query_name = query_name,
		.context = (void *)(uintptr_t)call,
		.body = call->body ? call->body : "",
		.body_length = call->body ? strlen(call->body) : 0,
		.who = "cli",
	};
	struct route_response response = {0};
	struct buffer piece = {0};
	bool going, more, broken;

	routes_dispatch(api->engine, &request, &response);
	*http_status = response.status;
	going = deliver(delivery, response.status, response.body.data ? response.body.data : "",
	                response.body.length);
	more = response.next != NULL;
	while (going && more && !piece.failed) {
		buffer_reset(&piece, 1u << 20);
		more = response.next(response.stream, &piece);
		going = deliver(delivery, response.status, piece.data ? piece.data : "",
		                piece.length);
	}
	broken = piece.failed;
	buffer_free(&piece);
	route_response_free(&response);
	if (!going)
		return error_set(error, STATUS_CLOSED, "stopped");
	return broken ? error_set(error, STATUS_IO, "the answer broke off before its end")
	              : STATUS_OK;
}

static enum status call_owner(struct api *api, const struct api_call *call, const char *path,
                              struct delivery *delivery, int *http_status, struct error *error)
{
	struct client_request request = {
		.method = call->method ? call->method : "GET",
		.path = path,
		.query = call->query,
		.query_count = call->query_count,
		.body = call->body,
		.body_length = call->body ? strlen(call->body) : 0,
	};

	return client_call(api->client, &request, deliver, delivery, http_status, error);
}

/* The owner may have gone since: then there is another way in. */
static enum status exchange(struct api *api, const struct api_call *call, struct delivery *delivery,
                            int *http_status, struct error *error)
{
	char path[sizeof(ROUTES_PREFIX) + sizeof(call->path)];
	enum status status = STATUS_NOT_FOUND;

	snprintf(path, sizeof(path), "%s%s", ROUTES_PREFIX, call->path);
	if (api->client) {
		status = call_owner(api, call, path, delivery, http_status, error);
		if (status != STATUS_NOT_FOUND)
			return status;
		let_go(api);
		status = find_way(api, error);
		if (status)
			return status;
	}
	if (api->engine)
		return call_inside(api, call, path, delivery, http_status, error);
	status = call_owner(api, call, path, delivery, http_status, error);
	return status == STATUS_NOT_FOUND ? error->status = STATUS_IO : status;
}

static enum status status_of(int http_status)
{
	switch (http_status) {
	case 404:
		return STATUS_NOT_FOUND;
	case 409:
		return STATUS_CONFLICT;
	case 400:
	case 413:
	case 415:
	case 422:
		return STATUS_USAGE;
	default:
		return STATUS_IO;
	}
}

/* problem+json -> error */
static enum status problem(int http_status, const struct buffer *body, struct error *error)
{
	struct json_span document;
	char text[512] = "";

	if (body->data && json_trim(body->data, body->length, &document, NULL)) {
		document_copy(document, "detail", text, sizeof(text));
		if (!text[0])
			document_copy(document, "title", text, sizeof(text));
	}
	if (!text[0])
		snprintf(text, sizeof(text), "the API answered with status %d", http_status);
	return error_set(error, status_of(http_status), "%s", text);
}

enum status api_stream(struct api *api, const struct api_call *call,
                       bool (*sink)(void *context, const char *bytes, size_t length), void *context,
                       struct error *error)
{
	struct delivery delivery = {.sink = sink, .context = context};
	int http_status = 0;
	struct error local;
	enum status status = exchange(api, call, &delivery, &http_status, error ? error : &local);

	if (status == STATUS_OK && http_status >= 300)
		status = problem(http_status, &delivery.problem, error);
	buffer_free(&delivery.problem);
	return status;
}

static bool collect(void *context, const char *bytes, size_t length)
{
	struct buffer *answer = context;

	buffer_append(answer, bytes, length);
	return !answer->failed;
}

enum status api_text(struct api *api, const struct api_call *call, struct buffer *answer,
                     struct error *error)
{
	buffer_reset(answer, 1u << 20);
	enum status status = api_stream(api, call, collect, answer, error);
	if (answer->failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return status;
}

enum status api_document(struct api *api, const struct api_call *call, struct buffer *answer,
                         struct json_span *document, struct error *error)
{
	static const char empty[] = "{}"; /* 204 has no body */
	enum status status = api_text(api, call, answer, error);

	if (status)
		return status;
	*document = (struct json_span){empty, 2};
	if (answer->length && !json_trim(answer->data, answer->length, document, NULL))
		return error_set(error, STATUS_IO, "the API's answer is not JSON");
	return STATUS_OK;
}
