/* What a transfer waits on, by epoll: its sockets, libcurl's timer and a wake.
 * Internal to transfer.
 *
 * Why not curl_multi_poll and curl_multi_perform: libcurl 7.88 makes a poll(2)
 * per handle under way in each round.  [M] 1,000 in flight at 125 ms: 130 us of
 * CPU per request that way.
 *
 * A kept-alive connection goes idle and comes back with every request.  Its
 * socket stays registered meanwhile, so that neither costs an epoll_ctl; only
 * if it speaks while nobody asked (the server closed it) it is taken off. */
#ifndef SLUICE_REQUEST_TRANSFER_EVENTS_H
#define SLUICE_REQUEST_TRANSFER_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "engine/base/status.h"

struct watch {
	unsigned char wanted;     /* CURL_POLL_IN and _OUT, as libcurl asked; 0: idle */
	unsigned char registered; /* the same, as the kernel knows it */
	bool ours;                /* made by events_socket: its close will be told, too */
};

struct events {
	int epoll, wake;       /* -1: not open */
	struct watch *watches; /* by descriptor */
	int watch_count;
	int64_t timer_ns;      /* when libcurl wants to be called, CLOCK_NEVER: not */
};

/* `events` must stay where it is until after curl_multi_cleanup. */
enum status events_open(struct events *events, CURLM *multi);
void events_close(struct events *events); /* after curl_multi_cleanup */

/* Wait for at most timeout_ms, then let libcurl do what is ready. */
void events_run(struct events *events, CURLM *multi, int timeout_ms);

/* From any thread: make events_run return. */
void events_wake(struct events *events);

/* For CURLOPT_OPENSOCKETFUNCTION (-1: errno says why) and
 * CURLOPT_CLOSESOCKETFUNCTION (`context`: the struct events). */
curl_socket_t events_socket(struct events *events, const struct curl_sockaddr *address);
int events_socket_close(void *context, curl_socket_t socket);

#endif
