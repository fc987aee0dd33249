/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): for dladdr

#include "pin.h"

#include <dlfcn.h>

/* An object of this module, by which the loader finds it. */
static const char here = 0;

void pc_pin_module(void) {
    Dl_info module;
    /* The handle is never closed: that, too, keeps the module. */
    if (dladdr(&here, &module) != 0)
        (void)dlopen(module.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}
