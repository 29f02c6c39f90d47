// What changes from step to step of an optimizer, in device memory, so that a recorded step is replayed with the next step's numbers.
// The host's twin is AdamStep.Rates in src/NativeRetrieval.Core/Ops/Adam.cs.
#pragma once

struct adam_rates
{
    double rate, root_correction, shrink;
};
