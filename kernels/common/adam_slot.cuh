// One parameter of an optimizer's step, its gradient and moments: what a table of many tensors, in device memory, has a row of.
// The host's twin is Slot in src/NativeRetrieval.Cuda/Backend/Adam.cs.
#pragma once

struct slot
{
    float *p, *g, *m, *v;
    long long count;
};
