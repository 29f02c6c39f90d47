// One parameter of an optimizer's step, its gradient, its moments and its copy in bf16, or null: what a table of many tensors, in device memory, has a row of.
// The host's twin is Slot in src/NativeRetrieval.Cuda/Backend/Adam.cs.
#pragma once
#include "common/types.cuh"

struct slot
{
    float *p, *g, *m, *v;
    bf16* copy;
    long long count;
};
