#include "engine/run/limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "engine/base/clock.h"

/* A pace beyond this is none: nothing can be sent so fast. */
#define RATE_UNLIMITED 100000

struct limits {
	pthread_mutex_t mutex; /* before a limit's own */
	struct limit *table;   /* guarded by mutex */
};

struct limit {
	/* immutable */
	struct semaphore *semaphore; /* own lock */
	char *name;                  /* hash key; NULL: not shared */
	struct limits *limits;

	/* guarded by limits->mutex */
	struct asked {
		int64_t user;
		struct limit_settings settings;
	} *users;                    /* what each of them asks for */
	int user_count;
	UT_hash_handle hh;

	pthread_mutex_t mutex;       /* leaf but for the semaphore's */
	/* guarded by mutex */
	struct limit_settings settings; /* the strictest of what they ask for */
	struct bucket bucket;
	struct adapt adapt;
	int64_t hold_ns;             /* nothing goes out before */
	int in_flight;
	int concurrency;             /* the semaphore's */
};

struct limits *limits_new(void)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (limits != NULL)
		pthread_mutex_init(&limits->mutex, NULL);
	return limits;
}

void limits_free(struct limits *limits)
{
	if (limits == NULL)
		return;
	pthread_mutex_destroy(&limits->mutex);
	free(limits);
}

static struct adapt_ceilings ceilings_of(const struct limit_settings *settings)
{
	return (struct adapt_ceilings){settings->concurrency, settings->rate, settings->burst};
}

/* Bucket and semaphore follow what was learned, or the settings. */
static void follow_locked(struct limit *limit, int64_t now_ns)
{
	const struct limit_settings *settings = &limit->settings;
	struct rate rate = settings->rate;
	int64_t burst = settings->burst;
	int concurrency = settings->concurrency;

	if (settings->adapt) {
		rate = adapt_rate(&limit->adapt);
		burst = adapt_burst(&limit->adapt);
		concurrency = adapt_concurrency(&limit->adapt);
	}
	bucket_set(&limit->bucket, rate, burst, now_ns);
	if (concurrency == limit->concurrency)
		return;
	limit->concurrency = concurrency;
	semaphore_resize(limit->semaphore, concurrency);
}

static void limit_free(struct limit *limit)
{
	semaphore_free(limit->semaphore);
	pthread_mutex_destroy(&limit->mutex);
	free(limit->name);
	free(limit->users);
	free(limit);
}

static struct limit *limit_new(const char *name, const struct limit_settings *settings,
                               const struct adapt_memory *memory)
{
	struct limit *limit = calloc(1, sizeof(*limit));
	struct adapt_ceilings ceilings = ceilings_of(settings);
	int64_t now = clock_mono_ns();

	if (limit == NULL)
		return NULL;
	pthread_mutex_init(&limit->mutex, NULL);
	limit->settings = *settings;
	limit->concurrency = settings->concurrency;
	limit->semaphore = semaphore_new(settings->concurrency);
	limit->name = name != NULL ? strdup(name) : NULL;
	if (limit->semaphore == NULL || (name != NULL && limit->name == NULL)) {
		limit_free(limit);
		return NULL;
	}
	bucket_init(&limit->bucket, settings->rate, settings->burst, now);
	adapt_init(&limit->adapt, &ceilings, memory, now);
	if (settings->adapt) /* a full bucket would let a burst of the ceiling's pace out */
		bucket_init(&limit->bucket, adapt_rate(&limit->adapt), adapt_burst(&limit->adapt), now);
	follow_locked(limit, now);
	return limit;
}

/* The strictest of what its users ask for.  limits->mutex held. */
static void settle_on(struct limit *limit)
{
	struct limit_settings strictest = limit->users[0].settings;
	struct adapt_ceilings ceilings;
	int64_t now = clock_mono_ns();

	for (int i = 1; i < limit->user_count; i++) {
		const struct limit_settings *asked = &limit->users[i].settings;

		if (asked->concurrency < strictest.concurrency)
			strictest.concurrency = asked->concurrency;
		if (asked->rate.count > 0 && (strictest.rate.count == 0 ||
		                              rate_per_s(asked->rate) < rate_per_s(strictest.rate))) {
			strictest.rate = asked->rate;
			strictest.burst = asked->burst;
		}
		strictest.adapt = strictest.adapt && asked->adapt;
	}
	ceilings = ceilings_of(&strictest);
	pthread_mutex_lock(&limit->mutex);
	limit->settings = strictest;
	adapt_set_ceilings(&limit->adapt, &ceilings, now);
	follow_locked(limit, now);
	pthread_mutex_unlock(&limit->mutex);
}

/* limits->mutex held.  False without memory. */
static bool add_user(struct limit *limit, int64_t user, const struct limit_settings *settings)
{
	struct asked *grown =
	    realloc(limit->users, ((size_t)limit->user_count + 1) * sizeof(*limit->users));

	if (grown == NULL)
		return false;
	limit->users = grown;
	limit->users[limit->user_count++] = (struct asked){user, *settings};
	return true;
}

struct limit *limit_open(struct limits *limits, const char *name, int64_t user,
                         const struct limit_settings *settings, const struct adapt_memory *memory)
{
	bool made = false;
	struct limit *limit = NULL;

	pthread_mutex_lock(&limits->mutex);
	if (name != NULL)
		HASH_FIND_STR(limits->table, name, limit);
	if (limit == NULL) {
		made = true;
		limit = limit_new(name, settings, memory);
	}
	if (limit != NULL && !add_user(limit, user, settings)) {
		if (made)
			limit_free(limit);
		limit = NULL;
	}
	if (limit != NULL && made) {
		limit->limits = limits;
		if (name != NULL)
			HASH_ADD_KEYPTR(hh, limits->table, limit->name, strlen(limit->name), limit);
	} else if (limit != NULL) {
		settle_on(limit);
	}
	pthread_mutex_unlock(&limits->mutex);
	return limit;
}

void limit_close(struct limit *limit, int64_t user)
{
	struct limits *limits = limit != NULL ? limit->limits : NULL;
	int at = 0;

	if (limit == NULL)
		return;
	pthread_mutex_lock(&limits->mutex);
	while (limit->users[at].user != user)
		at++;
	limit->users[at] = limit->users[--limit->user_count];
	if (limit->user_count > 0) {
		settle_on(limit);
		limit = NULL;
	} else if (limit->name != NULL) {
		HASH_DEL(limits->table, limit);
	}
	pthread_mutex_unlock(&limits->mutex);
	if (limit != NULL)
		limit_free(limit);
}

struct semaphore *limit_semaphore(struct limit *limit)
{
	return limit->semaphore;
}

void limit_set(struct limit *limit, int64_t user, const struct limit_settings *settings)
{
	pthread_mutex_lock(&limit->limits->mutex);
	for (int i = 0; i < limit->user_count; i++)
		if (limit->users[i].user == user)
			limit->users[i].settings = *settings;
	settle_on(limit);
	pthread_mutex_unlock(&limit->limits->mutex);
}

int limit_take_tokens(struct limit *limit, int want, int64_t *wait_ns)
{
	int64_t now = clock_mono_ns(), hold;
	int taken = 0;

	pthread_mutex_lock(&limit->mutex);
	hold = limit->hold_ns;
	if (limit->settings.adapt) {
		follow_locked(limit, now);
		if (adapt_hold_ns(&limit->adapt) > hold)
			hold = adapt_hold_ns(&limit->adapt);
	}
	if (hold <= now)
		taken = bucket_take(&limit->bucket, now, want);
	*wait_ns = taken > 0 ? 0 : hold > now ? hold - now : bucket_wait_ns(&limit->bucket, now);
	pthread_mutex_unlock(&limit->mutex);
	return taken;
}

void limit_return_tokens(struct limit *limit, int count)
{
	pthread_mutex_lock(&limit->mutex);
	bucket_return(&limit->bucket, count);
	pthread_mutex_unlock(&limit->mutex);
}

void limit_hold(struct limit *limit, int64_t hold_ns)
{
	int64_t until = clock_mono_ns() + hold_ns;

	pthread_mutex_lock(&limit->mutex);
	if (until > limit->hold_ns)
		limit->hold_ns = until;
	pthread_mutex_unlock(&limit->mutex);
}

void limit_sent(struct limit *limit, struct adapt_stamp *stamp)
{
	int64_t now = clock_mono_ns();

	pthread_mutex_lock(&limit->mutex);
	adapt_sent(&limit->adapt, now, ++limit->in_flight, stamp);
	pthread_mutex_unlock(&limit->mutex);
}

void limit_result(struct limit *limit, const struct adapt_stamp *stamp,
                  const struct adapt_answer *answer)
{
	int64_t now = clock_mono_ns();

	pthread_mutex_lock(&limit->mutex);
	limit->in_flight--;
	if (answer != NULL && limit->settings.adapt) {
		adapt_result(&limit->adapt, stamp, answer, now);
		follow_locked(limit, now);
	}
	pthread_mutex_unlock(&limit->mutex);
}

void limit_resume(struct limit *limit)
{
	pthread_mutex_lock(&limit->mutex);
	adapt_resume(&limit->adapt, clock_mono_ns());
	limit->hold_ns = 0;
	pthread_mutex_unlock(&limit->mutex);
}

void limit_set_backlog(struct limit *limit, int64_t items)
{
	pthread_mutex_lock(&limit->mutex);
	adapt_set_backlog(&limit->adapt, items);
	pthread_mutex_unlock(&limit->mutex);
}

void limit_view(struct limit *limit, struct limit_view *view)
{
	int64_t now = clock_mono_ns();

	pthread_mutex_lock(&limit->mutex);
	view->concurrency = limit->concurrency;
	view->rate = limit->settings.rate;
	if (limit->settings.adapt && limit->bucket.rate.count > 0 &&
	    (double)limit->bucket.rate.count * 1e9 / (double)limit->bucket.rate.per_ns < RATE_UNLIMITED)
		view->rate = limit->bucket.rate;
	if (limit->hold_ns > now)
		view->bound_by = "server";
	else if (limit->settings.adapt)
		view->bound_by = adapt_bound_by(&limit->adapt, limit->in_flight, now);
	else
		view->bound_by = limit->in_flight >= limit->concurrency ? "concurrency" : "rate";
	pthread_mutex_unlock(&limit->mutex);
}

bool limit_adapts(struct limit *limit)
{
	bool adapts;

	pthread_mutex_lock(&limit->mutex);
	adapts = limit->settings.adapt;
	pthread_mutex_unlock(&limit->mutex);
	return adapts;
}

void limit_remember(struct limit *limit, struct adapt_memory *memory)
{
	pthread_mutex_lock(&limit->mutex);
	adapt_remember(&limit->adapt, memory);
	pthread_mutex_unlock(&limit->mutex);
}
