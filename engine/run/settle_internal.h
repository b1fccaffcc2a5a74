/* What settle.c and settle_keep.c share. */
#ifndef SLUICE_RUN_SETTLE_INTERNAL_H
#define SLUICE_RUN_SETTLE_INTERNAL_H

#include "engine/run/settle.h"

/* Put into the record what is kept of the response, or of the request.  The body
 * is cut to that, and its memory beyond given back. */
void settle_keep_response(struct settlement *settlement, const struct spec *spec,
                          const struct secret_set *secrets);
void settle_keep_request(struct settlement *settlement, const struct secret_set *secrets);

#endif
