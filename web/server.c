#include "web/server.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "web/server_inside.h"

#define THREADS 4u
#define CONNECTIONS_MAX 128u /* shared out evenly among the threads */
#define CONNECTIONS_MAX_PER_ADDRESS 96u
#define CONNECTION_BYTES_MAX ((size_t)64 << 10) /* headers, and what is read and written at a time */
#define SILENCE_S_MAX 120u /* libmicrohttpd's own timeout stands behind patience's */
#define TOKEN_BYTES_MIN 16 /* where others can reach us; on loopback it is the user's choice */

struct watched *connection_watched(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* A connection began or is about to be closed. */
static void connection_notify(void *context, struct MHD_Connection *connection, void **watched,
                              enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
		    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		*watched = info != NULL ? patience_add(server->patience, info->connect_fd) : NULL;
	} else {
		patience_remove(server->patience, *watched);
		*watched = NULL;
	}
}

static struct MHD_Daemon *daemon_start(struct server *server)
{
	/* Level-triggered poll: a connection that patience shut down is seen
	 * whatever state it is in. */
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL, NULL,
	    visit_handle, server, MHD_OPTION_LISTEN_SOCKET, server->listener.fd,
	    MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_MAX_PER_ADDRESS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S_MAX, MHD_OPTION_URI_LOG_CALLBACK,
	    visit_begin, server, MHD_OPTION_NOTIFY_COMPLETED, visit_end, server,
	    MHD_OPTION_NOTIFY_CONNECTION, connection_notify, server, MHD_OPTION_END);
}

/* Put the token into the URL's fragment, which browsers do not send. */
static void url_make(struct server *server)
{
	size_t at = (size_t)snprintf(server->url, sizeof(server->url), "http://%s%s/#token=",
	                             server->listener.reachable, server->base_path);

	for (const char *c = server->token; *c != '\0'; c++) {
		bool plain = isalnum((unsigned char)*c) || strchr("-._~", *c) != NULL;

		assert(at + 4 < sizeof(server->url));
		at += (size_t)snprintf(server->url + at, sizeof(server->url) - at,
		                       plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
}

static enum status token_take(struct server *server, const char *token, struct error *error)
{
	bool loopback = server->listener.loopback;
	size_t length = strlen(token);

	if (length < (loopback ? 1 : TOKEN_BYTES_MIN) || length >= sizeof(server->token))
		return error_set(error, STATUS_USAGE, "token: %s to 127 characters are asked for",
		                 loopback ? "1" : "16");
	for (size_t i = 0; i < length; i++) {
		if (token[i] <= ' ' || token[i] > '~')
			return error_set(error, STATUS_USAGE,
			                 "token: a character that cannot stand in a header");
	}
	memcpy(server->token, token, length + 1);
	return STATUS_OK;
}

/* "/a/b", with what needs no escape in a path; a slash at its end is dropped. */
static enum status base_path_take(struct server *server, const char *path, struct error *error)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	if (length == 0)
		return STATUS_OK;
	if (path[0] != '/' || length >= sizeof(server->base_path) || strstr(path, "//") != NULL
	    || strstr(path, "/.") != NULL)
		return error_set(error, STATUS_USAGE,
		                 "base path: such as /sluice, at most %zu characters",
		                 sizeof(server->base_path) - 1);
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)path[i]) && strchr("/-._~", path[i]) == NULL)
			return error_set(error, STATUS_USAGE,
			                 "base path: letters, digits, - . _ ~ and / are possible");
	}
	memcpy(server->base_path, path, length);
	return STATUS_OK;
}

static enum status service_take(struct server *server, const struct server_options *options,
                                struct error *error)
{
	const char *label = options->label != NULL ? options->label : "";

	if (strlen(label) >= sizeof(server->label) || !utf8_check(label, strlen(label), NULL))
		return error_set(error, STATUS_USAGE, "label: at most %zu bytes of text",
		                 sizeof(server->label) - 1);
	snprintf(server->label, sizeof(server->label), "%s", label);
	server->service = (struct route_service){
		.label = label[0] != '\0' ? server->label : NULL,
		.base_path = server->base_path,
		.listen = server->listener.address,
		.read_only = options->read_only,
	};
	return base_path_take(server, options->base_path != NULL ? options->base_path : "", error);
}

static enum status server_run(struct server *server, const struct patience_limits *limits,
                              struct error *error)
{
	server->patience = patience_start(limits != NULL ? limits : &patience_usual);
	if (server->patience == NULL) {
		close(server->listener.fd);
		return error_set(error, STATUS_NO_MEMORY, "the server's threads do not start");
	}
	server->daemon = daemon_start(server);
	/* Whether the socket was closed then depends on how far it came: it is left. */
	if (server->daemon == NULL)
		return error_set(error, STATUS_IO, "the server on %s does not start",
		                 server->listener.address);
	return STATUS_OK;
}

enum status server_start(const struct server_options *options, struct server **out,
                         struct error *error)
{
	struct server *server = calloc(1, sizeof(*server));
	enum status status;

	if (server == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	server->engine = options->engine;
	pthread_mutex_init(&server->logins_mutex, NULL);
	status = listen_open(options->listen, options->fall_back, &server->listener, error);
	if (status == STATUS_OK) {
		status = token_take(server, options->token, error);
		if (status == STATUS_OK)
			status = service_take(server, options, error);
		if (status != STATUS_OK)
			close(server->listener.fd);
	}
	if (status == STATUS_OK) {
		url_make(server);
		status = server_run(server, options->patience, error);
	}
	if (status != STATUS_OK) {
		server_stop(server);
		return status;
	}
	if (!server->listener.loopback)
		log_warn("listening on %s: whoever reaches it and has the token can do all that "
		         "you can; nothing is encrypted",
		         server->listener.address);
	*out = server;
	return STATUS_OK;
}

const char *server_address(const struct server *server)
{
	return server->listener.address;
}

const char *server_url(const struct server *server)
{
	return server->url;
}

void server_stop(struct server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon); /* closes the listening socket too */
	patience_stop(server->patience);
	pthread_mutex_destroy(&server->logins_mutex);
	explicit_bzero(server->token, sizeof(server->token));
	explicit_bzero(server->url, sizeof(server->url));
	free(server);
}
