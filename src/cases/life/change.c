/* life/change — CHANGE: one change of the registry, a batch, or a file of them: all or nothing; and what a late change does to settled cases.
 *
 * A batch has a transaction of its own and folds as it goes, so that a policy may name a person registered some lines above. A change of facts before
 * today lists the settled cases that it touches: they are run again, where the region re-adjudicates, else put to review, each by an event.
 * Workload: `yijie demo load` sends batches of some 500 persons; imports likewise.
 */
#include "cases/life/again.h"

struct change_parsed {
    struct registry_import list;
    bool makes_key, dry;
    struct str key_id, key_text;             /* of a key made now; shown once */
    /* how far decide has come, with the set it belongs to */
    const struct cases_set *set;
    uint32_t next, folded;
    struct journal_event *events;
    struct cases_effect **effects;
    uint32_t count, cap, effect_cap, effect_count;
    struct registry_touched *touched;
    uint32_t touched_count, touched_next;
    bool changes_done, touched_found;
};
struct change_answer {
    uint32_t changes, events, touched, adjusted, review;
    const struct error *errors;
};

/* ---- reading ------------------------------------------------------------------------------------------------ */

static struct status changes_read(struct cases_command *cmd, struct change_parsed *p)
{
    struct arena *a = &cmd->arena;
    if (str_starts(cmd->part, STR("csv"))) {
        const struct str kind = cmd->part.n > 4 ? (struct str){cmd->part.p + 4, cmd->part.n - 4} : STR("");
        return registry_import_csv(a, cmd->body, kind, &p->list);
    }
    if (str_eq(cmd->part, STR("lines"))) return registry_import_json(a, cmd->body, &p->list);
    const struct json *tree = NULL;
    TRY(json_parse(a, cmd->body, &tree));
    if (tree->kind == JSON_ARRAY) return registry_import_json(a, cmd->body, &p->list);
    p->list.changes = ARENA_ARRAY(a, struct registry_change *, 1);
    if (!p->list.changes) return status_memory();
    p->list.count = 1;
    return registry_change_parse(a, tree, &p->list.changes[0]);
}

struct status life_change_parse(struct cases_command *cmd)
{
    struct change_parsed *p = ARENA_NEW(&cmd->arena, struct change_parsed);
    if (!p) return status_memory();
    p->dry = str_eq(cmd->id_text, STR("dry-run"));
    TRY(changes_read(cmd, p));
    cmd->parsed = p;
    return STATUS_OK;
}

/* Touches what all changes read, each as things stand before the batch. */
bool life_change_needs(struct cases_context *x, struct cases_command *cmd)
{
    const struct change_parsed *p = cmd->parsed;
    bool all = true;
    for (uint32_t i = 0; p->list.error_count == 0 && i < p->list.count; i++) all = registry_change_needs(x->set->registry, x->world, p->list.changes[i]) && all;
    return all;
}

/* ---- deciding and folding, one after another -------------------------------------------------------------------- */

static struct status event_push(struct cases_command *cmd, struct change_parsed *p, const struct journal_event *ev)
{
    struct journal_event *slot = ARENA_PUSH(&cmd->arena, p->events, p->count, p->cap);
    struct cases_effect **effect = ARENA_PUSH(&cmd->arena, p->effects, p->effect_count, p->effect_cap);
    if (!slot || !effect) return status_memory();
    *slot = *ev;
    return STATUS_OK;
}

/* Folds what was decided; false: something must be read first. */
static struct status events_fold(struct cases_context *x, struct change_parsed *p, bool *ret_wait)
{
    for (; p->folded < p->count; p->folded++) {
        struct journal_event *ev = &p->events[p->folded];
        ev->seq = CASES_SEQ_PROVISIONAL + p->folded;
        ev->at_ms = x->now_ms;
        if (!cases_fold_needs(x->set, ev, p->effects[p->folded])) {
            *ret_wait = true;
            return STATUS_OK;
        }
        TRY(cases_fold(x->set, ev, p->effects[p->folded]));
    }
    return STATUS_OK;
}

static bool covers_lock(struct cases_context *x, const struct registry_change *ch)
{
    int64_t covers[REGISTRY_CHANGE_COVERS];
    const uint32_t count = registry_change_covers(x->set->registry, ch, covers);
    bool all = true;
    for (uint32_t i = 0; i < count; i++) {
        struct cases_cover *cover = NULL;
        all = cases_cover_get(x->set, covers[i], &cover) != SET_WAIT && all;
    }
    return all;
}

static struct status change_one(struct cases_context *x, struct cases_command *cmd, struct change_parsed *p, bool *ret_wait)
{
    struct registry_change *ch = p->list.changes[p->next];
    struct journal_event *events = NULL;
    const struct error *refusal = NULL;
    uint32_t count = 0;
    if (registry_change_makes_key(ch) && p->key_text.n == 0) TRY(registry_key_fill(x->env, &cmd->arena, ch, &p->key_id, &p->key_text));
    if (!registry_change_needs(x->set->registry, x->world, ch) || !covers_lock(x, ch)) {
        *ret_wait = true;
        return STATUS_OK;
    }
    TRY(registry_change_decide(x->set->registry, x->world, x->env, &cmd->arena, x->now_ms, ch, &events, &count, &refusal));
    if (refusal) {
        struct error copy = *refusal;
        if (p->list.count > 1) copy.place = arena_printf(&cmd->arena, "%u:%.*s", (unsigned)p->next + 1, STR_FMT(refusal->place));
        cmd->outcome.error = status_error(&cmd->arena, copy).err;
        cmd->outcome.http = 422;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (events[i].type == JOURNAL_WORLD_CHANGED) cmd->outcome.world_changed = true;
        TRY(event_push(cmd, p, &events[i]));
    }
    p->next++;
    return STATUS_OK;
}

/* ---- settled cases that a late change touches ------------------------------------------------------------------------ */

static bool share_touched(const struct life_recorded *c, struct str plan, uint32_t *ret_n)
{
    for (uint32_t i = 0; i < c->share_count; i++) {
        if (!str_eq(c->shares[i].payer, plan)) continue;
        *ret_n = i;
        return true;
    }
    return false;
}

/* Raises work: the share is put to review, its money stands. */
static struct status review_raise(struct cases_context *x, struct cases_command *cmd, const struct life_recorded *c, const struct registry_touched *t)
{
    uint32_t n = 0;
    struct cases_effect *e = ARENA_NEW(&cmd->arena, struct cases_effect);
    struct cases_share *share = ARENA_NEW(&cmd->arena, struct cases_share);
    if (!e || !share) return status_memory();
    const struct registry_region *region = registry_region_on(x->world, c->row->region, (struct day){c->row->day});
    *e = (struct cases_effect){.type = JOURNAL_SHARE_CHANGED, .case_id = c->row->id, .person = c->row->person, .cover = c->row->cover, .state = c->row->state,
                               .day = life_business_day(region, x->now_ms).v, .act = STR("registry-changed"), .note_code = t->plan, .institution = cmd->who.institution};
    if (share_touched(c, t->plan, &n)) {
        *share = c->shares[n];
        share->reason = CASES_LATER_REVIEW;
        e->shares = share;
        e->share_count = 1;
    }
    ((struct change_answer *)cmd->outcome.answer)->review++;
    return life_event_add(x, cmd, e, NULL, STR(""));
}

static struct status case_touch(struct cases_context *x, struct cases_command *cmd, const struct cases_row *row, const struct registry_touched *t, bool *ret_wait)
{
    struct life_again g = {.x = x, .cmd = cmd, .note = "registry-changed"};
    struct change_answer *answer = cmd->outcome.answer;
    enum set_state state = SET_FOUND;
    TRY(life_again_find(&g, &row->id, &state));
    *ret_wait = g.wait;
    if (g.wait || g.defer || state != SET_FOUND) return STATUS_OK;
    if (!life_again_region(&g, row)->readjudicate) return review_raise(x, cmd, &g.target, t);
    TRY(life_again_target(&g, NULL));
    *ret_wait = g.wait;
    if (!g.wait) answer->adjusted += g.adjusted;
    if (cmd->outcome.refusal == CASES_REFUSED_INPUT_LOST) { /* erased: nothing can be run, the change itself stands */
        cmd->outcome.refusal = CASES_OK;
        cmd->outcome.http = 0;
    }
    return STATUS_OK;
}

/* The oldest settled case that the change touches; later ones of the same group follow from it. */
static struct status touched_first(struct cases_context *x, const struct registry_touched *t, const struct cases_row **ret, bool *ret_wait)
{
    struct cases_cover *cover = NULL;
    const enum set_state found = cases_cover_get(x->set, t->cover, &cover);
    *ret = NULL;
    *ret_wait = found == SET_WAIT;
    if (found != SET_FOUND) return STATUS_OK;
    for (struct id128 at = cover->last_case; !id128_is_zero(&at);) {
        struct cases_row *row = NULL;
        const enum set_state got = cases_row_get(x->set, &at, &row);
        *ret_wait = got == SET_WAIT;
        if (got != SET_FOUND) return STATUS_OK;
        if (row->state == CASES_STATE_SETTLED && id128_equal(&row->person, &t->person) && row->day >= t->from.v) *ret = row;
        at = row->prev;
    }
    return STATUS_OK;
}

/* Appends the events that the outcome has gathered for the case to the list of the command, to be folded like the others. */
static struct status touched_events_take(struct cases_command *cmd, struct change_parsed *p)
{
    for (uint32_t i = 0; i < cmd->outcome.event_count; i++) {
        TRY(event_push(cmd, p, &cmd->outcome.events[i]));
        p->effects[p->effect_count - 1] = cmd->outcome.effects[i];
    }
    cmd->outcome.event_count = 0;
    return STATUS_OK;
}

static struct status touched_next(struct cases_context *x, struct cases_command *cmd, struct change_parsed *p, bool *ret_wait)
{
    const struct registry_touched *t = &p->touched[p->touched_next];
    const struct cases_row *row = NULL;
    cmd->outcome.event_count = 0;
    TRY(touched_first(x, t, &row, ret_wait));
    if (*ret_wait) return STATUS_OK;
    if (row) TRY(case_touch(x, cmd, row, t, ret_wait));
    if (*ret_wait) {
        cmd->outcome.event_count = 0;
        return STATUS_OK;
    }
    p->touched_next++;
    return touched_events_take(cmd, p);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

static void progress_renew(struct cases_context *x, struct change_parsed *p)
{
    if (p->set == x->set) return;
    const struct registry_import list = p->list;
    const struct str key_id = p->key_id, key_text = p->key_text;
    const bool dry = p->dry;
    *p = (struct change_parsed){.list = list, .dry = dry, .set = x->set, .key_id = key_id, .key_text = key_text};
}

static struct status steps_run(struct cases_context *x, struct cases_command *cmd, struct change_parsed *p, bool *ret_wait)
{
    while (!*ret_wait && !cmd->outcome.http) {
        TRY(events_fold(x, p, ret_wait));
        if (*ret_wait) return STATUS_OK;
        if (p->next < p->list.count) {
            TRY(change_one(x, cmd, p, ret_wait));
            continue;
        }
        if (!p->touched_found) {
            const struct day today = {(int32_t)(x->now_ms / LIFE_MS_DAY)};
            TRY(registry_touched_of(&cmd->arena, p->events, p->count, today, &p->touched, &p->touched_count));
            p->touched_found = true;
        }
        if (p->touched_next == p->touched_count) return STATUS_OK;
        TRY(touched_next(x, cmd, p, ret_wait));
    }
    return STATUS_OK;
}

struct status life_change_decide(struct cases_context *x, struct cases_command *cmd)
{
    struct change_parsed *p = cmd->parsed;
    struct change_answer *answer = cmd->outcome.answer;
    bool wait = false;
    if (p->list.error_count) {
        cmd->outcome.error = p->list.errors;
        cmd->outcome.http = 422;
        return STATUS_OK;
    }
    progress_renew(x, p);
    if (!answer) answer = ARENA_NEW(&cmd->arena, struct change_answer);
    if (!answer) return status_memory();
    cmd->outcome.answer = answer;
    cmd->outcome.folded = true;
    cmd->outcome.event_count = 0;
    TRY(steps_run(x, cmd, p, &wait));
    if (wait || cmd->outcome.http) return STATUS_OK;
    answer->changes = p->list.count;
    answer->touched = p->touched_count;
    answer->events = p->count;
    cmd->outcome.events = p->events;
    cmd->outcome.effects = p->effects;
    cmd->outcome.event_count = p->dry ? 0 : p->count; /* a dry run throws its set away */
    cmd->outcome.world_changed = cmd->outcome.world_changed && !p->dry;
    cmd->outcome.http = p->dry ? 200 : 201;
    return STATUS_OK;
}

static void import_member(const void *user, struct json_writer *w)
{
    const struct change_parsed *p = user;
    json_member_i64(w, STR("error_count"), p->list.error_count);
}

static void keys_write(const struct change_parsed *p, struct json_writer *w)
{
    if (p->key_text.n == 0 || p->dry) return;
    json_name(w, STR("keys"));
    json_begin_array(w);
    json_begin_object(w);
    json_member_string(w, STR("id"), p->key_id);
    json_member_string(w, STR("key"), p->key_text);
    json_end_object(w);
    json_end_array(w);
}

void life_change_render(struct cases_command *cmd, struct buf *out)
{
    const struct change_parsed *p = cmd->parsed;
    const struct change_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, p && p->list.error_count ? import_member : NULL, p, out);
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    json_member_i64(&w, STR("changes"), answer->changes);
    json_member_i64(&w, STR("events"), answer->events);
    json_member_i64(&w, STR("touched"), answer->touched);
    json_member_i64(&w, STR("adjusted"), answer->adjusted);
    json_member_i64(&w, STR("review"), answer->review);
    if (p->dry) json_member_bool(&w, STR("dry_run"), true);
    keys_write(p, &w);
    json_end_object(&w);
}
