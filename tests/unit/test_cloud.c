/* SPDX-License-Identifier: MIT */
#include "../../src/cloud.h"

#include "unit.h"

#include <string.h>

static const struct pc_cloud rows[] = {
    { "global", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.com" },
    { "china", "https://partner.partnercenterapi.microsoftonline.cn",
      "https://login.chinacloudapi.cn" },
    { "germany", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.de" },
    { "usgov", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.us" },
};

static void knows_where_each_stands(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct pc_cloud *cloud = pc_cloud_find(rows[i].name);
        assert_non_null(cloud);
        assert_string_equal(cloud->name, rows[i].name);
        assert_string_equal(cloud->base_url, rows[i].base_url);
        assert_string_equal(cloud->login_url, rows[i].login_url);
    }
}

static void knows_no_other(void **state) {
    (void)state;
    static const char *const names[] = { "", "Global", "CHINA", "us", "usgov ", "public", "azure" };
    for (size_t i = 0; i < COUNT(names); i++)
        assert_null(pc_cloud_find(names[i]));
}

static void names_each_where_it_is_asked_for_one(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_non_null(strstr(PC_CLOUD_NAMES, rows[i].name));
    assert_non_null(pc_cloud_find(PC_DEFAULT_CLOUD));
    assert_string_equal(PC_DEFAULT_CLOUD, "global");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_where_each_stands),
        cmocka_unit_test(knows_no_other),
        cmocka_unit_test(names_each_where_it_is_asked_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
