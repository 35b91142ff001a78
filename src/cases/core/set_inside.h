/* cases/core/set_inside — the tables of a working set. Internal to the room.
 *
 * One hash table a kind of row; an entry is WAIT (wished), ABSENT or FOUND, and stays at its place in memory for the life of the group. A key is a number
 * and up to two texts, compared in full. Entries keep their order of arrival, so a flush writes the same rows in the same order on every machine.
 */
#ifndef YIJIE_CASES_SET_INSIDE_H
#define YIJIE_CASES_SET_INSIDE_H

#include "cases/set.h"

struct set_key {
    int64_t n;
    struct str a, b;
};
struct set_entry {
    uint64_t hash;
    struct set_key key;
    enum set_state state;
    bool fresh, dirty;
    void *item;            /* the row, once FOUND */
};
struct set_table {
    struct set_entry **slots;
    struct set_entry **items; /* in order of arrival */
    uint32_t slot_count, count, cap, waiting;
};
/* The entry of a key; a new one is WAIT. NULL: out of memory (the set is then `broken`). */
struct set_entry *set_entry_get(struct cases_set *s, struct set_table *t, struct set_key key);
void set_entry_found(struct set_table *t, struct set_entry *e, void *item);
void set_entry_absent(struct set_table *t, struct set_entry *e);

struct set_cover {
    struct cases_cover row;
    bool locked, lock_wished;
    bool taken;            /* another worker holds its lock: who must change it waits for the next group */
};
struct set_shares {
    struct cases_share *items;
    bool *dirty;
    uint32_t count, cap, stored; /* the first `stored` ones are in the table already */
};
struct set_history {
    int64_t *seqs;
    uint32_t count, cap, fresh_from;
};
struct set_quote {
    struct cases_quote quote;
    bool put, dropped;     /* by this group */
};
struct set_task {
    struct cases_task task;
};
struct cases_quotes;       /* engine/quotes.h: of the desk, in memory */

struct cases_set_tables {
    struct set_table covers, rows, shares, bills, commands, events, days, histories, documents, quotes, bill_quotes, libraries;
    struct cases_task *due;
    uint32_t due_count;
    int64_t due_until;
    bool due_wished, due_loaded;
    struct cases_task *tasks;              /* made and removed by this group */
    uint32_t task_count, task_cap;
    int64_t seq_base;                      /* what provisional seqs become */
    bool broken;                           /* memory was out in a get: the load says so */
    bool met_taken;                        /* a get met a cover that another worker holds */
    bool lock_waits;                       /* locks of covers are waited for; else what is taken is left alone: no deadlock, no convoy */
    struct cases_quotes *quotes_memory;    /* NULL: quotes are a table of the store */
    struct cases_products *products;       /* where recorded libraries go; NULL: none wanted */
    int64_t now_ms;                        /* for the expiry of quotes */
    bool writes;                           /* of a writing group: days are locked */
    bool closes_days;                      /* the group holds a CLOSE_DAY: its days are locked alone */
};

int64_t set_seq(const struct cases_set *s, int64_t seq); /* what is written for a seq */
struct set_key set_key_id(const struct id128 *id);
/* What a cover's entry stands for, without following merges. NULL: not found. */
struct set_cover *cases_cover_at(struct cases_set *s, int64_t cover);

/* For the engine. */
void cases_set_seq_base(struct cases_set *s, int64_t base);
struct status cases_quote_put(struct cases_set *s, const struct cases_quote *q);
void cases_quote_drop(struct cases_set *s, const struct id128 *id);
struct status cases_document_put(struct cases_set *s, const struct cases_document *d);

/* Quotes of the desk's memory (engine/quotes.c); copies go into the arena. */
struct status cases_quotes_find(struct cases_quotes *q, struct arena *a, const struct id128 *id, struct cases_quote *ret, bool *ret_found);
struct status cases_quotes_of_bill(struct cases_quotes *q, struct arena *a, const struct id128 *bill_key, struct cases_quote *ret, bool *ret_found);

/* Rows added by the fold. */
struct status set_row_add(struct cases_set *s, const struct cases_row *row);
struct status set_share_put(struct cases_set *s, const struct id128 *case_id, const struct cases_share *share);
struct status set_bill_put(struct cases_set *s, struct str hospital, struct str bill, const struct cases_bill *row);
struct status set_command_add(struct cases_set *s, const struct id128 *key, const struct cases_done_command *row);
struct status set_day_close(struct cases_set *s, int32_t day);
struct status set_history_add(struct cases_set *s, const struct id128 *case_id, int64_t seq);
struct status set_task_add(struct cases_set *s, const struct cases_task *task);

/* Quotes as bytes (JSON) for the table, and back. */
struct status quote_write(const struct cases_quote *q, struct arena *a, struct str *ret);
struct status quote_read(struct arena *a, struct str bytes, struct cases_quote *ret);
void quote_bill_key(const struct cases_quote *q, struct id128 *ret);
void quote_bill_key_of(struct str hospital, struct str bill, struct id128 *ret);

/* The statements of statements.c, by name. */
enum set_statement {
#define X(id, name, params, results, hot, sqlite, postgres) SET_##id,
#include "cases/core/statements.def"
#undef X
    SET_STATEMENT_COUNT
};
const struct store_statement *set_statement(enum set_statement which);

#endif
