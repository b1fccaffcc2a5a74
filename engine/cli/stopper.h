/* The thread that waits for signals.  First SIGINT, SIGTERM or SIGHUP: drain;
 * second: stop at once; third: leave the process as it is (the database is
 * sound at any moment).  Ctrl-Z gives the terminal back before it stops. */
#ifndef SLUICE_CLI_STOPPER_H
#define SLUICE_CLI_STOPPER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"
#include "engine/run/engine.h"

struct stopper;

void stopper_block_signals(void);
enum status stopper_start(struct engine *engine, struct stopper **stopper, struct error *error);
/* Ends the threads; a drain that is under way is waited for.  NULL is allowed. */
void stopper_free(struct stopper *stopper);

/* Say nothing at the first signal: nothing is in flight. */
void stopper_hush(struct stopper *stopper, bool hush);
bool stopper_asked(struct stopper *stopper);
bool stopper_drained(struct stopper *stopper);
/* Until a stop is asked for, or mono time deadline_ns. */
void stopper_wait(struct stopper *stopper, int64_t deadline_ns);

#endif
