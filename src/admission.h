/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ADMISSION_H
#define PARTNERCENTER_ADMISSION_H

#include "engine.h"

#pragma GCC visibility push(hidden)

/* How many calls libcurl may have at once; it is told how many connections it may open for them. */
size_t pc_admission_limit(struct pc_engine *engine);

#pragma GCC visibility pop

#endif
