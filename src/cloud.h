/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLOUD_H
#define PARTNERCENTER_CLOUD_H

#pragma GCC visibility push(hidden)

/* One of Microsoft's clouds: where Partner Center and the token authority stand in it. */
struct pc_cloud {
    const char *name;
    const char *base_url;
    const char *login_url;
};

/* NULL when there is none of that name. The default is PC_DEFAULT_CLOUD. */
const struct pc_cloud *pc_cloud_find(const char *name);
#define PC_DEFAULT_CLOUD "global"
#define PC_CLOUD_NAMES   "global, china, germany or usgov"

#pragma GCC visibility pop

#endif
