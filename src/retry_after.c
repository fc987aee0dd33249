/* SPDX-License-Identifier: MIT */
#include "retry_after.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

double pc_retry_after(const char *retry_after, const char *date, time_t now) {
    size_t length = strlen(retry_after);
    if (length == 0)
        return PC_NO_RETRY_AFTER;
    if (strspn(retry_after, "0123456789") == length)
        return strtod(retry_after, NULL);
    time_t until = curl_getdate(retry_after, NULL);
    if (until == (time_t)-1)
        return PC_NO_RETRY_AFTER;
    time_t answered = curl_getdate(date, NULL);
    double seconds = difftime(until, answered == (time_t)-1 ? now : answered);
    return seconds > 0 ? seconds : 0;
}
