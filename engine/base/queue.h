/* A bounded queue of intrusive nodes: many producers, one consumer that takes
 * all there is at once.  The queue never allocates; whoever pops a node owns
 * what it is embedded in. */
#ifndef SLUICE_BASE_QUEUE_H
#define SLUICE_BASE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct queue_node {
	struct queue_node *next;
};

struct queue_list {
	struct queue_node *head, *tail;
	int count;
};

/* Append to a list that one thread owns. */
void queue_list_add(struct queue_list *list, struct queue_node *node);

struct queue;

/* bound: nodes that may wait before queue_push blocks (>= 1).  NULL without memory. */
struct queue *queue_new(int bound);
void queue_free(struct queue *queue); /* must be empty; NULL is allowed */

/* Append a list (emptied by it).  Blocks while the queue is at its bound; a
 * list that is longer than what is left goes in whole.  Returns false, with
 * the list untouched, if the queue was closed. */
bool queue_push(struct queue *queue, struct queue_list *list);
/* The same without blocking and without heeding the bound: for commands, and
 * for producers that the consumer itself may be waiting for. */
bool queue_push_urgent(struct queue *queue, struct queue_list *list);

/* Take everything.  Waits until there is at least one node, mono deadline_ns,
 * a poke or the close.  Returns the number taken (0: none). */
int queue_take(struct queue *queue, struct queue_list *out, int64_t deadline_ns);
/* The same, but sleeps on until there are `least` (1 … bound) or an urgent one. */
int queue_take_many(struct queue *queue, struct queue_list *out, int least, int64_t deadline_ns);

void queue_poke(struct queue *queue);  /* make a waiting queue_take return, or the next one not wait */
void queue_close(struct queue *queue); /* pushes fail from now on; what is in can still be taken */
int queue_length(struct queue *queue);

#endif
