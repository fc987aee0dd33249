/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include "shape.h"

#include <string.h>

const struct pc_operation pc_operations[] = {
    { "update_qualification", "POST", "/v1/customers/{id}/qualifications", pc_update_push_body,
      pc_shape_qualification, "a qualification object" },
    { "get_qualifications", "GET", "/v1/customers/{id}/qualifications", NULL,
      pc_shape_qualifications, "an array of qualification objects" },
    { 0 },
};

const struct pc_operation *pc_operation_find(const char *name) {
    for (const struct pc_operation *operation = pc_operations; operation->name; operation++) {
        if (strcmp(operation->name, name) == 0)
            return operation;
    }
    return NULL;
}
