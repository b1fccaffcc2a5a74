/* A response's body as it comes, within limits: internal to transfer. */
#ifndef SLUICE_REQUEST_TRANSFER_BODY_H
#define SLUICE_REQUEST_TRANSFER_BODY_H

#include "engine/request/transfer.h"

/* Keep of it what is wanted and count it all.  False: no more of it is waited
 * for (response.body_end says why; or body.failed). */
bool body_take(struct exchange *exchange, const char *bytes, size_t length);

/* Empty it; memory beyond keep_max is given back. */
void body_drop(struct exchange *exchange, size_t keep_max);

#endif
