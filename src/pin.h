/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_PIN_H
#define PARTNERCENTER_PIN_H

#pragma GCC visibility push(hidden)

/* Keeps this module, and libcurl under it, mapped for as long as the process lives. Lua unmaps a
 * module when its state is closed, but a thread of libcurl's resolver may still run then. */
void pc_pin_module(void);

#pragma GCC visibility pop

#endif
