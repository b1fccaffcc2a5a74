/* A response on its way to libmicrohttpd, with the headers that every one has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/negotiate.h"
#include "web/server_inside.h"

#define STREAM_BLOCK_BYTES 32768

static const struct {
	const char *name, *value;
} always[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
};

static bool add_headers(struct MHD_Response *response, const char *content_type,
                        const char *cache_control)
{
	bool good = MHD_add_response_header(response, "Cache-Control", cache_control) == MHD_YES;

	if (content_type != NULL)
		good &= MHD_add_response_header(response, "Content-Type", content_type) == MHD_YES;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		good &= MHD_add_response_header(response, always[i].name, always[i].value)
		        == MHD_YES;
	return good;
}

/* A response without all of its headers is not sent. */
static enum MHD_Result queue(struct MHD_Connection *connection, int http_status,
                             struct MHD_Response *response, bool headers_in)
{
	enum MHD_Result result = MHD_NO;

	if (response == NULL)
		return MHD_NO;
	if (headers_in)
		result = MHD_queue_response(connection, (unsigned int)http_status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- streams -------------------------------------------------------------------- */

struct flow {
	struct route_response response;
	struct buffer piece;
	size_t at;        /* sent of the piece */
	bool ended;
	struct patience *patience;
	struct watched *watched;
};

static void flow_refill(struct flow *flow)
{
	buffer_reset(&flow->piece, STREAM_BLOCK_BYTES * 4);
	flow->at = 0;
	flow->ended = !flow->response.next(flow->response.stream, &flow->piece);
}

static ssize_t flow_read(void *context, uint64_t position, char *out, size_t out_size)
{
	struct flow *flow = context;
	size_t length;

	(void)position;
	if (flow->at == flow->piece.length && !flow->ended) {
		patience_busy(flow->patience, flow->watched, true);
		flow_refill(flow);
	}
	if (flow->piece.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	length = flow->piece.length - flow->at;
	if (length == 0 && flow->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	/* Nothing found yet: libmicrohttpd looks after its other connections and
	 * calls again at once.  Until then the client waits for us. */
	if (length == 0)
		return 0;
	patience_busy(flow->patience, flow->watched, false);
	if (length > out_size)
		length = out_size;
	memcpy(out, flow->piece.data + flow->at, length);
	flow->at += length;
	return (ssize_t)length;
}

static void flow_free(void *context)
{
	struct flow *flow = context;

	route_response_free(&flow->response);
	buffer_free(&flow->piece);
	free(flow);
}

static struct MHD_Response *stream_response(struct server *server,
                                            struct MHD_Connection *connection,
                                            struct route_response *response)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	struct MHD_Response *made;

	if (flow == NULL)
		return NULL;
	flow->response = *response;
	memset(response, 0, sizeof(*response));
	flow->piece = flow->response.body;
	memset(&flow->response.body, 0, sizeof(flow->response.body));
	flow->patience = server->patience;
	flow->watched = connection_watched(connection);
	made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, flow_read,
	                                         flow, flow_free);
	if (made == NULL)
		flow_free(flow);
	else
		/* Patience alone judges a stream: it knows whose turn it is. */
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	return made;
}

static struct MHD_Response *whole_response(struct route_response *response)
{
	struct buffer *body = &response->body;
	struct MHD_Response *made;

	if (body->length == 0)
		return MHD_create_response_from_buffer(0, (char[]){""}, MHD_RESPMEM_MUST_COPY);
	made = MHD_create_response_from_buffer_with_free_callback(body->length, body->data, free);
	if (made != NULL)
		memset(body, 0, sizeof(*body)); /* its bytes went over */
	return made;
}

/* ---- the API ---------------------------------------------------------------------- */

static bool add_particular_headers(struct MHD_Response *made, const struct route_response *response,
                                   bool close)
{
	char disposition[128];
	bool good = true;

	if (response->status == 401)
		good &= MHD_add_response_header(made, "WWW-Authenticate",
		                                "Bearer realm=\"sluice\"") == MHD_YES;
	if (response->status == 429)
		good &= MHD_add_response_header(made, "Retry-After", "10") == MHD_YES;
	if (response->allow[0] != '\0')
		good &= MHD_add_response_header(made, "Allow", response->allow) == MHD_YES;
	if (response->location[0] != '\0')
		good &= MHD_add_response_header(made, "Location", response->location) == MHD_YES;
	if (response->file_name != NULL) {
		snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"",
		         response->file_name);
		good &= MHD_add_response_header(made, "Content-Disposition", disposition) == MHD_YES;
	}
	if (close)
		good &= MHD_add_response_header(made, "Connection", "close") == MHD_YES;
	return good;
}

enum MHD_Result answer_route(struct server *server, struct MHD_Connection *connection,
                             struct route_response *response, bool close)
{
	/* What the headers need outlives the body's move; file_name stays with the stream. */
	struct route_response described = *response;
	struct MHD_Response *made;
	enum MHD_Result result;
	bool good;

	made = response->next != NULL ? stream_response(server, connection, response)
	                              : whole_response(response);
	good = made != NULL && add_headers(made, described.content_type, "no-store")
	       && add_particular_headers(made, &described, close);
	patience_stream(server->patience, connection_watched(connection));
	result = queue(connection, described.status, made, good);
	route_response_free(response);
	return result;
}

/* ---- the page ----------------------------------------------------------------------- */

const struct page_file *answer_page_find(const char *path, bool *lasting)
{
	const size_t length = strlen(page_version);
	const char *rest = path[0] == '/' && path[1] == '@' ? strchr(path + 1, '/') : NULL;

	*lasting = rest != NULL && (size_t)(rest - path) == length + 2
	           && strncmp(path + 2, page_version, length) == 0;
	if (rest != NULL)
		path = rest;
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (int i = 0; i < page_file_count; i++) {
		if (strcmp(page_files[i].path, path) == 0)
			return &page_files[i];
	}
	return NULL;
}

enum MHD_Result answer_page(struct server *server, struct MHD_Connection *connection,
                            const struct page_file *file, bool lasting)
{
	bool gzip = negotiate_gzip(MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	                                                       "Accept-Encoding"));
	const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	                                                "If-None-Match");
	const char *etag = gzip ? file->etag_gzip : file->etag;
	const unsigned char *bytes = gzip ? file->gzip : file->plain;
	size_t length = gzip ? file->gzip_length : file->plain_length;
	bool same = negotiate_tag_matches(known, etag);
	struct MHD_Response *made;
	bool good;

	/* The bytes are the program's own and are not written to. */
	made = MHD_create_response_from_buffer(same ? 0 : length, (void *)(uintptr_t)bytes,
	                                       MHD_RESPMEM_PERSISTENT);
	good = made != NULL && add_headers(made, same ? NULL : file->content_type,
	                                   lasting ? "private, max-age=31536000, immutable" : "no-cache")
	       && MHD_add_response_header(made, "ETag", etag) == MHD_YES
	       && MHD_add_response_header(made, "Vary", "Accept-Encoding") == MHD_YES
	       && (same || !gzip
	           || MHD_add_response_header(made, "Content-Encoding", "gzip") == MHD_YES);
	patience_stream(server->patience, connection_watched(connection));
	return queue(connection, same ? 304 : 200, made, good);
}
