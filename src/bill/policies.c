/* policies — the person's cover as the bill file may carry it for the command line (on a server the registry knows it).
 *
 * Who uses it: parse.c. Invariants: every policy names its plan; periods do not end before they begin; `class` given and
 * empty means "no class, healthy", which is not the same as `class` left out.
 */
#include "bill/reader.h"

enum {
    PLAN, POLICY, PLAN_VERSION, FROM, TO, STATUS, FIRST_ENROLLED, CLAIM_FREE_YEARS, CLASS, CLASS_EVIDENCE, FAMILY, HOLDER, PAYEE,
    ENDORSEMENTS, POLICY_MEMBER_COUNT
};
static const char *const policy_names[POLICY_MEMBER_COUNT] = {
    "plan", "policy", "plan_version", "from", "to", "status", "first_enrolled", "claim_free_years", "class", "class_evidence",
    "family", "holder", "payee", "endorsements"};
static const struct bill_shape policy_shape = {policy_names, POLICY_MEMBER_COUNT, 1U << PLAN};

enum { E_NAME, E_FROM, E_TO, E_EXCLUDES };
static const char *const endorsement_names[] = {"name", "from", "to", "excludes"};
static const struct bill_shape endorsement_shape = {endorsement_names, COUNT_OF(endorsement_names), 1U << E_NAME};

/* Members `from` and `to` of a policy or endorsement; open where not given. */
static void range_read(struct bill_reader *r, const struct bill_object *o, uint32_t from, uint32_t to, struct day_range *ret) {
    *ret = (struct day_range){DAY_NONE, DAY_OPEN};
    (void)bill_read_day(r, o, from, &ret->from);
    (void)bill_read_day(r, o, to, &ret->to);
    if (ret->from.v <= ret->to.v) return; /* DAY_NONE is the smallest, DAY_OPEN the largest */
    struct bill_place at = bill_member_place(o, to);
    bill_find_plain(r, &at, BILL_FINDING_POLICY_PERIOD);
}

static void excludes_read(struct bill_reader *r, const struct bill_object *o, struct bill_endorsement *e) {
    const struct json *array;
    if (!bill_read_array(r, o, E_EXCLUDES, LIMIT_BILL_EXCLUDES, &array)) return;
    struct str *prefixes = BILL_ARRAY(r, struct str, array->count);
    if (!prefixes) return;
    struct bill_place at = bill_member_place(o, E_EXCLUDES);
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        if (!bill_value_text(r, &item_at, &array->items[i], LIMIT_BILL_CODE_BYTES, &prefixes[i])) continue;
        if (prefixes[i].n == 0) bill_find_plain(r, &item_at, BILL_FINDING_TEXT_EMPTY); /* would exclude everything */
    }
    e->excludes = prefixes;
    e->exclude_count = array->count;
}

static void endorsements_read(struct bill_reader *r, const struct bill_object *o, struct bill_policy *p) {
    const struct json *array;
    if (!bill_read_array(r, o, ENDORSEMENTS, LIMIT_BILL_ENDORSEMENTS, &array)) return;
    struct bill_endorsement *list = BILL_ARRAY(r, struct bill_endorsement, array->count);
    if (!list) return;
    struct bill_place at = bill_member_place(o, ENDORSEMENTS);
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        struct bill_object e;
        if (!bill_object_open(r, &item_at, &array->items[i], &endorsement_shape, &e)) continue;
        (void)bill_read_text(r, &e, E_NAME, LIMIT_BILL_NAME_BYTES, &list[i].name);
        range_read(r, &e, E_FROM, E_TO, &list[i].on);
        excludes_read(r, &e, &list[i]);
    }
    p->endorsements = list;
    p->endorsement_count = array->count;
}

static void policy_read(struct bill_reader *r, const struct bill_object *o, struct bill_policy *p) {
    *p = (struct bill_policy){.first_enrolled = DAY_NONE, .claim_free_years = -1};
    uint8_t status = BILL_POLICY_IN_FORCE;
    (void)bill_read_text(r, o, PLAN, LIMIT_NAME_BYTES, &p->plan);
    (void)bill_read_text(r, o, POLICY, LIMIT_BILL_CODE_BYTES, &p->policy);
    (void)bill_read_text(r, o, PLAN_VERSION, LIMIT_BILL_CODE_BYTES, &p->plan_version);
    range_read(r, o, FROM, TO, &p->on);
    (void)bill_read_word(r, o, STATUS, BILL_VOCABULARY_POLICY_STATUS, &status);
    p->status = (enum bill_policy_status)status;
    (void)bill_read_day(r, o, FIRST_ENROLLED, &p->first_enrolled);
    (void)bill_read_i64(r, o, CLAIM_FREE_YEARS, (struct bill_range){0, 200}, &p->claim_free_years);
    p->class_given = bill_read_text(r, o, CLASS, LIMIT_NAME_BYTES, &p->class_name);
    (void)bill_read_text(r, o, CLASS_EVIDENCE, LIMIT_BILL_NAME_BYTES, &p->class_evidence);
    (void)bill_read_text(r, o, FAMILY, LIMIT_BILL_CODE_BYTES, &p->family);
    (void)bill_read_text(r, o, HOLDER, LIMIT_BILL_NAME_BYTES, &p->holder);
    (void)bill_read_text(r, o, PAYEE, LIMIT_BILL_NAME_BYTES, &p->payee);
    endorsements_read(r, o, p);
}

void bill_policies_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    const struct json *array;
    if (!bill_read_array(r, o, BILL_M_POLICIES, LIMIT_BILL_POLICIES, &array)) return;
    struct bill_policy *list = BILL_ARRAY(r, struct bill_policy, array->count);
    if (!list) return;
    struct bill_place at = bill_member_place(o, BILL_M_POLICIES);
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        struct bill_object p;
        if (bill_object_open(r, &item_at, &array->items[i], &policy_shape, &p)) policy_read(r, &p, &list[i]);
    }
    b->policies = list;
    b->policy_count = array->count;
}
