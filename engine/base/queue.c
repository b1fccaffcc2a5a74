#include "engine/base/queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/base/clock.h"

struct queue {
	int bound; /* immutable */

	pthread_mutex_t mutex; /* guards what follows; nothing is locked inside it */
	pthread_cond_t filled; /* the consumer waits here */
	pthread_cond_t taken;  /* producers wait here at the bound */
	struct queue_list nodes;
	int producers_waiting;
	bool consumer_waiting;
	int least;  /* the consumer is not woken for fewer */
	bool urgent; /* but by this */
	bool poked;
	bool closed;
};

void queue_list_add(struct queue_list *list, struct queue_node *node)
{
	node->next = NULL;
	if (list->tail)
		list->tail->next = node;
	else
		list->head = node;
	list->tail = node;
	list->count++;
}

struct queue *queue_new(int bound)
{
	struct queue *queue;

	assert(bound >= 1);
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->bound = bound;
	pthread_mutex_init(&queue->mutex, NULL);
	clock_cond_init(&queue->filled);
	clock_cond_init(&queue->taken);
	return queue;
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	assert(queue->nodes.count == 0);
	assert(queue->producers_waiting == 0 && !queue->consumer_waiting);
	pthread_cond_destroy(&queue->taken);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

/* Move all of `from` to the end of `to`. */
static void list_move(struct queue_list *to, struct queue_list *from)
{
	if (!from->head)
		return;
	if (to->tail)
		to->tail->next = from->head;
	else
		to->head = from->head;
	to->tail = from->tail;
	to->count += from->count;
	*from = (struct queue_list){0};
}

/* The flag, cleared with the signal, makes one wake-up of however many pushes come
 * before the consumer runs. */
static void wake_consumer_locked(struct queue *queue)
{
	if (!queue->consumer_waiting)
		return;
	queue->consumer_waiting = false;
	pthread_cond_signal(&queue->filled);
}

static bool push(struct queue *queue, struct queue_list *list, bool heed_bound)
{
	bool open;

	pthread_mutex_lock(&queue->mutex);
	while (heed_bound && !queue->closed && queue->nodes.count >= queue->bound) {
		queue->producers_waiting++;
		clock_cond_wait(&queue->taken, &queue->mutex, CLOCK_NEVER);
		queue->producers_waiting--;
	}
	open = !queue->closed;
	if (open && list->count > 0) {
		list_move(&queue->nodes, list);
		queue->urgent |= !heed_bound;
		if (queue->urgent || queue->nodes.count >= queue->least)
			wake_consumer_locked(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
	return open;
}

bool queue_push(struct queue *queue, struct queue_list *list)
{
	return push(queue, list, true);
}

bool queue_push_urgent(struct queue *queue, struct queue_list *list)
{
	return push(queue, list, false);
}

int queue_take(struct queue *queue, struct queue_list *out, int64_t deadline_ns)
{
	return queue_take_many(queue, out, 1, deadline_ns);
}

int queue_take_many(struct queue *queue, struct queue_list *out, int least, int64_t deadline_ns)
{
	int taken, rc = 0;

	assert(least >= 1 && least <= queue->bound);
	pthread_mutex_lock(&queue->mutex);
	queue->least = least;
	while (queue->nodes.count < least && !queue->urgent && !queue->poked && !queue->closed &&
	       rc != ETIMEDOUT) {
		queue->consumer_waiting = true;
		rc = clock_cond_wait(&queue->filled, &queue->mutex, deadline_ns);
	}
	queue->consumer_waiting = false;
	queue->poked = queue->urgent = false;
	taken = queue->nodes.count;
	list_move(out, &queue->nodes);
	/* Everything went: there is room for all who wait. */
	if (taken > 0 && queue->producers_waiting > 0)
		pthread_cond_broadcast(&queue->taken);
	pthread_mutex_unlock(&queue->mutex);
	return taken;
}

void queue_poke(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->poked = true;
	wake_consumer_locked(queue);
	pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	wake_consumer_locked(queue);
	pthread_cond_broadcast(&queue->taken);
	pthread_mutex_unlock(&queue->mutex);
}

int queue_length(struct queue *queue)
{
	int length;

	pthread_mutex_lock(&queue->mutex);
	length = queue->nodes.count;
	pthread_mutex_unlock(&queue->mutex);
	return length;
}
