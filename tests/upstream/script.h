/* What the server answers: the faults asked for in the settings, the fixed
 * routes, and the control pages.
 *
 *   /__stats            the ledger as JSON (also flushes the log)
 *   /__control?n=v&…    POST: change settings
 *   /__reset            POST: forget what was seen
 *   /status/N…  /delay/MS…  /echo…  /redirect…[?to=URL]   fixed answers
 *   anything else       {"code":0,"id":"…"}
 */
#ifndef UPSTREAM_SCRIPT_H
#define UPSTREAM_SCRIPT_H

#include "tests/upstream/ledger.h"
#include "tests/upstream/message.h"
#include "tests/upstream/settings.h"

struct script {
	struct settings settings;
	struct ledger ledger;
	double tokens;        /* of the 429 bucket */
	int64_t tokens_at_ns;
	uint64_t random;
};

struct answer {
	int64_t delay_ns;   /* hold it so long */
	bool counted;       /* ledger_leave() is due when it is out */
	bool close;         /* close the connection afterwards */
	bool drop;          /* close without an answer */
};

/* `nth`: which request of its connection this is, from 1.  The answer's bytes
 * are appended to `out`. */
struct answer script_answer(struct script *script, const struct message *message, int64_t nth,
                            struct bytes *out);

#endif
