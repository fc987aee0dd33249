/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_UNIT_H
#define PARTNERCENTER_TESTS_UNIT_H

/* cmocka.h needs these four in front of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
