// Values that only the device sees and that are outside their range: the first find is kept, and thrown by the host when it next reads
// values.
//   fault [4] i32, zeros while nothing was found: kind (src/NativeRetrieval.Cuda/Backend/Libraries/Fault.cs), place, value, limit
#pragma once
#include "common/types.cuh"

enum fault_kind { EmbeddingId = 1, AttentionStart, MeanLength, LogMelLength };

NR_DEVICE void report_fault(int* fault, fault_kind kind, int place, int value, int limit)
{
    // Any one of several finds in a run may win: they are all true.
    if (atomicCAS(&fault[0], 0, (int)kind) != 0) return;
    fault[1] = place;
    fault[2] = value;
    fault[3] = limit;
}
