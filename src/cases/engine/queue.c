/* cases/engine/queue — commands that wait: bounded, first come first served; a worker takes all at once. */
#include "cases/engine/engine.h"

#include <errno.h>
#include <time.h>

void command_list_add(struct cases_command_list *l, struct cases_command *c)
{
    c->next = NULL;
    if (l->last) l->last->next = c;
    else l->first = c;
    l->last = c;
    l->count++;
}

struct cases_command *command_list_take(struct cases_command_list *l)
{
    struct cases_command *c = l->first;
    if (!c) return NULL;
    l->first = c->next;
    if (!l->first) l->last = NULL;
    l->count--;
    c->next = NULL;
    return c;
}

bool cases_command_submit(struct cases_command *cmd, cases_done *done, void *user)
{
    struct cases_desk *d = cmd->desk;
    struct engine_queue *q = &d->queue;
    cmd->done = done;
    cmd->user = user;
    cmd->queued_ns = d->env->monotonic_ns(d->env);
    pthread_mutex_lock(&q->lock);
    const bool fits = !q->closing && q->waiting.count < q->max;
    if (fits) {
        command_list_add(&q->waiting, cmd);
        __atomic_store_n(&d->metrics.queue_depth, q->waiting.count, __ATOMIC_RELAXED);
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return fits;
}

/* Waits until something comes, the queue closes, or `wait_ms` (negative: for ever) have passed. */
static void queue_wait(struct engine_queue *q, int64_t wait_ms)
{
    if (wait_ms < 0) {
        pthread_cond_wait(&q->filled, &q->lock);
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* tidy-ok call-system: a condition variable takes no other form of time */
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1'000'000;
    if (until.tv_nsec >= 1'000'000'000) {
        until.tv_nsec -= 1'000'000'000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&q->filled, &q->lock, &until);
}

bool engine_queue_take(struct cases_desk *d, int64_t until_ms, struct cases_command_list *ret)
{
    struct engine_queue *q = &d->queue;
    const uint32_t max = d->options.group_max;
    *ret = (struct cases_command_list){0};
    pthread_mutex_lock(&q->lock);
    while (!q->waiting.first && !q->closing) {
        const int64_t left = until_ms == INT64_MAX ? -1 : i64_max(until_ms - d->env->now_ms(d->env), 0);
        if (left == 0) break;
        queue_wait(q, i64_min(left, 60'000)); /* the wall clock may be set: look again now and then */
    }
    while (q->waiting.first && ret->count < max) command_list_add(ret, command_list_take(&q->waiting));
    const bool more = ret->count > 0 || !q->closing;
    __atomic_store_n(&d->metrics.queue_depth, q->waiting.count, __ATOMIC_RELAXED);
    if (q->waiting.first) pthread_cond_signal(&q->filled);
    pthread_mutex_unlock(&q->lock);
    return more;
}

void engine_queue_close(struct cases_desk *d)
{
    pthread_mutex_lock(&d->queue.lock);
    __atomic_store_n(&d->queue.closing, true, __ATOMIC_RELAXED); /* a worker in doubt asks without the lock */
    pthread_cond_broadcast(&d->queue.filled);
    pthread_mutex_unlock(&d->queue.lock);
}

/* ---- submit and wait ------------------------------------------------------------------------------------------------ */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
};

static void waiting_done(void *user, struct cases_command *cmd)
{
    (void)cmd;
    struct waiting *w = user;
    pthread_mutex_lock(&w->lock);
    w->is_done = true;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
}

bool cases_command_run(struct cases_command *cmd)
{
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    const bool taken = cases_command_submit(cmd, waiting_done, &w);
    pthread_mutex_lock(&w.lock);
    while (taken && !w.is_done) pthread_cond_wait(&w.done, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.done);
    return taken;
}
