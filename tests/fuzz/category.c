/* SPDX-License-Identifier: MIT */

/* The input is a status, a code of libcurl's and an errno, four bytes each. */

#include "../../src/category.h"

#include "categories.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int32_t numbers[3] = { 0 };
    memcpy(numbers, data, size < sizeof numbers ? size : sizeof numbers);
    struct pc_category of_status = pc_category_of_status(numbers[0]);
    struct pc_category of_code =
        pc_category_of_curl((CURLcode)((unsigned)numbers[1] % CURL_LAST), numbers[2]);
    CHECK(is_category(of_status.name) && is_category(of_code.name));
    if (of_status.retryable) /* the service takes those again, and no others */
        CHECK(numbers[0] == 408 || numbers[0] == 429 || (numbers[0] >= 500 && numbers[0] <= 504));
    if (of_code.retryable)
        CHECK(strcmp(of_code.name, "network") == 0 || strcmp(of_code.name, "timeout") == 0);
    return 0;
}
