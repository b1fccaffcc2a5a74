#include "engine/cli/stopper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/progress.h"

struct stopper {
	struct engine *engine;
	pthread_t waiter; /* sits in sigwait */
	pthread_t
		drainer; /* begun by the first signal; the waiter must hear the second meanwhile */

	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* guarded by mutex */
	int asked; /* how often */
	bool drained;
	bool hush;   /* stopper_hush */
	bool ending; /* stopper_free */
};

static void signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGTSTP);
	sigaddset(set, SIGUSR2); /* stopper_free's own call */
}

void stopper_block_signals(void)
{
	sigset_t set;

	signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *drain(void *context)
{
	struct stopper *stopper = context;

	engine_drain(stopper->engine);
	pthread_mutex_lock(&stopper->mutex);
	stopper->drained = true;
	pthread_cond_broadcast(&stopper->changed);
	pthread_mutex_unlock(&stopper->mutex);
	return NULL;
}

static void stop_asked(struct stopper *stopper)
{
	pthread_mutex_lock(&stopper->mutex);
	int times = ++stopper->asked;
	bool hush = stopper->hush;
	bool drained = stopper->drained;
	pthread_cond_broadcast(&stopper->changed);
	pthread_mutex_unlock(&stopper->mutex);
	if (times == 1) {
		if (!hush)
			log_info(
				"stopping: waiting for what is in flight (Ctrl-C again: stop at once)");
		if (pthread_create(&stopper->drainer, NULL, drain, stopper))
			drain(stopper); /* no thread to be had: then the second signal has to wait
			                 */
	} else if (times == 2 && !drained) {
		log_info("stopping at once");
		engine_abort(stopper->engine);
	} else {
		progress_clear();
		_exit(EXIT_INTERRUPTED);
	}
}

static void *wait_for_signals(void *context)
{
	struct stopper *stopper = context;
	sigset_t set;
	int signal_number;

	signals(&set);
	for (;;) {
		if (sigwait(&set, &signal_number))
			continue;
		pthread_mutex_lock(&stopper->mutex);
		bool ending = stopper->ending;
		pthread_mutex_unlock(&stopper->mutex);
		if (signal_number == SIGUSR2) {
			if (ending)
				return NULL;
		} else if (signal_number == SIGTSTP) {
			progress_clear();
			kill(getpid(), SIGSTOP);
		} else {
			stop_asked(stopper);
		}
	}
}

enum status stopper_start(struct engine *engine, struct stopper **stopper, struct error *error)
{
	struct stopper *made = calloc(1, sizeof(*made));

	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	made->engine = engine;
	pthread_mutex_init(&made->mutex, NULL);
	clock_cond_init(&made->changed);
	int failed = pthread_create(&made->waiter, NULL, wait_for_signals, made);
	if (failed) {
		free(made);
		return error_set(error, STATUS_NO_MEMORY, "cannot start a thread: %s",
		                 strerror(failed));
	}
	*stopper = made;
	return STATUS_OK;
}

void stopper_free(struct stopper *stopper)
{
	if (!stopper)
		return;
	pthread_mutex_lock(&stopper->mutex);
	stopper->ending = true;
	pthread_mutex_unlock(&stopper->mutex);
	pthread_kill(stopper->waiter, SIGUSR2);
	pthread_join(stopper->waiter, NULL);
	if (stopper->drainer)
		pthread_join(stopper->drainer, NULL);
	pthread_mutex_destroy(&stopper->mutex);
	pthread_cond_destroy(&stopper->changed);
	free(stopper);
}

void stopper_hush(struct stopper *stopper, bool hush)
{
	pthread_mutex_lock(&stopper->mutex);
	stopper->hush = hush;
	pthread_mutex_unlock(&stopper->mutex);
}

bool stopper_asked(struct stopper *stopper)
{
	pthread_mutex_lock(&stopper->mutex);
	bool asked = stopper->asked > 0;
	pthread_mutex_unlock(&stopper->mutex);
	return asked;
}

bool stopper_drained(struct stopper *stopper)
{
	pthread_mutex_lock(&stopper->mutex);
	bool drained = stopper->drained;
	pthread_mutex_unlock(&stopper->mutex);
	return drained;
}

void stopper_wait(struct stopper *stopper, int64_t deadline_ns)
{
	pthread_mutex_lock(&stopper->mutex);
	while (stopper->asked == 0 &&
	       clock_cond_wait(&stopper->changed, &stopper->mutex, deadline_ns) == 0)
		;
	pthread_mutex_unlock(&stopper->mutex);
}
