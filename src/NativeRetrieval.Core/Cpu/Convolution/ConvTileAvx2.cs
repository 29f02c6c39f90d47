using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>A tile of 6 rows by 16 columns: 12 accumulators, two vectors of W and one broadcast in the 16 registers of AVX2.</summary>
internal static unsafe class ConvTileAvx2
{
    public static void Run<TStep>(ConvTile* tile) where TStep : ITileStep
    {
        nint* rows = tile->RowOffsets;
        float* a0 = tile->A + rows[0];
        float* a1 = tile->A + rows[1];
        float* a2 = tile->A + rows[2];
        float* a3 = tile->A + rows[3];
        float* a4 = tile->A + rows[4];
        float* a5 = tile->A + rows[5];
        float* w = tile->W;

        float* bias = tile->Bias;
        var bx = bias == null ? Vector256<float>.Zero : Vector256.Load(bias);
        var by = bias == null ? Vector256<float>.Zero : Vector256.Load(bias + 8);
        var x0 = bx;
        var y0 = by;
        Vector256<float> x1 = bx, x2 = bx, x3 = bx, x4 = bx, x5 = bx;
        Vector256<float> y1 = by, y2 = by, y3 = by, y4 = by, y5 = by;

        nint* segment = tile->Segments, end = segment + tile->SegmentCount;
        nint last = tile->SegmentLength * TStep.Floats;
        for (; segment < end; segment++)
        {
            nint k = *segment;
            for (nint stop = k + last; k < stop; k += TStep.Floats, w += 16)
            {
                var wx = Vector256.Load(w);
                var wy = Vector256.Load(w + 8);
                var d0 = Vector256.Create(a0[k]);
                x0 = Vector256.FusedMultiplyAdd(d0, wx, x0); y0 = Vector256.FusedMultiplyAdd(d0, wy, y0);
                var d1 = Vector256.Create(a1[k]);
                x1 = Vector256.FusedMultiplyAdd(d1, wx, x1); y1 = Vector256.FusedMultiplyAdd(d1, wy, y1);
                var d2 = Vector256.Create(a2[k]);
                x2 = Vector256.FusedMultiplyAdd(d2, wx, x2); y2 = Vector256.FusedMultiplyAdd(d2, wy, y2);
                var d3 = Vector256.Create(a3[k]);
                x3 = Vector256.FusedMultiplyAdd(d3, wx, x3); y3 = Vector256.FusedMultiplyAdd(d3, wy, y3);
                var d4 = Vector256.Create(a4[k]);
                x4 = Vector256.FusedMultiplyAdd(d4, wx, x4); y4 = Vector256.FusedMultiplyAdd(d4, wy, y4);
                var d5 = Vector256.Create(a5[k]);
                x5 = Vector256.FusedMultiplyAdd(d5, wx, x5); y5 = Vector256.FusedMultiplyAdd(d5, wy, y5);
            }
        }

        float* c = tile->C;
        nint* columns = tile->ColumnOffsets;
        // All additions come before the first store, because rows of a tile may coincide.
        if (tile->Accumulate)
        {
            x0 += Vector256.Load(c + columns[0]); y0 += Vector256.Load(c + columns[0] + 8);
            x1 += Vector256.Load(c + columns[1]); y1 += Vector256.Load(c + columns[1] + 8);
            x2 += Vector256.Load(c + columns[2]); y2 += Vector256.Load(c + columns[2] + 8);
            x3 += Vector256.Load(c + columns[3]); y3 += Vector256.Load(c + columns[3] + 8);
            x4 += Vector256.Load(c + columns[4]); y4 += Vector256.Load(c + columns[4] + 8);
            x5 += Vector256.Load(c + columns[5]); y5 += Vector256.Load(c + columns[5] + 8);
        }
        if (tile->Relu)
        {
            x0 = Vector256.Max(x0, Vector256<float>.Zero); y0 = Vector256.Max(y0, Vector256<float>.Zero);
            x1 = Vector256.Max(x1, Vector256<float>.Zero); y1 = Vector256.Max(y1, Vector256<float>.Zero);
            x2 = Vector256.Max(x2, Vector256<float>.Zero); y2 = Vector256.Max(y2, Vector256<float>.Zero);
            x3 = Vector256.Max(x3, Vector256<float>.Zero); y3 = Vector256.Max(y3, Vector256<float>.Zero);
            x4 = Vector256.Max(x4, Vector256<float>.Zero); y4 = Vector256.Max(y4, Vector256<float>.Zero);
            x5 = Vector256.Max(x5, Vector256<float>.Zero); y5 = Vector256.Max(y5, Vector256<float>.Zero);
        }
        x0.Store(c + columns[0]); y0.Store(c + columns[0] + 8);
        x1.Store(c + columns[1]); y1.Store(c + columns[1] + 8);
        x2.Store(c + columns[2]); y2.Store(c + columns[2] + 8);
        x3.Store(c + columns[3]); y3.Store(c + columns[3] + 8);
        x4.Store(c + columns[4]); y4.Store(c + columns[4] + 8);
        x5.Store(c + columns[5]); y5.Store(c + columns[5] + 8);
    }
}
