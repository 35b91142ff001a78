/* cases/engine — the desk at work: a bounded queue of commands, workers that commit them in groups, readers for queries. Internal to the room.
 *
 * A worker takes all that waits, decides one after another in memory, writes once, commits once, and only then answers. There is no timer: a lone command is a
 * group of one; groups grow while a commit lasts. Correctness across workers rests on the cover rows that a group locks (PostgreSQL) or on there being one
 * worker (SQLite).
 */
#ifndef YIJIE_CASES_ENGINE_H
#define YIJIE_CASES_ENGINE_H

#include <pthread.h>

#include "cases/core/products.h"
#include "cases/core/set_inside.h"
#include "cases/set.h"

enum {
    ENGINE_QUEUE_MAX = 4096,
    ENGINE_GROUP_MAX = 512,
    ENGINE_WORKERS_POSTGRES = 4,
    ENGINE_WORKERS_MAX = 16,
    ENGINE_ROUNDS_MAX = 12,               /* of wishes for one group or command */
    ENGINE_ROUNDS_ALONE = 100'000,        /* … for a command that has its own transaction */
    ENGINE_DEFERRED_MAX = 3,              /* how often a command is put off before its locks are waited for */
    ENGINE_RETRIES_MAX = 5,               /* of a group that met a conflict or a lost connection */
    ENGINE_READERS_MAX = 8,
    ENGINE_COMMANDS_WARM = 256,           /* kept with their memory */
    ENGINE_DOUBT_MS = 5000                /* how long a commit of unknown outcome is asked for before it is answered 202 */
};
#define ENGINE_COMMAND_BYTES ((size_t)256 * 1024 * 1024)
#define ENGINE_COMMAND_WARM_BYTES ((size_t)256 * 1024)
#define ENGINE_GROUP_WARM_BYTES ((size_t)48 * 1024 * 1024)
#define ENGINE_GROUP_BYTES ((size_t)2 * 1024 * 1024 * 1024)

struct cases_command_list {
    struct cases_command *first, *last;
    uint32_t count;
};
void command_list_add(struct cases_command_list *l, struct cases_command *c);
struct cases_command *command_list_take(struct cases_command_list *l);

/* One of the commands that the pool made: the public part and whether its memory is warm. */
struct engine_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct cases_command_list waiting;
    uint32_t max;
    bool closing;                         /* written atomically, under the lock; read atomically or under the lock */
};
struct engine_pool {
    pthread_mutex_t lock;
    struct arena arena;                   /* the commands themselves; their own arenas are apart */
    struct cases_command *free;
    uint32_t warm;
};
struct engine_readers {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct arena arena;
    struct cases_reader *free;
    uint32_t made;
};
struct engine_worker {
    struct cases_desk *desk;
    struct env_thread thread;
    bool started;
    uint32_t number;
    struct store_connection *connection;
    struct arena arena, scratch;          /* of the group; of one load or flush */
    struct sha256 hash;
    struct journal_sealer sealer;
    int64_t last_ms;                      /* newest event time that this worker knows */
    struct registry_world *world;         /* held for the group */
    struct cases_products *products;
    int64_t swept_ms;                     /* when lapsed quotes were last taken off the table */
    bool world_stale;                     /* the last change was not seen yet */
    struct digest library_known;          /* manifest last seen in `texts` */
};
struct cases_desk {
    struct arena arena;
    struct cases_desk_options options;
    const struct env *env;
    struct store *store;
    struct journal_keys *keys;
    struct engine_queue queue;
    struct engine_pool pool;
    struct engine_readers readers;
    struct cases_quotes *quotes;          /* NULL on PostgreSQL */
    pthread_mutex_t world_lock;
    struct registry_world *world;
    struct cases_products *products;
    struct engine_worker *workers;
    uint32_t worker_count;
    int64_t due_next_ms;                  /* atomic: when the next task fires; INT64_MAX: none */
    struct cases_metrics metrics;         /* atomic members */
    uint32_t count;                       /* atomic: cases_desk_count */
};
#define METRIC_ADD(desk, member, by) (void)__atomic_add_fetch(&(desk)->metrics.member, (uint64_t)(by), __ATOMIC_RELAXED)

/* queue.c: all that waits, at most group_max; false: closing and empty. *ret_idle: nothing came before `until_ms`. */
bool engine_queue_take(struct cases_desk *d, int64_t until_ms, struct cases_command_list *ret);
void engine_queue_close(struct cases_desk *d);

/* world.c */
void engine_world_take(struct cases_desk *d, struct registry_world **ret_world, struct cases_products **ret_products);
/* Loads the world anew when the store holds another version. */
struct status engine_world_renew(struct cases_desk *d, struct store_connection *c, struct arena *a);

/* group.c: every command of the list is answered, or is in `ret_again` (to be taken first in the next group). */
void engine_group_run(struct engine_worker *w, struct cases_command_list *group, struct cases_command_list *ret_again);
/* worker.c */
void *engine_worker_main(void *worker);
void engine_answer(struct cases_command *cmd);
void engine_fail(struct cases_command *cmd, struct status s, int http);

/* pool.c */
struct cases_command *engine_command_take(struct cases_desk *d);

/* quotes.c: in memory, bounded; oldest lapse first */
struct status engine_quotes_new(struct arena *a, struct cases_quotes **ret);
void engine_quotes_free(struct cases_quotes *q);
/* What the group put and dropped, once it is durable. */
struct status engine_quotes_apply(struct cases_quotes *q, const struct cases_set *s);
uint32_t engine_quotes_count(struct cases_quotes *q);

/* readers.c */
void engine_readers_close(struct cases_desk *d);

#endif
