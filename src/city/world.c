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
