/* SPDX-License-Identifier: MIT */
#include "cloud.h"

#include <stddef.h>
#include <string.h>

/* The hosts that Microsoft documents for Partner Center and Entra ID. */
static const struct pc_cloud clouds[] = {
    { PC_DEFAULT_CLOUD, "https://api.partnercenter.microsoft.com",
      "https://login.microsoftonline.com" },
    { "china", "https://partner.partnercenterapi.microsoftonline.cn",
      "https://login.chinacloudapi.cn" },
    { "germany", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.de" },
    { "usgov", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.us" },
};

const struct pc_cloud *pc_cloud_find(const char *name) {
    for (size_t i = 0; i < sizeof clouds / sizeof clouds[0]; i++) {
        if (strcmp(clouds[i].name, name) == 0)
            return &clouds[i];
    }
    return NULL;
}
