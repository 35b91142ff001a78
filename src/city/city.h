/* city — a demonstration city made from a seed: hospitals, insurers, persons with policies over the real products, and their bills.
 *
 * Who uses it: `yijie demo`, the benchmarks, tests. Everything is a pure function of (seed, number): person 17 of seed 1 is the same person on every machine, so
 * bills can be made long after the city was loaded without reading it back.
 * Nobody here exists: identity numbers carry a district that is not assigned (410599, 310199) and a valid check digit; names are drawn from common
 * and, for one in a hundred, rare characters of the extension areas. Sizes and shapes: domain figures named in README.md.
 * Invariant: every bill made here is accepted by bill_parse without an error or a warning.
 */
#ifndef YIJIE_CITY_H
#define YIJIE_CITY_H

#include "base/base.h"
#include "codec/codec.h"
#include "money/money.h"

/* Two regions: 安阳 in 2022 (the published demonstration) and 上海 in 2025; seven persons in ten live in the first. */
enum city_region { CITY_ANYANG, CITY_SHANGHAI, CITY_REGION_COUNT };
struct city_region_info {
    const char *code, *chain, *product, *zh, *en;
    int32_t year;
};
const struct city_region_info *city_region_info(enum city_region r);

struct city {
    uint64_t seed;
    uint32_t person_count;
};
enum { CITY_HOSPITALS = 24, CITY_INSURERS = 7, CITY_POLICIES_MAX = 3, CITY_PERSONS_MAX = 16'000'000 };

struct city_hospital {
    char id[16];             /* H41059900001 … */
    char zh[64], en[64];
    enum city_region region;
    const char *kind;        /* public, private, community, pharmacy */
    int64_t level;           /* 1..3 */
};
struct city_hospital city_hospital(uint32_t n);

struct city_policy {
    const char *plan;
    char policy[40];
    struct day_range on;
    const char *status;      /* in_force, grace, lapsed */
    struct day first_enrolled;
    int64_t claim_free_years;
    const char *class_name;  /* "" healthy, "prior-condition" */
    char family[24];         /* "" none */
};
struct city_person {
    uint32_t n;
    char id[19], name[32];
    struct day born;
    char sex;                /* F, M */
    enum city_region region;
    const char *insured_type;
    struct city_policy policies[CITY_POLICIES_MAX];
    uint32_t policy_count;
};
/* Person n of the city, 0 <= n < person_count. */
void city_person(const struct city *c, uint32_t n, struct city_person *ret);
bool city_identity_valid(struct str id); /* 18 characters, a real birth date, ISO 7064 MOD 11-2 check character (GB 11643) */

/* Texts of the products, built into the program: lists first, then plans, then chains. grade: 0 when the text names none. */
struct city_text {
    const char *kind, *name; /* "plan", "anyang-puhui-2022" */
    struct str text;
    char grade;
};
uint32_t city_text_count(void);
struct city_text city_text(uint32_t n);
void city_texts_write(struct json_writer *w); /* as changes */

/* Changes for the registry as one JSON array: hospitals, insurers, payers and regions; then persons `from` .. `from + count` with their policies. */
void city_world_write(struct json_writer *w);
void city_persons_write(const struct city *c, uint32_t from, uint32_t count, struct json_writer *w);

struct city_bill_options {
    uint32_t lines;          /* 0: as the kind of visit has them */
    bool covered;            /* only persons whom the city's product and one commercial policy cover */
    bool consent;            /* with the member `consent`: ready to be sent as a trial */
};
/* Bill n of a run: its person, visit and lines follow from (city, run, n). Compact JSON, one object. */
void city_bill_write(const struct city *c, uint64_t run, uint64_t n, const struct city_bill_options *o, struct json_writer *w);

#endif
