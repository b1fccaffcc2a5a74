#include "engine/request/transfer_events.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"

#define EVENTS_PER_ROUND 128
#define UNASKED_READS_MAX 1024 /* 16 MiB: more than a socket's buffer holds */

/* libcurl's clock, not base/clock.h's, which tests replace. */
static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* NULL: not known and (where `make`) no memory. */
static struct watch *watch_of(struct events *events, int fd, bool make)
{
	if (fd < events->watch_count)
		return &events->watches[fd];
	if (!make)
		return NULL;
	int count = events->watch_count ? events->watch_count : 64;
	while (count <= fd)
		count *= 2;
	struct watch *watches = realloc(events->watches, (size_t)count * sizeof *watches);
	if (!watches)
		return NULL;
	memset(watches + events->watch_count, 0,
	       (size_t)(count - events->watch_count) * sizeof *watches);
	events->watches = watches;
	events->watch_count = count;
	return &watches[fd];
}

/* Tell the kernel.  Where it has no memory for it the request runs into its
 * timeout: nothing better is to be had. */
static void watch_register(struct events *events, int fd, struct watch *watch,
                           unsigned char wanted)
{
	if (watch->registered == wanted)
		return;
	struct epoll_event event = {.data.fd = fd};
	if (wanted & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (wanted & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	int operation = !wanted             ? EPOLL_CTL_DEL
	                : watch->registered ? EPOLL_CTL_MOD
	                                    : EPOLL_CTL_ADD;
	if (epoll_ctl(events->epoll, operation, fd, &event) == 0 || operation == EPOLL_CTL_DEL)
		watch->registered = wanted;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
	(void)easy;
	(void)unused;
	struct events *events = context;
	struct watch *watch = watch_of(events, fd, what != CURL_POLL_REMOVE);
	if (!watch)
		return 0;
	watch->wanted = what == CURL_POLL_REMOVE ? 0 : (unsigned char)what;
	/* A resolver's socket is closed without our knowing. */
	if (watch->wanted || !watch->ours)
		watch_register(events, fd, watch, watch->wanted);
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	(void)multi;
	struct events *events = context;
	if (timeout_ms < 0)
		events->timer_ns = CLOCK_NEVER;
	else if (timeout_ms == 0)
		events->timer_ns = 0;
	else
		events->timer_ns = now_ns() + timeout_ms * NS_PER_MS;
	return 0;
}

enum status events_open(struct events *events, CURLM *multi)
{
	*events = (struct events){.timer_ns = CLOCK_NEVER, .epoll = -1, .wake = -1};
	events->epoll = epoll_create1(EPOLL_CLOEXEC);
	events->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = events->wake};
	if (events->epoll < 0 || events->wake < 0 ||
	    epoll_ctl(events->epoll, EPOLL_CTL_ADD, events->wake, &event) != 0)
		return STATUS_IO;
	if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, events) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, events) != CURLM_OK)
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

void events_close(struct events *events)
{
	if (events->epoll >= 0)
		close(events->epoll);
	if (events->wake >= 0)
		close(events->wake);
	free(events->watches);
	*events = (struct events){.epoll = -1, .wake = -1};
}

void events_wake(struct events *events)
{
	uint64_t one = 1;
	ssize_t written = write(events->wake, &one, sizeof one);
	(void)written; /* full: it wakes anyway */
}

static void wake_clear(struct events *events)
{
	uint64_t count;
	ssize_t got = read(events->wake, &count, sizeof count);
	(void)got;
}

/* Does what came begin as a TLS record does?  Those may come at any time. */
static bool is_tls(const unsigned char *bytes, ssize_t count)
{
	return bytes[0] >= 0x14 && bytes[0] <= 0x17 && (count < 2 || bytes[1] == 3);
}

/* An answer that nobody asked for ("408 Request Time-out", then a close) would
 * be taken for that to the next request on this connection: libcurl 7.88 does
 * not mind bytes that wait there.  Emptied and shut it is a dead one to it. */
static void discard_unasked(int fd)
{
	unsigned char bytes[16384];
	ssize_t count = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
	if (count <= 0 || is_tls(bytes, count))
		return;
	shutdown(fd, SHUT_RDWR); /* first: what comes now resets it */
	for (int i = 0; i < UNASKED_READS_MAX && count > 0; i++)
		count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
}

static void ready(struct events *events, CURLM *multi, const struct epoll_event *event)
{
	int fd = event->data.fd, mask = 0, running;
	struct watch *watch = watch_of(events, fd, false);
	if (!watch)
		return;
	if (!watch->wanted) { /* an idle connection was closed: libcurl finds out on reuse */
		if (watch->ours)
			discard_unasked(fd);
		watch_register(events, fd, watch, 0);
		return;
	}
	if (event->events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (!mask) /* EPOLLERR, EPOLLHUP: what libcurl was waiting to do will tell it more */
		mask = watch->wanted; /* CURL_POLL_* and CURL_CSELECT_* are the same bits */
	curl_multi_socket_action(multi, fd, mask, &running);
}

/* Rounded up, so as not to wake just before. */
static int wait_ms(const struct events *events, int timeout_ms)
{
	if (events->timer_ns == CLOCK_NEVER || timeout_ms == 0)
		return timeout_ms;
	int64_t left_ns = events->timer_ns ? events->timer_ns - now_ns() : 0;
	if (left_ns <= 0)
		return 0;
	int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
	return left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

void events_run(struct events *events, CURLM *multi, int timeout_ms)
{
	struct epoll_event list[EVENTS_PER_ROUND];
	int count = epoll_wait(events->epoll, list, EVENTS_PER_ROUND, wait_ms(events, timeout_ms));
	for (int i = 0; i < count; i++) {
		if (list[i].data.fd == events->wake)
			wake_clear(events);
		else
			ready(events, multi, &list[i]);
	}
	if (events->timer_ns != CLOCK_NEVER && (!events->timer_ns || events->timer_ns <= now_ns())) {
		int running;
		events->timer_ns = CLOCK_NEVER; /* libcurl sets it anew where it needs it */
		curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}

curl_socket_t events_socket(struct events *events, const struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	struct watch *watch = watch_of(events, fd, true);
	if (!watch) {
		close(fd);
		errno = ENOMEM;
		return CURL_SOCKET_BAD;
	}
	*watch = (struct watch){.ours = true};
	return fd;
}

int events_socket_close(void *context, curl_socket_t fd)
{
	struct watch *watch = watch_of(context, fd, false);
	if (watch)
		*watch = (struct watch){0}; /* the kernel forgets it with the close */
	return close(fd);
}
