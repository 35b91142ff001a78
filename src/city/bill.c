/* city/bill — bill n of a run: a visit of one of the city's persons, with lines and the result of the scheme.
 *
 * Shape: about 92 % outpatient, 4 % inpatient (the daily figures of a province), the rest chronic and pharmacy; outpatient 3 to 10 lines, a stay
 * 60 to 400; a tenth of class B is paid first. The scheme's result has the shape deductible, then a ratio, then nothing: numbers for
 * demonstration, not a scheme's terms. Item codes and names are made up and say so.
 */
#include "city/city.h"
#include "city/rng.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_BILL = 3, NAME_BYTES = 48 };

struct shape {
    const char *visit;
    uint32_t lines_min, lines_max;
    int64_t amount_min, amount_max; /* of a line, fen */
    int32_t days_max;
    int64_t deductible, ratio_percent;
};
static const struct shape shapes[] = {
    {"outpatient", 3, 10, 300, 30'000, 0, 0, 50},
    {"chronic", 2, 6, 2'000, 60'000, 0, 0, 60},
    {"pharmacy", 1, 3, 1'000, 80'000, 0, 0, 0},
    {"inpatient", 60, 400, 200, 14'000, 20, 60'000, 65},
};

struct sums {
    int64_t total, own_full, own_first, in_scope;
};
struct visit {
    const struct shape *shape;
    struct city_person person;
    struct city_hospital hospital;
    struct day from, to;
    struct sums sums;
};

static void member(struct json_writer *w, const char *name, const char *value) { json_member_string(w, str_from(name), str_from(value)); }

static void day_member(struct json_writer *w, const char *name, struct day d)
{
    char text[11];
    const size_t n = day_format(d, text);
    json_member_string(w, str_from(name), (struct str){text, n});
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static void line_write(struct visit *v, struct rng *r, uint32_t number, struct json_writer *w)
{
    static const struct {
        const char *kind, *name, *code;
    } items[] = {{"drug", "演示药品", "DEMO-D"}, {"drug", "演示药品", "DEMO-D"}, {"drug", "演示药品", "DEMO-D"}, {"lab", "演示化验", "DEMO-L"}, {"exam", "演示检查", "DEMO-E"},
                 {"treatment", "演示治疗", "DEMO-T"}, {"nursing", "演示护理", "DEMO-N"}, {"consumable", "演示耗材", "DEMO-C"}, {"bed", "演示床位", "DEMO-B"}};
    const bool is_stay = v->shape->days_max > 0;
    const uint32_t item = strcmp(v->shape->visit, "pharmacy") == 0 ? 0 : rng_below(r, is_stay ? COUNT_OF(items) : 6), which = rng_below(r, 900) + 1;
    char code[NAME_BYTES], name[NAME_BYTES], qty[16];
    (void)snprintf(code, sizeof code, "%s%04u", items[item].code, which);
    (void)snprintf(name, sizeof name, "%s%u", items[item].name, which);
    (void)snprintf(qty, sizeof qty, "%u", 1 + rng_below(r, 9));
    const int64_t amount = rng_between(r, v->shape->amount_min, v->shape->amount_max);
    const uint32_t class = rng_below(r, 10);
    const int64_t own_full = class >= 9 ? amount : 0, own_first = class >= 6 && class < 9 ? amount / 10 : 0;
    json_begin_object(w);
    json_member_i64(w, STR("line"), number);
    member(w, "code", code);
    member(w, "name", name);
    member(w, "kind", items[item].kind);
    member(w, "class", class >= 9 ? "C" : class >= 6 ? "B" : "A");
    member(w, "qty", qty);
    day_member(w, "date", day_add(v->from, v->to.v > v->from.v ? (int32_t)rng_between(r, 0, v->to.v - v->from.v) : 0));
    json_member_i64(w, STR("amount"), amount);
    json_member_i64(w, STR("own_full"), own_full);
    json_member_i64(w, STR("over_limit"), 0);
    json_member_i64(w, STR("own_first"), own_first);
    json_member_i64(w, STR("in_scope"), amount - own_full - own_first);
    json_end_object(w);
    v->sums.total += amount;
    v->sums.own_full += own_full;
    v->sums.own_first += own_first;
    v->sums.in_scope += amount - own_full - own_first;
}

/* ---- the scheme's result ------------------------------------------------------------------------------------------ */

static void statutory_write(const struct visit *v, struct rng *r, const char *setl_id, struct json_writer *w)
{
    const int64_t deductible = i64_min(v->shape->deductible, v->sums.in_scope);
    const int64_t pool = (v->sums.in_scope - deductible) * v->shape->ratio_percent / 100;
    const int64_t own = v->sums.total - pool;
    const bool has_account = strcmp(v->person.insured_type, "employee") == 0;
    json_name(w, STR("statutory"));
    json_begin_object(w);
    json_member_bool(w, STR("settled"), true);
    member(w, "stage", "final");
    json_name(w, STR("funds"));
    json_begin_object(w);
    if (pool > 0) json_member_i64(w, STR("hifp_pay"), pool);
    json_end_object(w);
    if (deductible > 0) json_member_i64(w, STR("deductible"), deductible);
    if (has_account) json_member_i64(w, STR("account"), i64_min(own, rng_between(r, 0, 20'000)));
    member(w, "setl_id", setl_id);
    json_end_object(w);
}

/* ---- one bill ------------------------------------------------------------------------------------------------------- */

static const struct shape *shape_pick(struct rng *r)
{
    const uint32_t p = rng_below(r, 100);
    return &shapes[p < 92 ? 0 : p < 95 ? 1 : p < 96 ? 2 : 3];
}

/* A person whom the city's product and one commercial policy cover, if asked for. */
static bool is_covered(const struct city_person *p)
{
    return p->policy_count >= 2 && strcmp(p->policies[0].plan, city_region_info(p->region)->product) == 0 && strcmp(p->policies[0].status, "in_force") == 0 &&
           strcmp(p->policies[1].status, "in_force") == 0;
}

static void visit_make(const struct city *c, struct rng *r, const struct city_bill_options *o, struct visit *v)
{
    *v = (struct visit){.shape = shape_pick(r)};
    uint32_t n = rng_below(r, c->person_count);
    for (uint32_t tried = 0; tried < 10'000; tried++, n = (n + 1) % c->person_count) {
        city_person(c, n, &v->person);
        if (!o->covered || is_covered(&v->person)) break;
    }
    do v->hospital = city_hospital(rng_below(r, CITY_HOSPITALS));
    while (v->hospital.region != v->person.region || (strcmp(v->hospital.kind, "pharmacy") == 0) != (strcmp(v->shape->visit, "pharmacy") == 0) ||
           (v->shape->days_max > 0 && v->hospital.level < 2));
    const struct day start = day_from_civil(city_region_info(v->person.region)->year, 1, 1);
    v->from = day_add(start, (int32_t)rng_between(r, 0, 340));
    v->to = v->shape->days_max > 0 ? day_add(v->from, (int32_t)rng_between(r, 2, v->shape->days_max)) : v->from;
}

static void person_write(const struct visit *v, struct json_writer *w)
{
    json_name(w, STR("person"));
    json_begin_object(w);
    member(w, "id_kind", "01");
    member(w, "id", v->person.id);
    member(w, "name", v->person.name);
    day_member(w, "born", v->person.born);
    member(w, "sex", v->person.sex == 'M' ? "M" : "F");
    json_end_object(w);
    json_name(w, STR("facts"));
    json_begin_object(w);
    member(w, "insured_type", v->person.insured_type);
    json_member_i64(w, STR("hospital_level"), v->hospital.level);
    json_end_object(w);
}

static void diagnosis_write(const struct visit *v, struct rng *r, struct json_writer *w)
{
    static const char *const codes[] = {"J06.900", "I10.x00", "K29.500", "J18.900", "E11.900", "M54.500", "I25.100", "C34.900", "N20.000", "K80.200"};
    json_name(w, STR("diagnoses"));
    json_begin_array(w);
    json_begin_object(w);
    member(w, "code", codes[rng_below(r, COUNT_OF(codes))]);
    json_member_bool(w, STR("main"), true);
    day_member(w, "since", v->from);
    json_end_object(w);
    json_end_array(w);
}

static void head_write(const struct visit *v, const char *number, struct json_writer *w)
{
    const char *code = city_region_info(v->person.region)->code;
    member(w, "bill", number);
    json_member_i64(w, STR("revision"), 1);
    member(w, "hospital", v->hospital.id);
    member(w, "hospital_kind", v->hospital.kind);
    member(w, "region", code);
    member(w, "insured_region", code);
    if (v->shape->days_max > 0) member(w, "stay", number);
    member(w, "visit", v->shape->visit);
    day_member(w, "from", v->from);
    day_member(w, "to", v->to);
    member(w, "currency", "CNY");
}

/* Children are brought by a guardian. */
static void consent_write(const struct visit *v, struct json_writer *w)
{
    json_name(w, STR("consent"));
    json_begin_object(w);
    member(w, "actor", day_age_years(v->person.born, v->from) < 18 ? "guardian" : "self");
    member(w, "purpose", "settlement");
    member(w, "payers", "all");
    json_end_object(w);
}

void city_bill_write(const struct city *c, uint64_t run, uint64_t n, const struct city_bill_options *o, struct json_writer *w)
{
    CHECK(c->person_count > 0 && c->person_count <= CITY_PERSONS_MAX);
    struct rng r = rng_of(c->seed ^ run * 0x9e3779b97f4a7c15, STREAM_BILL, n);
    struct visit v;
    visit_make(c, &r, o, &v);
    char number[40], setl_id[48];
    (void)snprintf(number, sizeof number, "R%llu-%010llu", (unsigned long long)(run % 1'000'000'000), (unsigned long long)(n % 10'000'000'000));
    (void)snprintf(setl_id, sizeof setl_id, "DEMO-%s", number);
    const uint32_t lines = o->lines > 0 ? o->lines : (uint32_t)rng_between(&r, v.shape->lines_min, v.shape->lines_max);
    json_begin_object(w);
    head_write(&v, number, w);
    person_write(&v, w);
    diagnosis_write(&v, &r, w);
    json_name(w, STR("lines"));
    json_begin_array(w);
    for (uint32_t i = 0; i < lines; i++) line_write(&v, &r, i + 1, w);
    json_end_array(w);
    statutory_write(&v, &r, setl_id, w);
    if (v.shape->days_max > 0 && rng_percent(&r, 70)) json_member_i64(w, STR("deposit"), rng_between(&r, 1, 10) * 100'000);
    if (o->consent) consent_write(&v, w);
    json_end_object(w);
}
