#include "tests/upstream/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 8192
#define READ_BYTES 16384
#define EVENTS_AT_ONCE 256

struct connection {
	int fd;
	uint32_t generation, events;
	struct message message;
	struct bytes out;
	size_t out_sent;
	int64_t requests;
	bool held;    /* the answer in `out` waits for its deadline */
	bool counted; /* it is in flight in the ledger */
	bool close_after;
	bool control; /* came in by the control port: stays when the target goes down */
};

int server_bind(int port, int *bound)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		close(fd);
		return -1;
	}
	*bound = ntohs(address.sin_port);
	return fd;
}

static void watch(struct server *server, int fd, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(server->epoll, operation, fd, &event) != 0) {
		perror("upstream: epoll_ctl");
		exit(1);
	}
}

static void connection_events(struct server *server, struct connection *connection, uint32_t events)
{
	if (connection->events == events)
		return;
	connection->events = events;
	watch(server, connection->fd, EPOLL_CTL_MOD, events);
}

static void connection_close(struct server *server, struct connection *connection)
{
	if (connection->counted)
		ledger_leave(&server->script->ledger);
	server->connections[connection->fd] = NULL;
	close(connection->fd);
	message_free(&connection->message);
	free(connection->out.data);
	free(connection);
}

static bool connection_open(struct server *server, int fd, bool control)
{
	struct connection *connection;
	int one = 1;

	if ((size_t)fd >= server->connections_size) {
		size_t size = (size_t)fd * 2 + 64;
		struct connection **wider = realloc(server->connections, size * sizeof(struct connection *));

		if (!wider)
			return false;
		memset(wider + server->connections_size, 0,
		       (size - server->connections_size) * sizeof(struct connection *));
		server->connections = wider;
		server->connections_size = size;
	}
	connection = calloc(1, sizeof *connection);
	if (!connection)
		return false;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*connection = (struct connection){.fd = fd, .generation = ++server->generation,
	                                  .events = EPOLLIN, .control = control};
	server->connections[fd] = connection;
	watch(server, fd, EPOLL_CTL_ADD, EPOLLIN);
	return true;
}

static void accept_all(struct server *server, int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				fprintf(stderr, "upstream: out of descriptors\n");
			return;
		}
		if (listener == server->listener)
			server->script->ledger.connections++;
		if (!connection_open(server, fd, listener == server->control))
			close(fd);
	}
}

static void target_up(struct server *server)
{
	server->listener = server_bind(server->port, &server->port);
	if (server->listener < 0 || listen(server->listener, BACKLOG) != 0) {
		perror("upstream: listen");
		exit(1);
	}
	watch(server, server->listener, EPOLL_CTL_ADD, EPOLLIN);
}

static void target_down(struct server *server)
{
	close(server->listener);
	server->listener = -1;
	for (size_t fd = 0; fd < server->connections_size; fd++) {
		if (server->connections[fd] && !server->connections[fd]->control)
			connection_close(server, server->connections[fd]);
	}
}

static void apply_down(struct server *server)
{
	bool wanted = !server->script->settings.down;

	if (wanted && server->listener < 0)
		target_up(server);
	else if (!wanted && server->listener >= 0)
		target_down(server);
}

enum flow { FLOW_GO, FLOW_WAIT, FLOW_CLOSE };

/* Send what is due.  GO: all of it went. */
static enum flow connection_flush(struct server *server, struct connection *connection)
{
	while (connection->out_sent < connection->out.length) {
		ssize_t sent = send(connection->fd, connection->out.data + connection->out_sent,
		                    connection->out.length - connection->out_sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			connection_events(server, connection, EPOLLIN | EPOLLOUT);
			return FLOW_WAIT;
		}
		if (sent < 0)
			return FLOW_CLOSE;
		connection->out_sent += (size_t)sent;
	}
	connection->out.length = connection->out_sent = 0;
	connection_events(server, connection, EPOLLIN);
	if (connection->counted)
		ledger_leave(&server->script->ledger);
	connection->counted = false;
	return connection->close_after ? FLOW_CLOSE : FLOW_GO;
}

/* Answer one complete request. */
static enum flow connection_answer(struct server *server, struct connection *connection)
{
	struct answer answer;

	answer = script_answer(server->script, &connection->message, ++connection->requests,
	                       &connection->out);
	message_next(&connection->message);
	connection->counted = answer.counted;
	connection->close_after = answer.close;
	if (answer.drop)
		return FLOW_CLOSE;
	if (answer.delay_ns > 0) {
		connection->held = true;
		timers_add(&server->timers, (struct timer){monotonic_ns() + answer.delay_ns,
		                                           connection->fd, connection->generation});
		return FLOW_WAIT;
	}
	return connection_flush(server, connection);
}

/* Requests are answered one by one, in order, however many are in the buffer. */
static enum flow connection_step(struct server *server, struct connection *connection)
{
	static const char bad[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	enum flow flow = FLOW_GO;

	while (flow == FLOW_GO && !connection->held && !connection->out.length) {
		switch (message_parse(&connection->message)) {
		case MESSAGE_PARTIAL:
			return FLOW_GO;
		case MESSAGE_CONTINUE:
			bytes_append(&connection->out, go_on, sizeof go_on - 1);
			flow = connection_flush(server, connection);
			break;
		case MESSAGE_BAD:
			bytes_append(&connection->out, bad, sizeof bad - 1);
			connection->close_after = true;
			return connection_flush(server, connection);
		case MESSAGE_READY:
			flow = connection_answer(server, connection);
			break;
		}
	}
	return flow;
}

static enum flow connection_read(struct connection *connection)
{
	struct bytes *in = &connection->message.in;

	for (;;) {
		ssize_t got;

		bytes_reserve(in, READ_BYTES);
		got = recv(connection->fd, in->data + in->length, in->capacity - in->length, 0);
		if (got < 0 && errno == EAGAIN)
			return FLOW_GO;
		if (got <= 0 || in->length > BODY_BYTES_MAX + HEAD_BYTES_MAX)
			return FLOW_CLOSE;
		in->length += (size_t)got;
		if (in->length < in->capacity)
			return FLOW_GO;
	}
}

static void connection_event(struct server *server, struct connection *connection, uint32_t events)
{
	enum flow flow = FLOW_GO;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		flow = connection_read(connection);
	if (flow == FLOW_GO && connection->out.length && !connection->held)
		flow = connection_flush(server, connection);
	if (flow == FLOW_GO)
		flow = connection_step(server, connection);
	if (flow == FLOW_CLOSE)
		connection_close(server, connection);
}

static void release_due(struct server *server)
{
	struct timer due;

	while (timers_due(&server->timers, monotonic_ns(), &due)) {
		struct connection *connection = server->connections[due.fd];
		enum flow flow;

		if (!connection || connection->generation != due.generation)
			continue;
		connection->held = false;
		flow = connection_flush(server, connection);
		if (flow == FLOW_GO)
			flow = connection_step(server, connection);
		if (flow == FLOW_CLOSE)
			connection_close(server, connection);
	}
}

static void dispatch(struct server *server, const struct epoll_event *event)
{
	int fd = event->data.fd;

	if (fd == server->signals || fd == server->parent)
		server->stop = true;
	else if (fd == server->listener || fd == server->control)
		accept_all(server, fd);
	else if ((size_t)fd < server->connections_size && server->connections[fd])
		connection_event(server, server->connections[fd], event->events);
}

bool server_open(struct server *server)
{
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return false;
	watch(server, server->signals, EPOLL_CTL_ADD, EPOLLIN);
	server->listener = -1;
	if (listen(server->control, BACKLOG) != 0)
		return false;
	watch(server, server->control, EPOLL_CTL_ADD, EPOLLIN);
	if (server->parent >= 0)
		watch(server, server->parent, EPOLL_CTL_ADD, EPOLLIN);
	apply_down(server);
	return true;
}

bool server_run(struct server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	while (!server->stop) {
		int count;

		apply_down(server);
		count = epoll_wait(server->epoll, events, EVENTS_AT_ONCE,
		                   timers_wait_ms(&server->timers, monotonic_ns()));
		if (count < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < count; i++)
			dispatch(server, &events[i]);
		release_due(server);
	}
	ledger_flush(&server->script->ledger);
	return true;
}
