/* Item and job states: the names, and the moves that are allowed.
 *
 *   pending -> running -> done
 *      ^          |-----> waiting -> running
 *      |          |-----> failed | unknown | skipped
 *      `---------- retry by a person, or recovery after a crash
 *
 * The same names stand in INTERFACE, in the API and in the SQL CHECKs; a unit
 * test holds them together. */
#ifndef SLUICE_POLICY_STATE_H
#define SLUICE_POLICY_STATE_H

#include <stdbool.h>

enum item_state {
	ITEM_PENDING,
	ITEM_RUNNING,
	ITEM_WAITING,
	ITEM_DONE,
	ITEM_FAILED,
	ITEM_UNKNOWN,
	ITEM_SKIPPED,
	ITEM_STATES /* how many */
};

enum job_state {
	JOB_IMPORTING, /* rows are still coming in; sending may have begun */
	JOB_RUNNING,
	JOB_PAUSED,
	JOB_FINISHED,
	JOB_CANCELLED,
	JOB_HALTED,
	JOB_STATES
};

const char *item_state_name(enum item_state state);
const char *job_state_name(enum job_state state);
/* False: no such name; NULL is none. */
bool item_state_parse(const char *name, enum item_state *state);
bool job_state_parse(const char *name, enum job_state *state);
bool item_state_may_move(enum item_state from, enum item_state to);
bool job_state_may_move(enum job_state from, enum job_state to);
/* done, failed, unknown, skipped: an outcome is recorded. */
bool item_state_final(enum item_state state);

#endif
