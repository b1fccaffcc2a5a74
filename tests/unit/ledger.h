/* An HTTP server that keeps a ledger: how often each item arrived.  The item is
 * the number after the path's slash; `answer` says what comes back.  While the
 * gate is shut, requests are taken and kept waiting.  One thread, 127.0.0.1, a
 * free port. */
#ifndef SLUICE_TESTS_LEDGER_H
#define SLUICE_TESTS_LEDGER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEDGER_ITEMS 4096
#define LEDGER_CONNECTIONS 256

struct reply {
	int status;          /* 200 */
	const char *headers; /* "Name: value\r\n", "" */
	const char *body;    /* "{}" */
	bool drop;           /* close without an answer */
};

struct ledger;
/* hit: 1 for the item's first arrival.  On the server's thread. */
typedef void ledger_answer(struct ledger *ledger, int item, int hit, struct reply *reply);

struct ledger_connection {
	int fd;
	char text[16384];
	size_t filled;
	bool parked;
	int item, hit;
};

struct ledger {
	int listener, port, wake[2];
	pthread_t thread;
	struct ledger_connection connections[LEDGER_CONNECTIONS]; /* the server's thread */
	int connection_count;

	pthread_mutex_t mutex; /* guards the rest */
	ledger_answer *answer;
	bool shut, stop;
	int parked;
	int requests;
	int hits[LEDGER_ITEMS];
	char last[16384]; /* the last request */
};

static inline void ledger_close(struct ledger *ledger, int index)
{
	if (ledger->connections[index].parked) {
		pthread_mutex_lock(&ledger->mutex);
		ledger->parked--;
		pthread_mutex_unlock(&ledger->mutex);
	}
	close(ledger->connections[index].fd);
	ledger->connections[index] = ledger->connections[--ledger->connection_count];
}

/* False: the connection is to be closed. */
static inline bool ledger_reply(struct ledger *ledger, struct ledger_connection *connection)
{
	struct reply reply = {200, "", "{}", false};
	ledger_answer *answer;
	char text[4096];
	int length;

	pthread_mutex_lock(&ledger->mutex);
	answer = ledger->answer;
	pthread_mutex_unlock(&ledger->mutex);
	if (answer != NULL)
		answer(ledger, connection->item, connection->hit, &reply);
	if (reply.drop)
		return false;
	length = snprintf(text, sizeof(text), "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n%s\r\n%s",
	                  reply.status, strlen(reply.body), reply.headers, reply.body);
	return send(connection->fd, text, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Bytes of the first whole request, 0: not there yet. */
static inline size_t ledger_whole(struct ledger_connection *connection)
{
	char *end, *size;
	size_t length;

	connection->text[connection->filled] = '\0';
	end = strstr(connection->text, "\r\n\r\n");
	if (end == NULL)
		return 0;
	size = strcasestr(connection->text, "\r\nContent-Length:");
	length = (size_t)(end + 4 - connection->text);
	if (size != NULL && size < end)
		length += strtoul(size + 17, NULL, 10);
	return length <= connection->filled ? length : 0;
}

static inline bool ledger_take(struct ledger *ledger, struct ledger_connection *connection,
                               size_t length)
{
	const char *path = strchr(connection->text, '/');
	bool shut;

	connection->item = path != NULL ? atoi(path + 1) % LEDGER_ITEMS : 0;
	if (connection->item < 0)
		connection->item = 0;
	pthread_mutex_lock(&ledger->mutex);
	ledger->requests++;
	connection->hit = ++ledger->hits[connection->item];
	memcpy(ledger->last, connection->text, length);
	ledger->last[length] = '\0';
	shut = ledger->shut;
	ledger->parked += shut;
	pthread_mutex_unlock(&ledger->mutex);
	connection->filled -= length;
	memmove(connection->text, connection->text + length, connection->filled);
	connection->parked = shut;
	return shut || ledger_reply(ledger, connection);
}

static inline bool ledger_read(struct ledger *ledger, struct ledger_connection *connection)
{
	ssize_t got = recv(connection->fd, connection->text + connection->filled,
	                   sizeof(connection->text) - 1 - connection->filled, MSG_DONTWAIT);
	size_t length;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	connection->filled += (size_t)got;
	length = ledger_whole(connection);
	return length == 0 || connection->parked || ledger_take(ledger, connection, length);
}

static inline void ledger_accept(struct ledger *ledger)
{
	int fd = accept4(ledger->listener, NULL, NULL, SOCK_CLOEXEC);
	int on = 1;

	if (fd < 0)
		return;
	if (ledger->connection_count == LEDGER_CONNECTIONS)
		abort();
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	memset(&ledger->connections[ledger->connection_count], 0, sizeof(ledger->connections[0]));
	ledger->connections[ledger->connection_count++].fd = fd;
}

/* The gate went up: answer all who wait. */
static inline void ledger_unpark(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	bool shut = ledger->shut;
	if (!shut)
		ledger->parked = 0;
	pthread_mutex_unlock(&ledger->mutex);
	for (int i = ledger->connection_count - 1; !shut && i >= 0; i--) {
		if (!ledger->connections[i].parked)
			continue;
		ledger->connections[i].parked = false;
		if (!ledger_reply(ledger, &ledger->connections[i]))
			ledger_close(ledger, i);
	}
}

static inline void *ledger_main(void *argument)
{
	struct ledger *ledger = argument;
	struct pollfd polls[LEDGER_CONNECTIONS + 2];
	char byte;

	for (;;) {
		int count = ledger->connection_count;
		bool stop;

		polls[0] = (struct pollfd){ledger->listener, POLLIN, 0};
		polls[1] = (struct pollfd){ledger->wake[0], POLLIN, 0};
		for (int i = 0; i < count; i++)
			polls[i + 2] = (struct pollfd){ledger->connections[i].fd, POLLIN, 0};
		if (poll(polls, (nfds_t)count + 2, -1) < 0)
			continue;
		for (int i = count - 1; i >= 0; i--)
			if (polls[i + 2].revents != 0 &&
			    !ledger_read(ledger, &ledger->connections[i]))
				ledger_close(ledger, i);
		if (polls[0].revents != 0)
			ledger_accept(ledger);
		if (polls[1].revents != 0 && read(ledger->wake[0], &byte, 1) == 1)
			ledger_unpark(ledger);
		pthread_mutex_lock(&ledger->mutex);
		stop = ledger->stop;
		pthread_mutex_unlock(&ledger->mutex);
		if (stop)
			return NULL;
	}
}

static inline void ledger_wake(struct ledger *ledger)
{
	if (write(ledger->wake[1], "w", 1) != 1)
		abort();
}

static inline struct ledger *ledger_start(ledger_answer *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	ledger->answer = answer;
	pthread_mutex_init(&ledger->mutex, NULL);
	ledger->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(ledger->listener, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(ledger->listener, (struct sockaddr *)&address, &length) != 0 ||
	    listen(ledger->listener, 256) != 0 || pipe2(ledger->wake, O_CLOEXEC) != 0)
		abort();
	ledger->port = ntohs(address.sin_port);
	pthread_create(&ledger->thread, NULL, ledger_main, ledger);
	return ledger;
}

static inline void ledger_stop(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	ledger->stop = true;
	pthread_mutex_unlock(&ledger->mutex);
	ledger_wake(ledger);
	pthread_join(ledger->thread, NULL);
	while (ledger->connection_count > 0)
		ledger_close(ledger, ledger->connection_count - 1);
	close(ledger->listener);
	close(ledger->wake[0]);
	close(ledger->wake[1]);
	pthread_mutex_destroy(&ledger->mutex);
	free(ledger);
}

static inline void ledger_gate(struct ledger *ledger, bool open)
{
	pthread_mutex_lock(&ledger->mutex);
	ledger->shut = !open;
	pthread_mutex_unlock(&ledger->mutex);
	ledger_wake(ledger);
}

static inline void ledger_set_answer(struct ledger *ledger, ledger_answer *answer)
{
	pthread_mutex_lock(&ledger->mutex);
	ledger->answer = answer;
	pthread_mutex_unlock(&ledger->mutex);
}

static inline int ledger_parked(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	int parked = ledger->parked;
	pthread_mutex_unlock(&ledger->mutex);
	return parked;
}

static inline int ledger_requests(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	int requests = ledger->requests;
	pthread_mutex_unlock(&ledger->mutex);
	return requests;
}

static inline int ledger_hits(struct ledger *ledger, int item)
{
	pthread_mutex_lock(&ledger->mutex);
	int hits = ledger->hits[item];
	pthread_mutex_unlock(&ledger->mutex);
	return hits;
}

/* The most often that one of the items first..last arrived. */
static inline int ledger_hits_max(struct ledger *ledger, int first, int last)
{
	int max = 0;

	for (int item = first; item <= last; item++)
		if (ledger_hits(ledger, item) > max)
			max = ledger_hits(ledger, item);
	return max;
}

static inline int ledger_hits_min(struct ledger *ledger, int first, int last)
{
	int min = 1 << 30;

	for (int item = first; item <= last; item++)
		if (ledger_hits(ledger, item) < min)
			min = ledger_hits(ledger, item);
	return min;
}

#endif
