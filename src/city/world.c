/* city/world — hospitals and insurers of the city, and everything as changes for the registry. */
#include "city/city.h"

#include <stdio.h>
#include <string.h>

struct city_hospital city_hospital(uint32_t n)
{
    static const struct {
        const char *kind, *zh, *en;
        int64_t level;
    } kinds[] = {
        {"public", "人民医院", "People's Hospital", 3}, {"public", "中心医院", "Central Hospital", 3}, {"public", "中医院", "Hospital of Chinese Medicine", 2},
        {"public", "妇幼保健院", "Maternal and Child Hospital", 2}, {"private", "仁和医院", "Renhe Hospital", 2}, {"community", "社区卫生服务中心", "Community Health Centre", 1},
        {"pharmacy", "惠民大药房", "Huimin Pharmacy", 1}, {"public", "第二医院", "Second Hospital", 3},
    };
    CHECK(n < CITY_HOSPITALS);
    struct city_hospital h = {0};
    h.region = n % 3 == 2 ? CITY_SHANGHAI : CITY_ANYANG;
    const uint32_t k = n / 3 % COUNT_OF(kinds), number = n / 3 + 1;
    const struct city_region_info *region = city_region_info(h.region);
    (void)snprintf(h.id, sizeof h.id, "H%.4s99%05u", region->code, (n % 3 == 1 ? 100U : 0U) + number);
    (void)snprintf(h.zh, sizeof h.zh, "演示%s%s%s", region->zh, n % 3 == 1 ? "东区" : "", kinds[k].zh);
    (void)snprintf(h.en, sizeof h.en, "Demonstration %s%s %s", region->en, n % 3 == 1 ? " East" : "", kinds[k].en);
    h.kind = kinds[k].kind;
    h.level = kinds[k].level;
    return h;
}

/* ---- texts of plans, lists and chains, embedded by embed.py ----------------------------------------------------- */

extern const struct {
    uint64_t kind;
    const char *name, *text;
    uint64_t bytes;
} city_texts_table[];
extern const uint64_t city_texts_count;

uint32_t city_text_count(void) { return (uint32_t)city_texts_count; }

/* The first grade named is that of the source; 0 when none is. */
static char grade_of(struct str text)
{
    static const struct str words[] = {STR_INIT("grade "), STR_INIT("等级 ")};
    for (size_t i = 0; i < text.n; i++) {
        for (size_t k = 0; k < COUNT_OF(words); k++) {
            const size_t n = words[k].n;
            if (i + n < text.n && memcmp(text.p + i, words[k].p, n) == 0 && text.p[i + n] >= 'A' && text.p[i + n] <= 'D') return text.p[i + n];
        }
    }
    return 0;
}

struct city_text city_text(uint32_t n)
{
    static const char *const kinds[] = {"list", "plan", "chain"};
    CHECK(n < city_texts_count && city_texts_table[n].kind < COUNT_OF(kinds));
    struct city_text t = {.kind = kinds[city_texts_table[n].kind], .name = city_texts_table[n].name, .text = {city_texts_table[n].text, city_texts_table[n].bytes}};
    t.grade = grade_of(t.text);
    return t;
}

/* ---- as changes for the registry ---------------------------------------------------------------------------------- */

static void change_begin(struct json_writer *w, const char *kind)
{
    json_begin_object(w);
    json_member_string(w, STR("change"), str_from(kind));
}

static void member(struct json_writer *w, const char *name, const char *value) { json_member_string(w, str_from(name), str_from(value)); }

static void day_member(struct json_writer *w, const char *name, struct day d)
{
    char text[11];
    const size_t n = day_format(d, text);
    json_member_string(w, str_from(name), (struct str){text, n});
}

static const struct {
    const char *id, *zh, *en;
} insurers[CITY_INSURERS] = {
    {"INS-DEMO-01", "演示人寿甲", "Demonstration Life A"}, {"INS-DEMO-02", "演示健康乙", "Demonstration Health B"}, {"INS-DEMO-03", "演示财险丙", "Demonstration General C"},
    {"INS-DEMO-04", "演示人寿丁", "Demonstration Life D"}, {"INS-DEMO-05", "演示健康戊", "Demonstration Health E"}, {"INS-DEMO-06", "演示财险己", "Demonstration General F"},
    {"INS-DEMO-07", "演示互联网保险庚", "Demonstration Online G"},
};

/* Long texts go as an array of parts, for one JSON text has a limit. */
static void text_write(struct json_writer *w, struct str text)
{
    enum { PART_BYTES = 32 * 1024 };
    json_begin_array(w);
    while (text.n > 0) {
        size_t n = text.n < PART_BYTES ? text.n : PART_BYTES;
        while (n < text.n && ((uint8_t)text.p[n] & 0xc0) == 0x80) n--; /* between two characters */
        json_string(w, (struct str){text.p, n});
        text = (struct str){text.p + n, text.n - n};
    }
    json_end_array(w);
}

void city_texts_write(struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < city_text_count(); i++) {
        const struct city_text t = city_text(i);
        change_begin(w, t.kind);
        member(w, "name", t.name);
        json_name(w, STR("text"));
        text_write(w, t.text);
        if (t.grade) json_member_string(w, STR("grade"), (struct str){&t.grade, 1});
        json_end_object(w);
    }
    json_end_array(w);
}

/* The patient of the published case (demo/anyang-stay.json): a resident, healthy at first enrolment. */
static void published_write(struct json_writer *w)
{
    change_begin(w, "policy");
    json_name(w, STR("person"));
    json_begin_object(w);
    member(w, "id_kind", "01");
    member(w, "id", "410599196903070003");
    member(w, "name", "演示人甲");
    json_end_object(w);
    member(w, "plan", "anyang-puhui-2022");
    member(w, "policy", "DEMO-0001");
    member(w, "from", "2022-01-01");
    member(w, "to", "2022-12-31");
    member(w, "first_enrolled", "2022-01-01");
    member(w, "class", "");
    member(w, "class_evidence", "演示 demonstration");
    json_end_object(w);
}

void city_world_write(struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < CITY_HOSPITALS; i++) {
        const struct city_hospital h = city_hospital(i);
        change_begin(w, "institution");
        member(w, "id", h.id);
        member(w, "kind", "hospital");
        member(w, "zh", h.zh);
        member(w, "en", h.en);
        member(w, "hospital_kind", h.kind);
        json_member_i64(w, STR("level"), h.level);
        member(w, "region", city_region_info(h.region)->code);
        json_end_object(w);
    }
    for (uint32_t i = 0; i < CITY_INSURERS; i++) {
        change_begin(w, "institution");
        member(w, "id", insurers[i].id);
        member(w, "kind", "insurer");
        member(w, "zh", insurers[i].zh);
        member(w, "en", insurers[i].en);
        json_end_object(w);
    }
    for (uint32_t i = 0, k = 0; i < city_text_count(); i++) {
        const struct city_text t = city_text(i);
        if (strcmp(t.kind, "plan") != 0) continue;
        change_begin(w, "payer");
        member(w, "plan", t.name);
        member(w, "institution", insurers[k++ % CITY_INSURERS].id);
        json_end_object(w);
    }
    for (uint32_t i = 0; i < CITY_REGION_COUNT; i++) {
        change_begin(w, "region");
        member(w, "code", city_region_info((enum city_region)i)->code);
        member(w, "chain", city_region_info((enum city_region)i)->chain);
        json_end_object(w);
    }
    published_write(w);
    json_end_array(w);
}

static void person_member(const struct city_person *p, struct json_writer *w)
{
    json_name(w, STR("person"));
    json_begin_object(w);
    member(w, "id_kind", "01");
    member(w, "id", p->id);
    member(w, "name", p->name);
    day_member(w, "born", p->born);
    member(w, "sex", p->sex == 'M' ? "M" : "F");
    json_end_object(w);
}

static void policy_write(const struct city_person *p, const struct city_policy *y, struct json_writer *w)
{
    change_begin(w, "policy");
    person_member(p, w);
    member(w, "plan", y->plan);
    member(w, "policy", y->policy);
    day_member(w, "from", y->on.from);
    day_member(w, "to", y->on.to);
    member(w, "status", y->status);
    day_member(w, "first_enrolled", y->first_enrolled);
    json_member_i64(w, STR("claim_free_years"), y->claim_free_years);
    member(w, "class", y->class_name);
    if (y->class_name[0]) member(w, "class_evidence", "演示 demonstration");
    if (y->family[0]) member(w, "family", y->family);
    json_end_object(w);
}

void city_persons_write(const struct city *c, uint32_t from, uint32_t count, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t n = from; n < c->person_count && n - from < count; n++) {
        struct city_person p;
        city_person(c, n, &p);
        change_begin(w, "person");
        person_member(&p, w);
        json_end_object(w);
        for (uint32_t i = 0; i < p.policy_count; i++) policy_write(&p, &p.policies[i], w);
    }
    json_end_array(w);
}
