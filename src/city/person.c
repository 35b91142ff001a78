/* city/person — person n of the city: identity, name, insured type, policies.
 *
 * Who uses it: world.c writes persons as registry changes, bill.c makes their bills. Four neighbours in number are a household: same region, and some share a family
 * policy. Shares of holders are chosen for the demonstration, not taken from any market.
 */
#include "city/city.h"
#include "city/rng.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_HOUSEHOLD = 1, STREAM_PERSON = 2, HOUSEHOLD = 4 };

static const struct city_region_info regions[CITY_REGION_COUNT] = {
    {"410500", "anyang-2022", "anyang-puhui-2022", "安阳", "Anyang", 2022},
    {"310000", "shanghai-2025", "huhuibao-2025", "上海", "Shanghai", 2025},
};
static const char *const districts[CITY_REGION_COUNT] = {"410599", "310199"}; /* not assigned to any district */

const struct city_region_info *city_region_info(enum city_region r)
{
    CHECK(r < CITY_REGION_COUNT);
    return &regions[r];
}

/* ---- identity numbers: GB 11643, check character by ISO 7064 MOD 11-2 -------------------------------------- */

static char check_character(const char digits[17])
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (size_t i = 0; i < 17; i++) sum += (digits[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

bool city_identity_valid(struct str id)
{
    if (id.n != 18) return false;
    for (size_t i = 0; i < 17; i++) {
        if (id.p[i] < '0' || id.p[i] > '9') return false;
    }
    char date[11];
    memcpy(date, id.p + 6, 4);
    date[4] = date[7] = '-';
    memcpy(date + 5, id.p + 10, 2);
    memcpy(date + 8, id.p + 12, 2);
    struct day born;
    return day_parse((struct str){date, 10}, &born) && check_character(id.p) == id.p[17];
}

/* Person n has order number n mod 500 (doubled, odd for men) and, for each order number, a birth date of its own while n < 500 × DAYS: no two are equal. */
enum { ORDERS = 500, DAYS = 33'601 };

static struct day born_on(const struct city *c, uint32_t n, int32_t year)
{
    const uint64_t at = (uint64_t)(n / ORDERS) * 7'919 + (uint64_t)(n % ORDERS) * 6'007 + c->seed % DAYS * 131;
    return day_add(day_from_civil(year - 1, 12, 31), -(int32_t)(at % DAYS));
}

static void identity_make(struct city_person *p)
{
    int year = 0, month = 0, dom = 0;
    day_to_civil(p->born, &year, &month, &dom);
    const uint32_t order = p->n % ORDERS * 2 + (p->sex == 'M' ? 1U : 0U);
    (void)snprintf(p->id, sizeof p->id, "%s%04u%02u%02u%03u", districts[p->region], (unsigned)year % 10000, (unsigned)month % 100, (unsigned)dom % 100, order % 1000);
    p->id[17] = check_character(p->id);
    p->id[18] = 0;
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static void name_make(struct city_person *p, struct rng *household, struct rng *r)
{
    static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗",
                                           "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "欧阳", "司马", "上官", "诸葛"};
    static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "霞", "平", "刚",
                                        "桂", "英", "华", "玉", "兰", "红", "建", "国", "文", "辉", "力", "琳", "雪", "梅", "晨", "宇", "浩", "然", "子", "涵"};
    /* characters of the extension areas that real registers hold */
    static const char *const rare[] = {"\u3400", "\u3427", "\u4dae", "\U00020164", "\U00020b43", "\U0002a7dd", "\U0002b5ae", "\U0002b7a9", "\U0002c029", "\U0002cb4e", "\u9fcd", "\u9feb"};
    const char *first = surnames[rng_below(household, COUNT_OF(surnames))];
    const bool is_rare = rng_percent(r, 1), is_single = rng_percent(r, 15);
    const char *second = is_rare ? rare[rng_below(r, COUNT_OF(rare))] : given[rng_below(r, COUNT_OF(given))];
    (void)snprintf(p->name, sizeof p->name, "%s%s%s", first, second, is_single ? "" : given[rng_below(r, COUNT_OF(given))]);
}

/* ---- policies ------------------------------------------------------------------------------------------------- */

static void policy_add(const struct city *c, struct city_person *p, struct rng *r, const char *plan, struct day_range on, const char *family)
{
    struct city_policy *y = &p->policies[p->policy_count++];
    *y = (struct city_policy){.plan = plan, .on = on, .status = "in_force", .first_enrolled = on.from, .class_name = ""};
    (void)snprintf(y->policy, sizeof y->policy, "P%llu-%08u-%u", (unsigned long long)(c->seed % 1'000'000), (unsigned)p->n, (unsigned)p->policy_count);
    (void)snprintf(y->family, sizeof y->family, "%s", family);
    const int64_t years = rng_between(r, 0, 3);
    y->claim_free_years = rng_between(r, 0, years);
    const int32_t back = (int32_t)years * -1;
    y->first_enrolled = day_add_years(on.from, back);
    const uint32_t state = rng_below(r, 100);
    y->status = state < 1 ? "lapsed" : state < 3 ? "grace" : "in_force";
}

static void policies_make(const struct city *c, struct city_person *p, struct rng *household, struct rng *r)
{
    static const char *const commercial[] = {"lanyibao", "haoyaobao", "eshengbao", "youxiang-zero", "zunxiang-2024", "zhenai-unlimited", "anhuibao", "zhongminbao"};
    const int32_t year = regions[p->region].year;
    const struct day_range calendar = {day_from_civil(year, 1, 1), day_from_civil(year, 12, 31)};
    const bool has_family = rng_percent(household, 15);
    if (rng_percent(r, 60)) {
        policy_add(c, p, r, regions[p->region].product, calendar, "");
        if (rng_percent(r, 12)) p->policies[p->policy_count - 1].class_name = "prior-condition";
    }
    const int month = (int)rng_between(r, 1, 12), dom = (int)rng_between(r, 1, 28);
    const struct day_range policy_year = {day_from_civil(year - 1, month, dom), day_add(day_from_civil(year + 1, month, dom), -1)};
    if (has_family) {
        char family[24];
        (void)snprintf(family, sizeof family, "F%llu-%u", (unsigned long long)(c->seed % 1'000'000), (unsigned)(p->n / HOUSEHOLD));
        policy_add(c, p, r, "anxinbao", (struct day_range){day_from_civil(year - 1, 7, 1), day_from_civil(year + 1, 6, 30)}, family);
    } else if (rng_percent(r, 30)) {
        policy_add(c, p, r, commercial[rng_below(r, COUNT_OF(commercial))], policy_year, "");
    }
    if (p->policy_count == 2 && rng_percent(r, 10)) policy_add(c, p, r, "zhongminbao", policy_year, "");
    /* the same product twice is a mistake that real files hold; here it is left out, tests make it on purpose */
    if (p->policy_count == 3 && strcmp(p->policies[1].plan, p->policies[2].plan) == 0) p->policy_count = 2;
}

/* ---- one person ------------------------------------------------------------------------------------------------- */

void city_person(const struct city *c, uint32_t n, struct city_person *ret)
{
    struct rng household = rng_of(c->seed, STREAM_HOUSEHOLD, n / HOUSEHOLD), r = rng_of(c->seed, STREAM_PERSON, n);
    *ret = (struct city_person){.n = n};
    ret->region = rng_percent(&household, 70) ? CITY_ANYANG : CITY_SHANGHAI;
    ret->sex = rng_below(&r, 2) ? 'M' : 'F';
    ret->born = born_on(c, n, regions[ret->region].year);
    const bool is_adult = day_age_years(ret->born, day_from_civil(regions[ret->region].year, 1, 1)) >= 18;
    ret->insured_type = is_adult && rng_percent(&r, 45) ? "employee" : "resident";
    name_make(ret, &household, &r);
    identity_make(ret);
    policies_make(c, ret, &household, &r);
}
