#include "engine/policy/state.h"

#include <assert.h>
#include <string.h>

#define TO(state) (1U << (state))

static const struct {
	const char *name;
	unsigned to; /* the states it may move to */
} items[ITEM_STATES] = {
    [ITEM_PENDING] = {"pending", TO(ITEM_RUNNING) | TO(ITEM_SKIPPED)},
    /* back to pending: recovered after a crash, given back unsent, or a rule said pause */
    [ITEM_RUNNING] = {"running", TO(ITEM_PENDING) | TO(ITEM_WAITING) | TO(ITEM_DONE) |
                                     TO(ITEM_FAILED) | TO(ITEM_UNKNOWN) | TO(ITEM_SKIPPED)},
    [ITEM_WAITING] = {"waiting", TO(ITEM_RUNNING) | TO(ITEM_PENDING) | TO(ITEM_SKIPPED)},
    [ITEM_DONE] = {"done", TO(ITEM_PENDING)},
    [ITEM_FAILED] = {"failed", TO(ITEM_PENDING) | TO(ITEM_SKIPPED)},
    /* a person found out what became of it */
    [ITEM_UNKNOWN] = {"unknown",
                      TO(ITEM_PENDING) | TO(ITEM_DONE) | TO(ITEM_FAILED) | TO(ITEM_SKIPPED)},
    [ITEM_SKIPPED] = {"skipped", TO(ITEM_PENDING)},
};

static const struct {
	const char *name;
	unsigned to;
} jobs[JOB_STATES] = {
    [JOB_IMPORTING] = {"importing", TO(JOB_RUNNING) | TO(JOB_PAUSED) | TO(JOB_FINISHED) |
                                        TO(JOB_CANCELLED) | TO(JOB_HALTED)},
    [JOB_RUNNING] = {"running", TO(JOB_IMPORTING) | TO(JOB_PAUSED) | TO(JOB_FINISHED) |
                                    TO(JOB_CANCELLED) | TO(JOB_HALTED)},
    /* finished and halted: what was in flight at the pause may be the last of it */
    [JOB_PAUSED] = {"paused", TO(JOB_IMPORTING) | TO(JOB_RUNNING) | TO(JOB_FINISHED) |
                                  TO(JOB_CANCELLED) | TO(JOB_HALTED)},
    /* retried items, or appended ones */
    [JOB_FINISHED] = {"finished", TO(JOB_IMPORTING) | TO(JOB_RUNNING)},
    [JOB_CANCELLED] = {"cancelled", 0},
    /* not paused: it stands already, and would forget why */
    [JOB_HALTED] = {"halted", TO(JOB_IMPORTING) | TO(JOB_RUNNING) | TO(JOB_FINISHED) |
                                  TO(JOB_CANCELLED)},
};

const char *item_state_name(enum item_state state)
{
	assert(state >= 0 && state < ITEM_STATES);
	return items[state].name;
}

const char *job_state_name(enum job_state state)
{
	assert(state >= 0 && state < JOB_STATES);
	return jobs[state].name;
}

bool item_state_parse(const char *name, enum item_state *state)
{
	for (int i = 0; name != NULL && i < ITEM_STATES; i++) {
		if (strcmp(items[i].name, name) == 0) {
			*state = (enum item_state)i;
			return true;
		}
	}
	return false;
}

bool job_state_parse(const char *name, enum job_state *state)
{
	for (int i = 0; name != NULL && i < JOB_STATES; i++) {
		if (strcmp(jobs[i].name, name) == 0) {
			*state = (enum job_state)i;
			return true;
		}
	}
	return false;
}

bool item_state_may_move(enum item_state from, enum item_state to)
{
	assert(from >= 0 && from < ITEM_STATES && to >= 0 && to < ITEM_STATES);
	return (items[from].to & TO(to)) != 0;
}

bool job_state_may_move(enum job_state from, enum job_state to)
{
	assert(from >= 0 && from < JOB_STATES && to >= 0 && to < JOB_STATES);
	return (jobs[from].to & TO(to)) != 0;
}

bool item_state_final(enum item_state state)
{
	return state == ITEM_DONE || state == ITEM_FAILED || state == ITEM_UNKNOWN ||
	       state == ITEM_SKIPPED;
}
