// Exact GELU, x·Φ(x): the standard normal distribution's function and density.
#pragma once
#include "common/types.cuh"

// Φ(x) = erfc(−x/√2)/2, which keeps its digits where 1 + erf cancels.
NR_DEVICE float distribution(float x) { return 0.5f * erfcf(-0.70710678f * x); }

NR_DEVICE float density(float x) { return 0.39894228f * expf(-0.5f * x * x); }
