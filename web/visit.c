/* One request, from its first line to the end of its response.
 *
 * libmicrohttpd calls visit_begin with the raw target, visit_handle once with
 * the headers, once for each piece of the body and once at its end (there the
 * response is queued: queued earlier, the connection would be closed), and
 * visit_end.  All of a request's calls come from one thread. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "web/server_inside.h"
#include "web/target.h"

/* Of a body that nobody wants so much is read and dropped, so that a client
 * that writes first and reads then comes to see the answer; beyond it is cut off. */
#define DROPPED_BYTES_MAX (64u << 20)

struct visit {
	struct target target;
	const char *target_fault;      /* NULL: sound */
	struct guard_facts facts;
	enum guard_zone zone;
	bool moved;                    /* the base path without its slash */
	bool headers_seen;
	bool answered;                 /* `response` is decided before the body is in */
	bool close;                    /* and no other request follows */
	uint64_t dropped_bytes;
	struct buffer body;
	struct route_upload *upload;
	struct route_response response;
};

void *visit_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = context;
	struct visit *visit = calloc(1, sizeof(*visit));

	patience_request(server->patience, connection_watched(connection));
	if (visit != NULL && target_parse(uri != NULL ? uri : "", &visit->target,
	                                  &visit->target_fault))
		visit->moved = target_strip(&visit->target, server->base_path);
	return visit;
}

void visit_end(void *context, struct MHD_Connection *connection, void **at,
               enum MHD_RequestTerminationCode how)
{
	struct server *server = context;
	struct visit *visit = *at;

	(void)how;
	*at = NULL;
	patience_idle(server->patience, connection_watched(connection));
	if (visit == NULL)
		return;
	if (visit->upload != NULL)
		routes_upload_close(visit->upload, NULL);
	route_response_free(&visit->response);
	buffer_free(&visit->body);
	target_free(&visit->target);
	free(visit);
}

/* ---- headers ----------------------------------------------------------------------- */

static void visit_refuse(struct visit *visit, struct refusal refusal)
{
	routes_problem(&visit->response, refusal.http_status, NULL, refusal.detail);
	visit->answered = true;
	visit->close |= refusal.http_status == 400 || refusal.http_status == 401
	                || refusal.http_status == 429 || refusal.http_status == 413
	                || refusal.http_status == 501;
}

static enum MHD_Result header_visit(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value, size_t value_length)
{
	struct guard_facts *facts = context;

	(void)kind;
	guard_add(facts, name, name_length, value != NULL ? value : "",
	          value != NULL ? value_length : 0);
	return MHD_YES;
}

static struct refusal check_token(struct server *server, const struct guard_facts *facts)
{
	struct refusal refusal;

	pthread_mutex_lock(&server->logins_mutex);
	refusal = guard_token(facts, server->token, &server->logins, clock_mono_ns());
	pthread_mutex_unlock(&server->logins_mutex);
	return refusal;
}

/* Backups are written where the server stands: that is for its own machine. */
static bool far_client(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr_in6 *v6;

	if (info == NULL || info->client_addr == NULL)
		return true;
	if (info->client_addr->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, info->client_addr, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 != 127;
	}
	v6 = (const struct sockaddr_in6 *)(const void *)info->client_addr;
	return !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static struct refusal visit_judge(struct server *server, struct MHD_Connection *connection,
                                  struct visit *visit, const char *method)
{
	const char *path = visit->target.path;
	struct refusal refusal;

	if (visit->target_fault != NULL)
		return (struct refusal){400, visit->target_fault};
	visit->zone = guard_zone(path);
	refusal = guard_host(&visit->facts, server->listener.port);
	if (refusal.http_status == 0)
		refusal = guard_origin(&visit->facts, visit->zone);
	if (refusal.http_status == 0 && visit->zone == ZONE_TOKEN)
		refusal = check_token(server, &visit->facts);
	if (refusal.http_status != 0)
		return refusal;
	if (strncmp(path, ROUTES_PREFIX "/db/", strlen(ROUTES_PREFIX "/db/")) == 0
	    && far_client(connection))
		return (struct refusal){403, "only from the machine itself"};
	if (visit->facts.length_known && visit->facts.body_length > ROUTES_BODY_BYTES_MAX
	    && !routes_is_upload(method, path))
		return (struct refusal){413, "a body of at most 1 MiB is taken here"};
	return refusal;
}

static struct route_request visit_request(const struct server *server, struct visit *visit,
                                          const char *method)
{
	return (struct route_request){
		.method = strcmp(method, "HEAD") == 0 ? "GET" : method,
		.path = visit->target.path,
		.query = target_query,
		.query_name = target_query_name,
		.context = &visit->target,
		.body = visit->body.data,
		.body_length = visit->body.length,
		.who = guard_who(&visit->facts),
		.service = &server->service,
	};
}

/* The client is about to send more than is worth reading, or asks before it sends. */
static bool answer_at_once(const struct visit *visit, bool framing_sound)
{
	return !framing_sound
	       || (visit->answered && visit->facts.has_body
	           && (visit->facts.expect != NULL
	               || (visit->facts.length_known
	                   && visit->facts.body_length > DROPPED_BYTES_MAX)));
}

static enum MHD_Result visit_headers(struct server *server, struct MHD_Connection *connection,
                                     struct visit *visit, const char *method)
{
	struct refusal refusal;
	bool framing_sound;

	visit->headers_seen = true;
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, header_visit, &visit->facts);
	refusal = guard_framing(&visit->facts);
	framing_sound = refusal.http_status == 0;
	if (framing_sound)
		refusal = visit_judge(server, connection, visit, method);
	if (refusal.http_status != 0) {
		visit_refuse(visit, refusal);
	} else if (routes_is_upload(method, visit->target.path)) {
		struct route_request request = visit_request(server, visit, method);

		visit->upload = routes_upload_open(server->engine, &request, &visit->response);
		visit->answered = visit->upload == NULL;
		patience_stream(server->patience, connection_watched(connection));
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	}
	if (answer_at_once(visit, framing_sound))
		return answer_route(server, connection, &visit->response, true);
	return MHD_YES;
}

/* ---- body and answer ------------------------------------------------------------------- */

static enum MHD_Result visit_body(struct visit *visit, const char *bytes, size_t length)
{
	if (visit->upload != NULL) {
		routes_upload_feed(visit->upload, bytes, length);
	} else if (visit->answered || visit->zone != ZONE_TOKEN) {
		visit->dropped_bytes += length;
		return visit->dropped_bytes <= DROPPED_BYTES_MAX ? MHD_YES : MHD_NO;
	} else if (length > ROUTES_BODY_BYTES_MAX - visit->body.length) {
		buffer_free(&visit->body);
		visit_refuse(visit, (struct refusal){413, "a body of at most 1 MiB is taken here"});
	} else {
		buffer_append(&visit->body, bytes, length);
	}
	return MHD_YES;
}

static enum MHD_Result visit_page(struct server *server, struct MHD_Connection *connection,
                                  struct visit *visit, const char *method)
{
	bool lasting = false;
	const struct page_file *file = answer_page_find(visit->target.path, &lasting);
	struct route_response *response = &visit->response;

	if (visit->moved) {
		response->status = 308;
		snprintf(response->location, sizeof(response->location), "%s/", server->base_path);
	} else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		routes_problem(response, 405, NULL, "GET and HEAD are possible here");
		snprintf(response->allow, sizeof(response->allow), "GET, HEAD");
	} else if (file == NULL) {
		routes_problem(response, 404, NULL, "there is no such file");
	} else {
		return answer_page(server, connection, file, lasting);
	}
	return answer_route(server, connection, response, false);
}

static enum MHD_Result visit_answer(struct server *server, struct MHD_Connection *connection,
                                    struct visit *visit, const char *method)
{
	if (visit->upload != NULL) {
		routes_upload_close(visit->upload, &visit->response);
		visit->upload = NULL;
	} else if (visit->body.failed) {
		routes_problem(&visit->response, 500, NULL, "out of memory");
	} else if (!visit->answered && visit->zone == ZONE_PAGE) {
		return visit_page(server, connection, visit, method);
	} else if (!visit->answered) {
		struct route_request request = visit_request(server, visit, method);

		routes_dispatch(server->engine, &request, &visit->response);
	}
	return answer_route(server, connection, &visit->response, visit->close);
}

enum MHD_Result visit_handle(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *bytes,
                             size_t *length, void **at)
{
	struct server *server = context;
	struct watched *watched = connection_watched(connection);
	struct visit *visit = *at;
	enum MHD_Result result;

	(void)url;
	(void)version;
	if (visit == NULL)
		return MHD_NO; /* no memory for it */
	patience_busy(server->patience, watched, true);
	if (!visit->headers_seen) {
		result = visit_headers(server, connection, visit, method);
	} else if (*length > 0) {
		result = visit_body(visit, bytes, *length);
		*length = 0;
	} else {
		result = visit_answer(server, connection, visit, method);
	}
	patience_busy(server->patience, watched, false);
	return result;
}
