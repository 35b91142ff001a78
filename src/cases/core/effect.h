/* cases/core/effect — how an effect looks as JSON: one table for both directions. Internal to the room.
 *
 * Invariants: members stand in byte order of their names and without blanks, so that what is written is canonical (RFC 8785); a member
 * whose value is empty or zero is left out; ids, digests and cover groups are hexadecimal texts, since they pass 2^53.
 */
#ifndef YIJIE_CASES_EFFECT_H
#define YIJIE_CASES_EFFECT_H

#include "cases/set.h"

enum effect_kind {
    EFFECT_TEXT, EFFECT_I64, EFFECT_I32, EFFECT_U32, EFFECT_BOOL, EFFECT_ID, EFFECT_COVER, EFFECT_DIGEST, EFFECT_WORD, EFFECT_RAW,
    /* EFFECT_RAW: a text that is itself JSON. Parts with a shape of their own */
    EFFECT_ACCOUNTS, EFFECT_CLOCKS, EFFECT_COUNTERS, EFFECT_PLANS, EFFECT_ROW, EFFECT_SHARES, EFFECT_TASKS, EFFECT_TEXTS, EFFECT_TRANSFERS
};
/* Words of an enum by place; the first (0) is left out when `first_omitted`. */
struct effect_words {
    const char *(*name)(int value);
    int count;
    bool first_omitted;
};
struct effect_member {
    struct str name;
    enum effect_kind kind;
    uint32_t offset;
    const struct effect_words *words;
    bool always;           /* written even when zero */
};
extern const struct effect_member effect_members[], effect_row_members[], effect_share_members[];
/* A struct of simple members only. */
void effect_simple_write(const struct effect_member *m, const void *base, struct json_writer *w);
bool effect_simple_read(const struct effect_member *m, const struct json *v, void *base);
const struct effect_member *effect_member_find(const struct effect_member *members, uint32_t count, struct str name);
extern const uint32_t effect_member_count, effect_row_member_count, effect_share_member_count;

/* Counter keys in events and in packed rows: letters, so that an enum may change its order. */
extern const char effect_counter_kinds[PLAN_COUNTER_KIND_COUNT + 1], effect_counter_eaches[PLAN_EACH_COUNT + 1];
int effect_letter_place(const char *letters, char c); /* -1: none */

#endif
