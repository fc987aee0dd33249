/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_VERSION_H
#define PARTNERCENTER_VERSION_H

/* The one place of the version: CMake reads it here, the User-Agent and `_VERSION` show it. */
#define PARTNERCENTER_VERSION "0.1.0"

#endif
