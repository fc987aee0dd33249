/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include "shape.h"

#include <string.h>

#define CUSTOMER       "/v1/customers/" PC_CUSTOMER_PLACE
#define NAME_PROMISE   "the name of a qualification"
#define OBJECT_PROMISE "an object"

const struct pc_operation pc_operations[] = {
    { .name = "update_qualification",
      .method = "POST",
      .path = CUSTOMER "/qualifications",
      .append_body = pc_update_append_body,
      .shape = pc_shape_qualification,
      .promise = "a qualification object" },
    { .name = "get_qualifications",
      .method = "GET",
      .path = CUSTOMER "/qualifications",
      .shape = pc_shape_qualifications,
      .promise = "an array of qualification objects" },
    { .name = "update_qualification_sync",
      .method = "PUT",
      .path = CUSTOMER "/qualification",
      .append_body = pc_update_append_integer,
      .shape = pc_shape_qualification_name,
      .promise = NAME_PROMISE },
    { .name = "get_qualification",
      .method = "GET",
      .path = CUSTOMER "/qualification",
      .shape = pc_shape_qualification_name,
      .promise = NAME_PROMISE },
    { .name = "get_validation_codes",
      .method = "GET",
      .path = "/v1/customers/all/validations",
      .shape = pc_shape_objects,
      .promise = "an array of validation codes" },
    { .name = "get_validation_status",
      .method = "GET",
      .path = CUSTOMER "/validationStatus?type=account",
      .shape = pc_shape_object,
      .promise = OBJECT_PROMISE },
    { .name = "get_customer",
      .method = "GET",
      .path = CUSTOMER,
      .shape = pc_shape_object,
      .promise = OBJECT_PROMISE },
    { .name = "customers_page",
      .method = "GET",
      .path = "/v1/customers",
      .shape = pc_shape_collection,
      .promise = "a collection with an array of items",
      .is_page = true },
    { 0 },
};

const struct pc_operation pc_pause_operation = { .name = "pause" };

const struct pc_operation *pc_operation_find(const char *name) {
    for (const struct pc_operation *operation = pc_operations; operation->name; operation++) {
        if (strcmp(operation->name, name) == 0)
            return operation;
    }
    return NULL;
}
