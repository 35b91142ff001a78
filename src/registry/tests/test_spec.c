/* spec — runs the specs beside it: changes, and tables of what was known when and held on which day. Each on the memory set and on a store.
 *
 * Lines:  let NAME = TEXT (then $NAME stands for it) · day D · do JSON · nothing JSON (no event) · refuse CODE JSON · touched PLAN D (by the last change)
 *         same P P · apart P P (persons) · together P P (cover group) · bill FROM TO P, then "| policy status FROM..TO" rows · consents P, then "| n actor purpose payers FROM..TO [withdrawn]" rows
 *         policies P, then a table: head "| known | D | D", rows "| SEQ or now | cell | cell"; a cell: policies of that day as "NUMBER status [class=X] [+endorsement]", "; " between, "-" for none.
 */
#include "registry/tests/town.h"

struct spec {
    struct town *town;
    struct str text;
    size_t at;
    uint32_t line, lines_used;
    const char *file;
    struct str names[64], values[64];
    uint32_t name_count;
    char head[1024];
    uint32_t problems;
};

static struct str trim(struct str s) {
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

static bool line_peek(struct spec *sp, struct str *ret, size_t *ret_next) {
    if (sp->at >= sp->text.n) return false;
    const char *p = sp->text.p + sp->at, *end = memchr(p, '\n', sp->text.n - sp->at);
    size_t n = end ? (size_t)(end - p) : sp->text.n - sp->at;
    *ret = trim((struct str){p, n});
    *ret_next = sp->at + n + 1;
    return true;
}

/* $NAME by its text. */
static struct str expand(struct spec *sp, struct str line) {
    struct buf b;
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < line.n;) {
        uint32_t best = UINT32_MAX;
        for (uint32_t k = 0; line.p[i] == '$' && k < sp->name_count; k++) {
            struct str rest = {line.p + i + 1, line.n - i - 1};
            if (str_starts(rest, sp->names[k]) && (best == UINT32_MAX || sp->names[k].n > sp->names[best].n)) best = k;
        }
        if (best == UINT32_MAX) {
            buf_add_char(&b, line.p[i++]);
        } else {
            buf_add(&b, sp->values[best]);
            i += 1 + sp->names[best].n;
        }
    }
    struct str out = arena_str(&sp->town->arena, buf_view(&b));
    buf_done(&b);
    return out;
}

static void problem(struct spec *sp, const char *what, struct str wanted, struct str got) {
    sp->problems++;
    print_message("# %s:%u: %s\n#   wanted %.*s\n#   got    %.*s\n", sp->file, sp->line, what, STR_FMT(wanted), STR_FMT(got));
}

static struct str word(struct str *rest) {
    struct str s = trim(*rest);
    size_t n = 0;
    int depth = 0;
    while (n < s.n && (depth > 0 || s.p[n] != ' ')) { /* a JSON object is one word */
        if (s.p[n] == '{') depth++;
        if (s.p[n] == '}') depth--;
        n++;
    }
    *rest = (struct str){s.p + n, s.n - n};
    return (struct str){s.p, n};
}

static struct set_person *person_of(struct spec *sp, struct registry_set *s, struct str json) {
    struct arena *a = &sp->town->arena;
    const struct json *tree;
    struct registry_reader r = {.arena = a};
    struct registry_person_ref *ref = ARENA_NEW(a, struct registry_person_ref);
    struct set_person *p = NULL;
    FINE(json_parse(a, json, &tree));
    if (!registry_person_ref_read(&r, tree, STR("person"), ref)) fail_msg("%s:%u: not a person: %.*s", sp->file, sp->line, STR_FMT(json));
    while (registry_subject_find(s, ref, &p) == SET_WAIT) town_load(sp->town, s);
    return p;
}

/* ---- what is shown ---------------------------------------------------------------------------------------------- */

static const struct registry_policy *policies_of(struct spec *sp, struct registry_set *s, const struct set_person *p, int64_t as_of, uint32_t *ret_count) {
    const struct registry_policy *list = NULL;
    *ret_count = 0;
    while (registry_policies_get(s, p->cover, &p->person, as_of, &list, ret_count) == SET_WAIT) town_load(sp->town, s);
    return list;
}

static const char *status_word(enum bill_policy_status s) {
    uint32_t count;
    return bill_words(BILL_VOCABULARY_POLICY_STATUS, &count)[s].name;
}

static struct str cell_of(struct spec *sp, const struct registry_policy *list, uint32_t count, struct day on) {
    struct buf b;
    buf_init(&b, 1 << 16);
    for (uint32_t i = 0; i < count; i++) {
        if (!day_in(on, list[i].valid)) continue;
        if (b.n) buf_add_cstr(&b, "; ");
        buf_printf(&b, "%.*s %s", STR_FMT(list[i].terms.policy), status_word(list[i].terms.status));
        if (list[i].is_void) buf_printf(&b, " (%.*s)", STR_FMT(list[i].void_reason));
        if (list[i].terms.class_given) buf_printf(&b, " class=%.*s", STR_FMT(list[i].terms.class_name));
        if (day_is(list[i].terms.first_enrolled)) buf_printf(&b, " since %.*s", STR_FMT(registry_day_text(&sp->town->arena, list[i].terms.first_enrolled)));
        for (uint32_t k = 0; k < list[i].terms.endorsement_count; k++) buf_printf(&b, " +%.*s", STR_FMT(list[i].terms.endorsements[k].name));
    }
    struct str s = arena_str(&sp->town->arena, b.n ? buf_view(&b) : STR("-"));
    buf_done(&b);
    return s;
}

/* Splits "| a | b | c" ; returns the number of cells. */
static uint32_t cells(struct str row, struct str out[16]) {
    if (row.n > 1 && row.p[row.n - 1] == '|') row.n--;
    uint32_t n = 0;
    size_t from = 1;
    for (size_t i = 1; i <= row.n && n < 16; i++) {
        if (i < row.n && row.p[i] != '|') continue;
        out[n++] = trim((struct str){row.p + from, i - from});
        from = i + 1;
    }
    return n;
}

static void policies_check(struct spec *sp, struct str who) {
    struct str head[16], row[16], line;
    uint32_t columns = 0;
    size_t next;
    struct registry_set *s = town_set(sp->town);
    struct set_person *p = person_of(sp, s, who);
    if (!p) fail_msg("%s:%u: nobody has this number", sp->file, sp->line);
    while (line_peek(sp, &line, &next) && line.n > 0 && line.p[0] == '|') {
        sp->at = next;
        sp->line++;
        if (columns == 0) {
            columns = cells(line, head);
            continue;
        }
        if (cells(line, row) != columns) fail_msg("%s:%u: %u columns are needed", sp->file, sp->line, columns);
        int64_t as_of = str_eq(row[0], STR("now")) ? INT64_MAX : strtol(row[0].p, NULL, 10);
        uint32_t count;
        const struct registry_policy *list = policies_of(sp, s, p, town_seq(sp->town, as_of), &count);
        for (uint32_t i = 1; i < columns; i++) {
            struct day on;
            assert_true(day_parse(head[i], &on));
            struct str got = cell_of(sp, list, count, on);
            if (!str_eq(got, row[i])) problem(sp, "policies", row[i], got);
        }
    }
}

static struct str range_text(struct arena *a, struct day_range r) { return arena_printf(a, "%.*s..%.*s", STR_FMT(registry_day_text(a, r.from)), STR_FMT(registry_day_text(a, r.to))); }

/* Compares the rows that follow with what was printed, line by line. */
static void rows_check(struct spec *sp, const char *what, struct str got) {
    struct str line;
    size_t next;
    struct buf b;
    buf_init(&b, 1 << 16);
    while (line_peek(sp, &line, &next) && line.n > 0 && line.p[0] == '|') {
        sp->at = next;
        sp->line++;
        buf_add(&b, trim((struct str){line.p + 1, line.n - 1}));
        buf_add_char(&b, '\n');
    }
    if (!str_eq(buf_view(&b), got)) problem(sp, what, buf_view(&b), got);
    buf_done(&b);
}

static void bill_check(struct spec *sp, struct str rest) {
    struct arena *a = &sp->town->arena;
    struct bill b = {0};
    struct buf out;
    assert_true(day_parse(word(&rest), &b.from) && day_parse(word(&rest), &b.to));
    struct registry_set *s = town_set(sp->town);
    struct set_person *p = person_of(sp, s, trim(rest));
    assert_non_null(p);
    uint32_t count, n;
    const struct bill_policy *seen;
    const struct registry_policy *list = policies_of(sp, s, p, INT64_MAX, &count);
    FINE(registry_policies_of_bill(a, list, count, &b, &seen, &n));
    buf_init(&out, 1 << 16);
    for (uint32_t i = 0; i < n; i++) buf_printf(&out, "%.*s %s %.*s\n", STR_FMT(seen[i].policy), status_word(seen[i].status), STR_FMT(range_text(a, seen[i].on)));
    rows_check(sp, "bill", buf_view(&out));
    buf_done(&out);
}

static void consents_check(struct spec *sp, struct str who) {
    struct arena *a = &sp->town->arena;
    struct registry_set *s = town_set(sp->town);
    struct set_person *p = person_of(sp, s, who);
    const struct registry_consent *list = NULL;
    uint32_t count = 0;
    struct buf out;
    assert_non_null(p);
    while (registry_consents_get(s, p->cover, &p->person, &list, &count) == SET_WAIT) town_load(sp->town, s);
    buf_init(&out, 1 << 16);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(&out, "%lld %.*s %.*s ", (long long)list[i].n, STR_FMT(list[i].actor), STR_FMT(list[i].purpose));
        if (list[i].all_payers) buf_add_cstr(&out, "all");
        for (uint32_t k = 0; k < list[i].payer_count; k++) buf_printf(&out, "%s%.*s", k ? "," : "", STR_FMT(list[i].payers[k]));
        buf_printf(&out, " %.*s%s\n", STR_FMT(range_text(a, list[i].on)), list[i].withdrawn ? " withdrawn" : "");
    }
    rows_check(sp, "consents", buf_view(&out));
    buf_done(&out);
}

static void touched_check(struct spec *sp, struct str rest) {
    struct arena *a = &sp->town->arena;
    struct registry_touched *list;
    uint32_t count;
    struct buf out;
    struct day today = {(int32_t)((sp->town->e.now_ms / 60'000 + 480) / 1440)};
    FINE(registry_touched_of(a, sp->town->events, sp->town->event_count, today, &list, &count));
    buf_init(&out, 1 << 16);
    for (uint32_t i = 0; i < count; i++) buf_printf(&out, "%s%.*s %.*s", i ? ", " : "", STR_FMT(list[i].plan), STR_FMT(registry_day_text(a, list[i].from)));
    if (count == 0) buf_add_cstr(&out, "nothing");
    if (!str_eq(trim(rest), trim(buf_view(&out)))) problem(sp, "touched", rest, buf_view(&out));
    buf_done(&out);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void pair_check(struct spec *sp, struct str verb, struct str rest) {
    struct registry_set *s = town_set(sp->town);
    struct set_person *p = person_of(sp, s, word(&rest)), *q = person_of(sp, s, word(&rest));
    if (!p || !q) fail_msg("%s:%u: nobody has this number", sp->file, sp->line);
    bool good = str_eq(verb, STR("same")) ? p == q : str_eq(verb, STR("apart")) ? p != q : p->cover == q->cover;
    if (!good) problem(sp, "two persons", verb, STR("not so"));
}

static void change_check(struct spec *sp, struct str verb, struct str rest) {
    struct str wanted = str_eq(verb, STR("refuse")) ? word(&rest) : (struct str){0};
    const char *code = town_do(sp->town, trim(rest));
    if (wanted.n > 0 && !code) problem(sp, "refuse", wanted, STR("applied"));
    else if (wanted.n > 0 && !str_eq(wanted, str_from(code))) problem(sp, "refuse", wanted, str_from(code));
    else if (wanted.n == 0 && code) problem(sp, "change", STR("applied"), str_from(code));
    else if (str_eq(verb, STR("nothing")) && sp->town->event_count > 0) problem(sp, "nothing", STR("no event"), STR("events"));
    else if (str_eq(verb, STR("do")) && sp->town->event_count == 0) problem(sp, "do", STR("events"), STR("no event"));
}

static void let(struct spec *sp, struct str rest) {
    assert_true(sp->name_count < COUNT_OF(sp->names));
    struct str name = word(&rest), equals = word(&rest);
    assert_true(str_eq(equals, STR("=")));
    sp->names[sp->name_count] = name;
    sp->values[sp->name_count++] = expand(sp, trim(rest));
}

static void line_run(struct spec *sp, struct str line) {
    struct str verb = word(&line);
    struct str rest = str_eq(verb, STR("let")) ? trim(line) : expand(sp, trim(line));
    if (str_eq(verb, STR("let"))) let(sp, rest);
    else if (str_eq(verb, STR("day"))) town_day(sp->town, rest);
    else if (str_eq(verb, STR("do")) || str_eq(verb, STR("nothing")) || str_eq(verb, STR("refuse"))) change_check(sp, verb, rest);
    else if (str_eq(verb, STR("same")) || str_eq(verb, STR("apart")) || str_eq(verb, STR("together"))) pair_check(sp, verb, rest);
    else if (str_eq(verb, STR("policies"))) policies_check(sp, rest);
    else if (str_eq(verb, STR("bill"))) bill_check(sp, rest);
    else if (str_eq(verb, STR("consents"))) consents_check(sp, rest);
    else if (str_eq(verb, STR("touched"))) touched_check(sp, rest);
    else fail_msg("%s:%u: unknown line: %.*s", sp->file, sp->line, STR_FMT(verb));
}

static uint32_t spec_run(struct town *t, const char *file) {
    struct spec sp = {.town = t, .file = file};
    struct str path = arena_printf(&t->arena, SPEC_FOLDER "/%s", file), line;
    size_t next;
    FINE(env_system()->file_read(env_system(), &t->arena, path, 1 << 20, &sp.text));
    while (line_peek(&sp, &line, &next)) {
        sp.at = next;
        sp.line++;
        if (line.n == 0 || line.p[0] == '#') continue;
        sp.lines_used++;
        line_run(&sp, line);
    }
    assert_true(sp.lines_used > 3);
    return sp.problems;
}

static const char *const files[] = {"persons.spec", "policies.spec", "families.spec", "links.spec", "consents.spec", "world.spec"};

static void in_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct town t;
        town_open(&t, TOWN_MEMORY);
        assert_int_equal(spec_run(&t, files[i]), 0);
        journal_keys_close(t.keys);
        town_close(&t);
    }
}

/* The same on the store, and then: folding all events into empty tables gives the same tables, in batches of any size. */
static void on_store(void **state) {
    (void)state;
    static const uint32_t batches[] = {1, 3, 1000};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct town t;
        town_open(&t, TOWN_STORE);
        assert_int_equal(spec_run(&t, files[i]), 0);
        struct str live = town_dump(&t);
        assert_true(live.n > 100);
        for (size_t k = 0; k < COUNT_OF(batches); k++) {
            struct town beside;
            town_open_beside(&beside, &t);
            town_rebuild(&beside, &t, batches[k]);
            struct str rebuilt = town_dump(&beside);
            if (!str_eq(live, rebuilt)) {
                print_message("%s, batches of %u:\n--- live\n%.*s--- rebuilt\n%.*s", files[i], batches[k], STR_FMT(live), STR_FMT(rebuilt));
                fail();
            }
            town_close(&beside);
        }
        journal_keys_close(t.keys);
        town_close(&t);
    }
}

/* All changes of a spec decided and folded one after another in one set, written once: the same tables and the same events as one by one. */
static void as_one_batch(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct town t, batch;
        town_open(&t, TOWN_STORE);
        town_open(&batch, TOWN_BATCH);
        assert_int_equal(spec_run(&t, files[i]), 0);
        assert_int_equal(spec_run(&batch, files[i]), 0);
        town_batch_end(&batch);
        struct str one_by_one = town_dump(&t), at_once = town_dump(&batch);
        if (!str_eq(one_by_one, at_once)) print_message("# %s\n# one by one\n%.*s\n# at once\n%.*s\n", files[i], STR_FMT(one_by_one), STR_FMT(at_once));
        assert_true(str_eq(one_by_one, at_once));
        journal_keys_close(t.keys);
        journal_keys_close(batch.keys);
        town_close(&t);
        town_close(&batch);
    }
}

/* A spec whose expectations are wrong must be noticed: the checker can fail. */
static void wrong_ones_are_noticed(void **state) {
    (void)state;
    struct town t;
    town_open(&t, TOWN_MEMORY);
    print_message("# six problems are wanted here\n");
    assert_int_equal(spec_run(&t, "wrong.spec"), 6);
    journal_keys_close(t.keys);
    town_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_memory), cmocka_unit_test(on_store), cmocka_unit_test(as_one_batch), cmocka_unit_test(wrong_ones_are_noticed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
