/* cases/life/share — the states of a payer's share, what may be done in each, and the clocks of insurance law articles 22 to 25.
 *
 *   settled ──► paid ────────────────────────────────────────────── recover ──► recovered
 *           └─► refused ── dispute ──► disputed ── uphold ──► upheld
 *           │                                   └─ change ──► changed ── recover ──► recovered
 *           └─► later ── papers-ask (once) · papers-add · papers-complete · review · investigate · pay-part ──► later
 *                    ├─ decide-pay ──► paid (to the patient)
 *                    └─ decide-refuse ──► refused
 *   any ── the case is reversed ──► reversed
 *
 * Invariant: a share that pays 0 holds no claim on money; pay rises only by decide-pay, pay-part, change and differences, never above what the patient
 * bears; the papers are asked for once; while papers are awaited the decision clock stands still.
 */
#ifndef YIJIE_CASES_SHARE_H
#define YIJIE_CASES_SHARE_H

#include "cases/life/life.h"

enum life_act {
#define X(id, name, zh, en) LIFE_ACT_##id,
#include "cases/life/acts.def"
#undef X
    LIFE_ACT_COUNT
};
enum life_clock {
#define X(id, days, article, zh, en) LIFE_CLOCK_##id,
#include "cases/life/clocks.def"
#undef X
    LIFE_CLOCK_COUNT
};
const char *life_act_name(enum life_act act);
bool life_act_parse(struct str name, enum life_act *ret);
const char *life_clock_name(enum life_clock c);
int64_t life_clock_ms(enum life_clock c);
/* The state that an act leads to; false: not in this state. */
bool life_act_allowed(enum cases_share_state from, enum life_act act, enum cases_share_state *ret_to);

/* When a clock ends; 0: it does not run. */
int64_t life_clock_due(const struct cases_clocks *c, enum life_clock which);
bool life_papers_awaited(const struct cases_clocks *c);
/* Moves the clocks as an act does. */
void life_clocks_move(struct cases_clocks *c, enum life_act act, int64_t now_ms);
/* The clocks of a fresh event's later shares, with their tasks. */
struct status life_clocks_start(struct cases_context *x, struct arena *a, struct cases_effect *e);
/* Tasks that differ between two states of a share: the old ones removed, the new ones added. */
struct status life_tasks_move(struct arena *a, struct cases_effect *e, uint32_t share, const struct cases_clocks *before, const struct cases_clocks *after);

/* A share as JSON: state, reason, amounts, clocks, what is allowed. */
void life_share_write(const struct cases_share *s, struct json_writer *w);
struct cases_share *life_share_find(struct cases_share *shares, uint32_t count, struct str payer);

#endif
