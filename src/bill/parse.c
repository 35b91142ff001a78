/* parse — bytes or a JSON tree to a bill: the order of the readers and the verdict.
 *
 * Who uses it: settle, cli (through bill.h). Invariant: a bill comes out only when no reader found an error; what is only
 * strange comes with it as warnings. Readers run in the order in which they need each other; findings are put into
 * document order when they are collected.
 */
#include "bill/reader.h"

#define MEMBER_NAME(name, ID, required) #name,
static const char *const bill_names[BILL_M_COUNT] = {BILL_MEMBERS(MEMBER_NAME)};
#undef MEMBER_NAME
#define MEMBER_REQUIRED(name, ID, required) | (uint32_t)(required) << BILL_M_##ID
static const struct bill_shape bill_top = {bill_names, BILL_M_COUNT, 0U BILL_MEMBERS(MEMBER_REQUIRED)};
#undef MEMBER_REQUIRED

_Static_assert((int)BILL_M_COUNT <= (int)BILL_MEMBERS_MAX, "a shape holds its members in 32 bits");

static struct bill bill_defaults(void) {
    return (struct bill){
        .revision = 1,
        .from = DAY_NONE,
        .to = DAY_NONE,
        .person = {.born = DAY_NONE},
        .statutory = {.settled = false, .stage = BILL_STAGE_NONE, .deductible = -1},
    };
}

static void body_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    struct bill_place totals_at = bill_member_place(o, BILL_M_TOTALS), lines_at = bill_member_place(o, BILL_M_LINES);
    bool lines = bill_has(o, BILL_M_LINES), totals = bill_has(o, BILL_M_TOTALS);
    if (lines && totals) {
        bill_find_plain(r, &totals_at, BILL_FINDING_LINES_AND_TOTALS);
        return;
    }
    if (!lines && !totals) bill_find_plain(r, &lines_at, BILL_FINDING_LINES_MISSING);
    bill_lines_read(r, o, b);
    bill_totals_read(r, o, b);
}

static struct status verdict(struct bill_reader *r, struct bill *b, const struct bill **ret) {
    if (r->out_of_memory) return status_memory();
    const struct error *errors = bill_findings_chain(r, &r->errors);
    b->warnings = bill_findings_chain(r, &r->warnings);
    if (r->out_of_memory) return status_memory();
    if (errors) return (struct status){errors};
    *ret = b;
    return STATUS_OK;
}

struct status bill_from_json(struct arena *a, const struct json *tree, const struct bill **ret) {
    struct bill *b = ARENA_NEW(a, struct bill);
    struct bill_reader *r = ARENA_NEW(a, struct bill_reader);
    if (!b || !r) return status_memory();
    *b = bill_defaults();
    r->arena = a;
    const struct bill_place root = {0};
    struct bill_object o;
    if (tree->kind != JSON_OBJECT) {
        bill_find_plain(r, &root, BILL_FINDING_NOT_OBJECT);
        return verdict(r, b, ret);
    }
    if (bill_object_open(r, &root, tree, &bill_top, &o)) {
        bill_header_read(r, &o, b);
        bill_person_read(r, &o, b);
        bill_facts_read(r, &o, b);
        bill_diagnoses_read(r, &o, b);
        body_read(r, &o, b);
        bill_statutory_read(r, &o, b);
        bill_policies_read(r, &o, b);
    }
    return verdict(r, b, ret);
}

struct status bill_parse(struct arena *a, struct str json, const struct bill **ret) {
    const struct json *tree;
    TRY(json_parse(a, json, &tree));
    return bill_from_json(a, tree, ret);
}
