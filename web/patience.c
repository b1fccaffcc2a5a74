#include "web/patience.h"

#include <assert.h>
#include <linux/tcp.h> /* glibc's netinet/tcp.h has a tcp_info without the byte counts */
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "engine/base/clock.h"

#define LOOKS_PER_LIMIT 8 /* how much later than its deadline a connection may end: 1/8 */

const struct patience_limits patience_usual = {
	.request_ms_max = 15000,
	.idle_ms_max = 75000, /* browsers keep connections for about a minute */
	.window_ms = 30000,
	.window_bytes_min = 4096,
	.crowd_max = 64, /* half of what the server takes: the rest is room to come in by */
};

enum phase { PHASE_REQUEST, PHASE_STREAM, PHASE_IDLE };

struct watched {
	/* immutable */
	int fd;
	/* guarded by the patience's mutex */
	struct watched *next, *previous;
	enum phase phase;
	int64_t since_ns;  /* the phase's or the window's start, moved by the time spent busy */
	uint64_t bytes;    /* at the window's start */
	int64_t busy_ns;   /* since when we are at work, 0: the client is to move */
	bool given_up;
};

struct patience {
	/* immutable */
	struct patience_limits limits;
	int64_t look_ns; /* between two looks */
	pthread_t thread;
	/* guarded by mutex */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct watched *first;
	bool stopping;
};

static uint64_t bytes_through(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0
	    || size < offsetof(struct tcp_info, tcpi_bytes_received)
	              + sizeof(info.tcpi_bytes_received))
		return 0;
	return info.tcpi_bytes_acked + info.tcpi_bytes_received;
}

/* A new window begins where enough came through; true: it did not. */
static bool window_failed_locked(const struct patience_limits *limits, struct watched *watched,
                                 int64_t now_ns)
{
	uint64_t bytes;

	if (now_ns - watched->since_ns < limits->window_ms * NS_PER_MS)
		return false;
	bytes = bytes_through(watched->fd);
	if (bytes - watched->bytes < limits->window_bytes_min)
		return true;
	watched->since_ns = now_ns;
	watched->bytes = bytes;
	return false;
}

static bool overdue_locked(const struct patience_limits *limits, struct watched *watched,
                           int64_t now_ns)
{
	if (watched->given_up || watched->busy_ns != 0)
		return false;
	switch (watched->phase) {
	case PHASE_REQUEST:
		return now_ns - watched->since_ns >= limits->request_ms_max * NS_PER_MS;
	case PHASE_IDLE:
		return now_ns - watched->since_ns >= limits->idle_ms_max * NS_PER_MS;
	case PHASE_STREAM:
		break;
	}
	return window_failed_locked(limits, watched, now_ns);
}

/* The mutex is held over getsockopt and shutdown: neither waits, and it keeps
 * the descriptor from being closed and given to another connection meanwhile. */
static void give_up_locked(struct watched *watched)
{
	watched->given_up = true;
	shutdown(watched->fd, SHUT_RDWR);
}

static void look_locked(struct patience *patience, int64_t now_ns)
{
	for (struct watched *watched = patience->first; watched != NULL; watched = watched->next) {
		if (overdue_locked(&patience->limits, watched, now_ns))
			give_up_locked(watched);
	}
}

static void thin_crowd_locked(struct patience *patience, const struct watched *newcomer)
{
	struct watched *longest = NULL;
	int count = 0;

	for (struct watched *watched = patience->first; watched != NULL; watched = watched->next) {
		if (watched->given_up)
			continue;
		count++;
		if (watched != newcomer && watched->phase != PHASE_STREAM && watched->busy_ns == 0
		    && (longest == NULL || watched->since_ns < longest->since_ns))
			longest = watched;
	}
	if (count > patience->limits.crowd_max && longest != NULL)
		give_up_locked(longest);
}

static void *patience_main(void *context)
{
	struct patience *patience = context;

	pthread_mutex_lock(&patience->mutex);
	while (!patience->stopping) {
		int64_t now_ns = clock_mono_ns();
		bool empty = patience->first == NULL;

		look_locked(patience, now_ns);
		clock_cond_wait(&patience->changed, &patience->mutex,
		                empty ? CLOCK_NEVER : now_ns + patience->look_ns);
	}
	pthread_mutex_unlock(&patience->mutex);
	return NULL;
}

struct patience *patience_start(const struct patience_limits *limits)
{
	struct patience *patience = calloc(1, sizeof(*patience));
	int64_t shortest_ms = limits->request_ms_max;

	if (patience == NULL)
		return NULL;
	if (limits->idle_ms_max < shortest_ms)
		shortest_ms = limits->idle_ms_max;
	if (limits->window_ms < shortest_ms)
		shortest_ms = limits->window_ms;
	patience->limits = *limits;
	patience->look_ns = shortest_ms * NS_PER_MS / LOOKS_PER_LIMIT;
	pthread_mutex_init(&patience->mutex, NULL);
	clock_cond_init(&patience->changed);
	if (pthread_create(&patience->thread, NULL, patience_main, patience) != 0) {
		pthread_cond_destroy(&patience->changed);
		pthread_mutex_destroy(&patience->mutex);
		free(patience);
		return NULL;
	}
	pthread_setname_np(patience->thread, "sluice-patience");
	return patience;
}

void patience_stop(struct patience *patience)
{
	if (patience == NULL)
		return;
	pthread_mutex_lock(&patience->mutex);
	assert(patience->first == NULL);
	patience->stopping = true;
	pthread_cond_signal(&patience->changed);
	pthread_mutex_unlock(&patience->mutex);
	pthread_join(patience->thread, NULL);
	pthread_cond_destroy(&patience->changed);
	pthread_mutex_destroy(&patience->mutex);
	free(patience);
}

struct watched *patience_add(struct patience *patience, int fd)
{
	struct watched *watched = calloc(1, sizeof(*watched));

	if (watched == NULL)
		return NULL;
	watched->fd = fd;
	watched->since_ns = clock_mono_ns();
	pthread_mutex_lock(&patience->mutex);
	watched->next = patience->first;
	if (watched->next != NULL)
		watched->next->previous = watched;
	else
		pthread_cond_signal(&patience->changed); /* it waits for ever on an empty list */
	patience->first = watched;
	thin_crowd_locked(patience, watched);
	pthread_mutex_unlock(&patience->mutex);
	return watched;
}

void patience_remove(struct patience *patience, struct watched *watched)
{
	if (watched == NULL)
		return;
	pthread_mutex_lock(&patience->mutex);
	if (watched->previous != NULL)
		watched->previous->next = watched->next;
	else
		patience->first = watched->next;
	if (watched->next != NULL)
		watched->next->previous = watched->previous;
	pthread_mutex_unlock(&patience->mutex);
	free(watched);
}

static void phase_begin_locked(struct watched *watched, enum phase phase)
{
	watched->phase = phase;
	watched->since_ns = clock_mono_ns();
	if (watched->busy_ns != 0)
		watched->busy_ns = watched->since_ns;
}

void patience_request(struct patience *patience, struct watched *watched)
{
	if (watched == NULL)
		return;
	pthread_mutex_lock(&patience->mutex);
	/* A first request's time began with the connection. */
	if (watched->phase == PHASE_IDLE)
		phase_begin_locked(watched, PHASE_REQUEST);
	pthread_mutex_unlock(&patience->mutex);
}

void patience_stream(struct patience *patience, struct watched *watched)
{
	if (watched == NULL)
		return;
	pthread_mutex_lock(&patience->mutex);
	phase_begin_locked(watched, PHASE_STREAM);
	watched->bytes = bytes_through(watched->fd);
	pthread_mutex_unlock(&patience->mutex);
}

void patience_idle(struct patience *patience, struct watched *watched)
{
	if (watched == NULL)
		return;
	pthread_mutex_lock(&patience->mutex);
	phase_begin_locked(watched, PHASE_IDLE);
	watched->busy_ns = 0;
	pthread_mutex_unlock(&patience->mutex);
}

void patience_busy(struct patience *patience, struct watched *watched, bool busy)
{
	int64_t now_ns;

	if (watched == NULL)
		return;
	now_ns = clock_mono_ns();
	pthread_mutex_lock(&patience->mutex);
	if (busy && watched->busy_ns == 0) {
		watched->busy_ns = now_ns;
	} else if (!busy && watched->busy_ns != 0) {
		watched->since_ns += now_ns - watched->busy_ns;
		watched->busy_ns = 0;
	}
	pthread_mutex_unlock(&patience->mutex);
}
