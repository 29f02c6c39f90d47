// Dynamic shared memory under one spelling: a plain extern array has one type per name in a file, and an emulator has no place for it.
#pragma once

#ifndef NR_DYNAMIC_SHARED
#define NR_DYNAMIC_SHARED(type, name)                                       \
    extern __shared__ __align__(16) unsigned char nr_dynamic_shared[];      \
    type* const name = reinterpret_cast<type*>(nr_dynamic_shared)
#endif
