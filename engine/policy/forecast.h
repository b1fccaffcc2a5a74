/* When a job will be over: a range, from how fast it goes, how fast it may go
 * and what still waits. */
#ifndef SLUICE_POLICY_FORECAST_H
#define SLUICE_POLICY_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

struct forecast {
	int64_t open_items;      /* without an outcome, those that wait among them */
	int64_t waiting;         /* of these, due at a later time */
	double waiting_last_s;   /* seconds until the last of them is due */
	int64_t settled, attempts; /* of the whole run, so far */
	double rate_per_s;       /* items finished per second, of late; 0: none */
	double attempts_per_s;   /* requests per second, of late; 0: none */
	double limit_per_s;      /* requests per second that are allowed; 0: any number */
	bool at_limit;           /* the limit is what holds it back */
	double latency_s;        /* of one request; 0: not known */
};

/* The earliest and the latest end, in seconds from now; false: not known, and
 * eta_s is untouched. */
bool forecast_eta(const struct forecast *forecast, double eta_s[2]);

#endif
