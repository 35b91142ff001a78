/* town — a small town on a desk for the tests of the engine and the proofs: one basic scheme, an inclusive cover, a million cover, some persons.
 *
 * Plans and chain are those of tests/specs. SQLite in a folder of its own, or PostgreSQL when YIJIE_TEST_POSTGRES names one (then every town begins in an empty
 * database only once a process: persons and bills carry the town's number).
 */
#ifndef YIJIE_CASES_TESTS_TOWN_H
#define YIJIE_CASES_TESTS_TOWN_H

#include "cases/set.h"

enum { TOWN_PERSONS = 12 };
struct town_env {
    struct env env;                 /* first: the desk's */
    const struct env *system;
    void (*at_point)(void *user, const char *name);
    void *user;
};
struct town {
    struct arena arena;
    struct town_env env;
    char folder[300];
    bool postgres;
    struct cases_desk_options options;
    struct cases_desk *desk;
    int number;
};
struct town_answer {
    int http;
    char id[33];                    /* of the case or quote, empty when none */
    char body[16384];
};

void town_begin(struct town *t);    /* opens and fills it */
void town_open(struct town *t);
void town_close(struct town *t);
void town_end(struct town *t);      /* closes and removes it */
/* The body of a trial; amounts in fen. */
void town_bill(const struct town *t, const char *bill, int person, int64_t own_full, struct buf *out);
void town_run(struct town *t, enum cases_op op, const char *key, const char *id, const char *part, struct str body, struct town_answer *ret);
void town_trial(struct town *t, const char *bill, int person, int64_t own_full, struct town_answer *ret);
void town_confirm(struct town *t, const char *trial, const char *key, struct town_answer *ret);
void town_reverse(struct town *t, const char *id, struct town_answer *ret);
/* Proves the store (desk closed or open); names what is wrong. */
bool town_holds(struct town *t, bool replay);
/* Runs SQL as owner on the closed town. */
void town_sql(struct town *t, const char *sql);

#endif
