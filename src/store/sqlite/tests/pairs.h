/* pairs — a thread that writes two rows a transaction until it is told to end: whoever sees one of them without the other is wrong. */
#ifndef YIJIE_STORE_SQLITE_TESTS_PAIRS_H
#define YIJIE_STORE_SQLITE_TESTS_PAIRS_H

#include <pthread.h>

#include "store/tests/rows.h"

enum { PAIR_FIRST = 10'000'000, PAIR_SECOND = 60'000'000, PAIR_MAX = 40'000'000 };

struct writing {
    struct store_connection *w;
    pthread_t thread;
    pthread_mutex_t mutex;
    bool stop;
    int64_t written;
    const char *failed;
};

static inline bool writing_stopped(struct writing *s) {
    (void)pthread_mutex_lock(&s->mutex);
    bool stop = s->stop;
    (void)pthread_mutex_unlock(&s->mutex);
    return stop;
}

/* Two rows a transaction, far apart: half of one would show. */
static inline struct status write_pair(struct arena *a, struct store_connection *w, int64_t n) {
    const struct store_value rows[] = {STORE_I(PAIR_FIRST + n), STORE_I(1), STORE_S(STR("first")),  STORE_NULL, STORE_I(0),
                                       STORE_I(PAIR_SECOND + n), STORE_I(1), STORE_S(STR("second")), STORE_NULL, STORE_I(0)};
    TRY(store_begin(w, a));
    TRY(store_write(w, a, SQL(COVER_PUT), rows, 2));
    return store_commit(w, a);
}

static inline void *write_pairs(void *user) {
    struct writing *s = user;
    struct arena a;
    arena_init(&a, 1 << 20);
    while (!writing_stopped(s)) {
        uint64_t ns = 0;
        struct status st = write_pair(&a, s->w, s->written);
        if (!status_failed(st)) st = store_checkpoint(s->w, &a, false, &ns);
        if (status_failed(st)) {
            (void)pthread_mutex_lock(&s->mutex);
            s->failed = st.err->code;
            (void)pthread_mutex_unlock(&s->mutex);
            break;
        }
        (void)pthread_mutex_lock(&s->mutex);
        s->written++;
        (void)pthread_mutex_unlock(&s->mutex);
        arena_reset(&a);
    }
    arena_done(&a);
    return NULL;
}

static inline void writing_start(struct writing *s, struct store_connection *w) {
    *s = (struct writing){.w = w, .mutex = PTHREAD_MUTEX_INITIALIZER};
    assert_int_equal(pthread_create(&s->thread, NULL, write_pairs, s), 0);
}
static inline void writing_end(struct writing *s) {
    (void)pthread_mutex_lock(&s->mutex);
    s->stop = true;
    (void)pthread_mutex_unlock(&s->mutex);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    if (s->failed) fail_msg("writer: %s", s->failed);
}
/* Until that many transactions more are written, or writing failed. */
static inline void writing_wait(struct writing *s, int64_t more) {
    int64_t from = -1, now = 0;
    for (bool failed = false; !failed && (from < 0 || now < from + more);) {
        (void)pthread_mutex_lock(&s->mutex);
        now = s->written;
        failed = s->failed != NULL;
        (void)pthread_mutex_unlock(&s->mutex);
        if (from < 0) from = now;
        (void)usleep(100);
    }
}
/* Both halves of what a reader sees at one moment: the same transactions, from the first without gaps. */
static inline int64_t pairs_check(struct arena *a, struct store_connection *c) {
    struct store_rows rows;
    const struct store_value halves[] = {STORE_I(PAIR_FIRST), STORE_I(PAIR_FIRST + PAIR_MAX), STORE_I(PAIR_SECOND), STORE_I(PAIR_SECOND + PAIR_MAX)};
    if (status_failed(store_read(c, a, SQL(COVER_RANGE), halves, 2, &rows)) || rows.count % 2) return -1;
    for (uint32_t i = 0; i < rows.count / 2; i++)
        if (store_row(&rows, i)[0].i != PAIR_FIRST + i || store_row(&rows, rows.count / 2 + i)[0].i != PAIR_SECOND + i) return -1;
    return rows.count / 2;
}

#endif
