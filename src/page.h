/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_PAGE_H
#define PARTNERCENTER_PAGE_H

#include "buffer.h"
#include "options.h"
#include "text.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* Which customers a listing shows: those whose `field` ("Domain" or "CompanyName") starts with
 * `value`; all of them where the value is not given. The texts are owned by Lua strings. */
struct pc_filter {
    struct pc_text field, value;
};

/* What a page of the list of customers is asked for with. */
struct pc_page {
    double size;
    struct pc_filter filter;
};

/* The kind of the option `filter`; its value is a struct pc_filter. A string is a prefix of the
 * domain, a table has the fields `field` and `value`. */
extern const struct pc_option_kind pc_option_filter;

/* Appends the query of the first page; false when memory runs out. */
bool pc_page_append_query(const struct pc_page *page, struct pc_buffer *url);

/* NULL when `query`, from a link to the next page, can follow the `?` of a URL; or what is wrong.
 */
const char *pc_page_check_query(struct pc_text query);

#pragma GCC visibility pop

#endif
