/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_FORK_H
#define PARTNERCENTER_FORK_H

#pragma GCC visibility push(hidden)

/* How often this process has come from another by fork since the module was loaded. Connections and
 * threads of before the last fork are the parent's. */
unsigned pc_fork_count(void);

/* Begins to count; once in a process. */
void pc_fork_watch(void);

#pragma GCC visibility pop

#endif
