/* How long a client may take: a thread that shuts down connections whose
 * client does not come to the point.  libmicrohttpd's own timeout ends only
 * those that are silent, not those that send a byte a second.
 *
 * A connection is in one of three phases:
 *   request  from its first byte (a new connection: from the start) until the
 *            whole of a small request is in: an absolute deadline;
 *   stream   an upload, or a response being sent: within each window at least
 *            some bytes must get through, in whichever direction, as the
 *            kernel counts them;
 *   idle     between requests: an absolute deadline.
 * Time in which the connection waits for us does not count.
 *
 * Where there are more than crowd_max connections, a new one puts out the one
 * that has kept us waiting longest: who holds many connections and says little
 * cannot keep those away who say what they want. */
#ifndef SLUICE_WEB_PATIENCE_H
#define SLUICE_WEB_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience_limits {
	int64_t request_ms_max;
	int64_t idle_ms_max;
	int64_t window_ms;
	uint64_t window_bytes_min;
	int crowd_max;
};
extern const struct patience_limits patience_usual;

struct patience;
struct watched; /* a connection */

/* Starts the thread.  NULL: no memory or no thread. */
struct patience *patience_start(const struct patience_limits *limits);
/* Nothing may be watched any more.  NULL is allowed. */
void patience_stop(struct patience *patience);

/* Watch a TCP socket, in phase request.  Remove it before the socket is
 * closed.  NULL without memory: it is not watched then, and the functions
 * below take the NULL. */
struct watched *patience_add(struct patience *patience, int fd);
void patience_remove(struct patience *patience, struct watched *watched);

void patience_request(struct patience *patience, struct watched *watched); /* from idle only */
void patience_stream(struct patience *patience, struct watched *watched);
void patience_idle(struct patience *patience, struct watched *watched);

/* From busy(true) to busy(false) the client waits for us. */
void patience_busy(struct patience *patience, struct watched *watched, bool busy);

#endif
