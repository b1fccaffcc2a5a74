/* A small HTTP server for tests, on raw sockets, so that it can misbehave: the
 * first part of the path says how (see raw_behaviours).  One thread per
 * connection; listens on 127.0.0.1 and a free port. */
#ifndef SLUICE_TESTS_RAW_SERVER_H
#define SLUICE_TESTS_RAW_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAW_CONNECTIONS_MAX 512
#define RAW_REQUEST_MAX (4 << 20)

struct raw_server {
	int listener, port;
	pthread_t acceptor;
	pthread_mutex_t mutex; /* guards the rest */
	int sockets[RAW_CONNECTIONS_MAX];
	pthread_t threads[RAW_CONNECTIONS_MAX];
	int connections;
	int requests;          /* read to their end */
	char *last;            /* the last of them, as it came */
	size_t last_length;
};

struct raw_connection {
	struct raw_server *server;
	int fd, served;
	char *request; /* RAW_REQUEST_MAX + 1 */
	size_t filled, length;
};

static inline bool raw_send(struct raw_connection *connection, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

static inline void raw_text(struct raw_connection *connection, const char *text)
{
	raw_send(connection, text, strlen(text));
}

/* Read one request to its end; false: the peer closed. */
static inline bool raw_read(struct raw_connection *connection)
{
	if (connection->length > 0) {
		connection->filled -= connection->length;
		memmove(connection->request, connection->request + connection->length,
		        connection->filled);
		connection->length = 0;
	}
	for (;;) {
		connection->request[connection->filled] = '\0';
		char *end = strstr(connection->request, "\r\n\r\n");
		if (end) {
			char *size = strcasestr(connection->request, "\r\nContent-Length:");
			size_t body = size && size < end ? strtoul(size + 17, NULL, 10) : 0;
			connection->length = (size_t)(end + 4 - connection->request) + body;
			if (connection->length <= connection->filled)
				return true;
		}
		if (connection->filled == RAW_REQUEST_MAX)
			return false;
		if (connection->request[0] == 0x16) { /* a TLS client hello */
			raw_text(connection, "not TLS\r\n");
			return false;
		}
		ssize_t got = recv(connection->fd, connection->request + connection->filled,
		                   RAW_REQUEST_MAX - connection->filled, 0);
		if (got <= 0)
			return false;
		connection->filled += (size_t)got;
	}
}

static inline void raw_answer(struct raw_connection *connection, const char *status_and_headers,
                              const char *body, size_t length)
{
	char head[2048];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status_and_headers,
	         length);
	raw_text(connection, head);
	if (strncmp(connection->request, "HEAD ", 5) != 0)
		raw_send(connection, body, length);
}

static inline bool raw_path(const struct raw_connection *connection, const char *prefix)
{
	const char *path = strchr(connection->request, ' ');
	return path && strncmp(path + 1, prefix, strlen(prefix)) == 0;
}

/* The number after `prefix` in the path. */
static inline long raw_number(const struct raw_connection *connection, const char *prefix)
{
	return strtol(strchr(connection->request, ' ') + 1 + strlen(prefix), NULL, 10);
}

static inline void raw_big(struct raw_connection *connection, long size)
{
	static const char block[65536] = {'x', 'y', 'z'};
	char head[128];
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", size);
	raw_text(connection, head);
	while (size > 0) {
		size_t part = size < (long)sizeof block ? (size_t)size : sizeof block;
		if (!raw_send(connection, block, part))
			return;
		size -= (long)part;
	}
}

static inline void raw_huge_headers(struct raw_connection *connection)
{
	char line[1100];
	memset(line, 'v', sizeof line);
	raw_text(connection, "HTTP/1.1 200 OK\r\nX-First: 1\r\n");
	for (int i = 0; i < 90; i++) {
		memcpy(line, "X-Fill: ", 8);
		memcpy(line + 1000, "\r\n", 3);
		raw_text(connection, line);
	}
	raw_text(connection, "X-Last: 1\r\nContent-Length: 2\r\n\r\nok");
}

/* "/redirect/307/http://…": 307 with that Location. */
static inline void raw_redirect(struct raw_connection *connection)
{
	char head[1024], location[700] = "";
	long status = raw_number(connection, "/redirect/");
	sscanf(strchr(connection->request, ' ') + 1 + strlen("/redirect/307/"), "%699[^ ]", location);
	snprintf(head, sizeof head, "%ld Go\r\nX-Hop: 1\r\nLocation: %s", status, location);
	raw_answer(connection, head, "moved", 5);
}

static const unsigned char raw_gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0xcb, 0x48, 0xcd,
    0xc9, 0xc9, 0x07, 0x00, 0x86, 0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00}; /* "hello" */

/* Answer as the path says; false: close the connection. */
static inline bool raw_behave(struct raw_connection *connection)
{
	if (raw_path(connection, "/silent")) {
		char byte;
		while (recv(connection->fd, &byte, 1, 0) > 0)
			;
		return false;
	}
	if (raw_path(connection, "/close"))
		return false;
	if (raw_path(connection, "/reset")) {
		struct linger now = {.l_onoff = 1, .l_linger = 0};
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		return false;
	}
	if (raw_path(connection, "/once") && connection->served > 0)
		return false; /* the second request on a connection gets no answer */
	if (raw_path(connection, "/continue-once") && connection->served > 0) {
		raw_text(connection, "HTTP/1.1 100 Continue\r\n\r\n");
		return false;
	}
	if (raw_path(connection, "/unasked")) { /* says more when nothing was asked */
		raw_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		usleep(20000);
		raw_text(connection, "HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\n\r\n");
		return true;
	}
	if (raw_path(connection, "/half")) {
		raw_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.");
		return false;
	}
	if (raw_path(connection, "/cut")) {
		raw_text(connection, "HTTP/1.1 200 OK\r\nX-A: b");
		return false;
	}
	if (raw_path(connection, "/garbage")) {
		raw_text(connection, "SSH-2.0-not-http\r\n");
		return false;
	}
	if (raw_path(connection, "/echo"))
		raw_answer(connection, "200 OK", connection->request, connection->length);
	else if (raw_path(connection, "/big/"))
		raw_big(connection, raw_number(connection, "/big/"));
	else if (raw_path(connection, "/headers"))
		raw_huge_headers(connection);
	else if (raw_path(connection, "/gzip"))
		raw_answer(connection, "200 OK\r\nContent-Encoding: gzip", (const char *)raw_gzip,
		           sizeof raw_gzip);
	else if (raw_path(connection, "/redirect/"))
		raw_redirect(connection);
	else if (raw_path(connection, "/hints"))
		raw_text(connection, "HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\n\r\n"
		                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	else if (raw_path(connection, "/trailer"))
		raw_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		                     "5\r\nhello\r\n0\r\nRetry-After: 99\r\n\r\n");
	else if (raw_path(connection, "/status/")) {
		char head[64];
		snprintf(head, sizeof head, "%ld Said", raw_number(connection, "/status/"));
		raw_answer(connection, head, "", 0);
	} else
		raw_answer(connection, "200 OK", "hello", 5);
	return true;
}

static inline void *raw_serve(void *context)
{
	struct raw_connection *connection = context;
	struct raw_server *server = connection->server;
	while (raw_read(connection)) {
		pthread_mutex_lock(&server->mutex);
		server->requests++;
		free(server->last);
		server->last = strndup(connection->request, connection->length);
		server->last_length = connection->length;
		pthread_mutex_unlock(&server->mutex);
		if (!raw_behave(connection))
			break;
		connection->served++;
	}
	/* raw_server_stop must not shut a descriptor that is somebody else's by then. */
	pthread_mutex_lock(&server->mutex);
	for (int i = 0; i < server->connections; i++)
		if (server->sockets[i] == connection->fd)
			server->sockets[i] = -1;
	pthread_mutex_unlock(&server->mutex);
	close(connection->fd);
	free(connection->request);
	free(connection);
	return NULL;
}

static inline void *raw_accept(void *context)
{
	struct raw_server *server = context;
	int fd;
	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		struct raw_connection *connection = calloc(1, sizeof *connection);
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		connection->server = server;
		connection->fd = fd;
		connection->request = malloc(RAW_REQUEST_MAX + 1);
		pthread_mutex_lock(&server->mutex);
		int n = server->connections;
		if (n == RAW_CONNECTIONS_MAX)
			abort();
		server->connections++;
		server->sockets[n] = fd;
		pthread_create(&server->threads[n], NULL, raw_serve, connection);
		pthread_mutex_unlock(&server->mutex);
	}
	return NULL;
}

/* A socket bound to 127.0.0.1 and a free port; listening where backlog >= 0. */
static inline int raw_bind(int backlog, int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) ||
	    getsockname(fd, (struct sockaddr *)&address, &length) ||
	    (backlog >= 0 && listen(fd, backlog)))
		abort();
	*port = ntohs(address.sin_port);
	return fd;
}

static inline struct raw_server *raw_server_start(void)
{
	struct raw_server *server = calloc(1, sizeof *server);
	server->listener = raw_bind(512, &server->port);
	pthread_mutex_init(&server->mutex, NULL);
	pthread_create(&server->acceptor, NULL, raw_accept, server);
	return server;
}

static inline void raw_server_stop(struct raw_server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);
	pthread_mutex_lock(&server->mutex);
	for (int i = 0; i < server->connections; i++)
		if (server->sockets[i] >= 0)
			shutdown(server->sockets[i], SHUT_RDWR);
	pthread_mutex_unlock(&server->mutex);
	for (int i = 0; i < server->connections; i++)
		pthread_join(server->threads[i], NULL);
	pthread_mutex_destroy(&server->mutex);
	free(server->last);
	free(server);
}

static inline int raw_server_requests(struct raw_server *server)
{
	pthread_mutex_lock(&server->mutex);
	int requests = server->requests;
	pthread_mutex_unlock(&server->mutex);
	return requests;
}

static inline int raw_server_connections(struct raw_server *server)
{
	pthread_mutex_lock(&server->mutex);
	int connections = server->connections;
	pthread_mutex_unlock(&server->mutex);
	return connections;
}

/* The last request as it came; the caller's to free. */
static inline char *raw_server_last(struct raw_server *server)
{
	pthread_mutex_lock(&server->mutex);
	char *last = strndup(server->last ? server->last : "", server->last_length);
	pthread_mutex_unlock(&server->mutex);
	return last;
}

#endif
