// Many tensors in one launch: a table in device memory has a row for each, a second one cuts them into chunks, one for each block.
// The host's twins are Slot and ChunkElements in src/NativeRetrieval.Cuda/Backend/Adam.cs.
#pragma once
#include "common/types.cuh"

// A parameter of an optimizer's step, its gradient, its moments, and its copy in bf16 or null.
struct slot
{
    float *p, *g, *m, *v;
    bf16* copy;
    long long count;
};

// Elements part · ChunkElements … of a slot, up to ChunkElements of them.
struct chunk
{
    int slot, part;
};

constexpr int ChunkElements = 65536;

NR_DEVICE long long first_of(chunk own) { return (long long)own.part * ChunkElements; }

NR_DEVICE int count_of(chunk own, long long count)
{
    const long long rest = count - first_of(own);
    return rest < ChunkElements ? (int)rest : ChunkElements;
}
