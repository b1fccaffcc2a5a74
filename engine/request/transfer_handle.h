/* One libcurl easy handle and what its options stand at: internal to transfer.
 *
 * Handles are reused for request after request, and an option is set only
 * where the next request differs from the last in it.  The comparison is by
 * content, not by plan: a plan may be freed and another one made at its
 * address. */
#ifndef SLUICE_REQUEST_TRANSFER_HANDLE_H
#define SLUICE_REQUEST_TRANSFER_HANDLE_H

#include <curl/curl.h>

#include "engine/request/transfer.h"
#include "engine/request/transfer_events.h"

enum method_kind { KIND_UNSET, KIND_GET, KIND_HEAD, KIND_POST /* anything with a body */ };

struct handle {
	CURL *easy;
	struct events *events;          /* the transfer's */
	struct handle *previous, *next; /* the transfer's lists */
	CURLcode setup;                 /* first error of setting options */

	/* what the options stand at */
	enum method_kind kind;
	char *method;                   /* CURLOPT_CUSTOMREQUEST, NULL: none */
	struct curl_slist *header_list; /* CURLOPT_HTTPHEADER */
	int64_t timeout_ms, connect_timeout_ms;
	bool follow_redirects;
	bool wait_for_multiplex;
	bool care_is_set, may_repeat;
	char *proxy, *cacert, *cert, *key_file;

	/* the exchange on it */
	struct exchange *exchange;
	struct curl_slist *nodes;       /* our own list nodes, over rendered.headers */
	int node_capacity;
	bool answered;                  /* a final status line came since the last prereq */
	bool headers_ended;             /* not inside a header block */
	bool body_abandoned;            /* the rest is not waited for */
	int socket_errno;               /* why no socket could be made, 0 */
	char error[CURL_ERROR_SIZE];
};

/* Once per process, before threads: looks at the environment and at libcurl. */
void handle_global_init(void);

/* NULL without memory. */
struct handle *handle_new(CURLSH *share, struct events *events);
void handle_free(struct handle *handle); /* NULL is allowed; not while in a multi */

/* Put an exchange (its response cleared) on it: set what differs.  CURLE_OK: ready for the multi. */
CURLcode handle_begin(struct handle *handle, struct exchange *exchange);

/* libcurl's callbacks, in transfer_receive.c; `context` is the handle. */
size_t handle_on_header(char *line, size_t size, size_t count, void *context);
size_t handle_on_body(char *bytes, size_t size, size_t count, void *context);
int handle_on_prereq(void *context, char *remote_ip, char *local_ip, int remote_port,
                     int local_port);
curl_socket_t handle_on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address);

/* Fill the response from what libcurl says and take the exchange off.  Call
 * while the handle is still in the multi or right after. */
void handle_finish(struct handle *handle, CURLcode code);

/* Ended by us, not by libcurl. */
void handle_finish_aborted(struct handle *handle);

#endif
