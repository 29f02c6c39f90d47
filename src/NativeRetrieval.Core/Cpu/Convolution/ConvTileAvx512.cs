using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// A tile of 10 rows by 32 columns: 20 accumulators; ten row pointers are what the general registers hold without spills. Or of 8 rows,
/// for as many tiles as ten would serve badly: the 16 of one clip of 10 s in CNN14's last blocks.
/// </summary>
internal static unsafe class ConvTileAvx512
{
    public static void Run<TStep, TRows>(ConvTile* tile) where TStep : ITileStep where TRows : ITileRows
    {
        nint* rows = tile->RowOffsets;
        float* a0 = tile->A + rows[0];
        float* a1 = tile->A + rows[1];
        float* a2 = tile->A + rows[2];
        float* a3 = tile->A + rows[3];
        float* a4 = tile->A + rows[4];
        float* a5 = tile->A + rows[5];
        float* a6 = tile->A + rows[6];
        float* a7 = tile->A + rows[7];
        bool all = TRows.Count > 8;
        float* a8 = all ? tile->A + rows[8] : null;
        float* a9 = all ? tile->A + rows[9] : null;
        float* w = tile->W;
        nint second = tile->PanelStride;

        float* bias = tile->Bias;
        var bx = bias == null ? Vector512<float>.Zero : Vector512.Load(bias);
        var by = bias == null ? Vector512<float>.Zero : Vector512.Load(bias + 16);
        var x0 = bx;
        var y0 = by;
        Vector512<float> x1 = bx, x2 = bx, x3 = bx, x4 = bx, x5 = bx, x6 = bx, x7 = bx, x8 = bx, x9 = bx;
        Vector512<float> y1 = by, y2 = by, y3 = by, y4 = by, y5 = by, y6 = by, y7 = by, y8 = by, y9 = by;

        nint* segment = tile->Segments, end = segment + tile->SegmentCount;
        nint last = tile->SegmentLength * TStep.Floats;
        for (; segment < end; segment++)
        {
            nint k = *segment;
            for (nint stop = k + last; k < stop; k += TStep.Floats, w += 16)
            {
                var wx = Vector512.Load(w);
                var wy = Vector512.Load(w + second);
                var d0 = Vector512.Create(a0[k]);
                x0 = Vector512.FusedMultiplyAdd(d0, wx, x0); y0 = Vector512.FusedMultiplyAdd(d0, wy, y0);
                var d1 = Vector512.Create(a1[k]);
                x1 = Vector512.FusedMultiplyAdd(d1, wx, x1); y1 = Vector512.FusedMultiplyAdd(d1, wy, y1);
                var d2 = Vector512.Create(a2[k]);
                x2 = Vector512.FusedMultiplyAdd(d2, wx, x2); y2 = Vector512.FusedMultiplyAdd(d2, wy, y2);
                var d3 = Vector512.Create(a3[k]);
                x3 = Vector512.FusedMultiplyAdd(d3, wx, x3); y3 = Vector512.FusedMultiplyAdd(d3, wy, y3);
                var d4 = Vector512.Create(a4[k]);
                x4 = Vector512.FusedMultiplyAdd(d4, wx, x4); y4 = Vector512.FusedMultiplyAdd(d4, wy, y4);
                var d5 = Vector512.Create(a5[k]);
                x5 = Vector512.FusedMultiplyAdd(d5, wx, x5); y5 = Vector512.FusedMultiplyAdd(d5, wy, y5);
                var d6 = Vector512.Create(a6[k]);
                x6 = Vector512.FusedMultiplyAdd(d6, wx, x6); y6 = Vector512.FusedMultiplyAdd(d6, wy, y6);
                var d7 = Vector512.Create(a7[k]);
                x7 = Vector512.FusedMultiplyAdd(d7, wx, x7); y7 = Vector512.FusedMultiplyAdd(d7, wy, y7);
                if (!all) continue;
                var d8 = Vector512.Create(a8[k]);
                x8 = Vector512.FusedMultiplyAdd(d8, wx, x8); y8 = Vector512.FusedMultiplyAdd(d8, wy, y8);
                var d9 = Vector512.Create(a9[k]);
                x9 = Vector512.FusedMultiplyAdd(d9, wx, x9); y9 = Vector512.FusedMultiplyAdd(d9, wy, y9);
            }
        }

        float* c = tile->C;
        nint* columns = tile->ColumnOffsets;
        nint next = tile->ColumnPanelStride;
        // All additions come before the first store, because rows of a tile may coincide.
        if (tile->Accumulate)
        {
            x0 += Vector512.Load(c + columns[0]); y0 += Vector512.Load(c + columns[0] + next);
            x1 += Vector512.Load(c + columns[1]); y1 += Vector512.Load(c + columns[1] + next);
            x2 += Vector512.Load(c + columns[2]); y2 += Vector512.Load(c + columns[2] + next);
            x3 += Vector512.Load(c + columns[3]); y3 += Vector512.Load(c + columns[3] + next);
            x4 += Vector512.Load(c + columns[4]); y4 += Vector512.Load(c + columns[4] + next);
            x5 += Vector512.Load(c + columns[5]); y5 += Vector512.Load(c + columns[5] + next);
            x6 += Vector512.Load(c + columns[6]); y6 += Vector512.Load(c + columns[6] + next);
            x7 += Vector512.Load(c + columns[7]); y7 += Vector512.Load(c + columns[7] + next);
            if (all)
            {
                x8 += Vector512.Load(c + columns[8]); y8 += Vector512.Load(c + columns[8] + next);
                x9 += Vector512.Load(c + columns[9]); y9 += Vector512.Load(c + columns[9] + next);
            }
        }
        if (tile->Relu)
        {
            x0 = Vector512.Max(x0, Vector512<float>.Zero); y0 = Vector512.Max(y0, Vector512<float>.Zero);
            x1 = Vector512.Max(x1, Vector512<float>.Zero); y1 = Vector512.Max(y1, Vector512<float>.Zero);
            x2 = Vector512.Max(x2, Vector512<float>.Zero); y2 = Vector512.Max(y2, Vector512<float>.Zero);
            x3 = Vector512.Max(x3, Vector512<float>.Zero); y3 = Vector512.Max(y3, Vector512<float>.Zero);
            x4 = Vector512.Max(x4, Vector512<float>.Zero); y4 = Vector512.Max(y4, Vector512<float>.Zero);
            x5 = Vector512.Max(x5, Vector512<float>.Zero); y5 = Vector512.Max(y5, Vector512<float>.Zero);
            x6 = Vector512.Max(x6, Vector512<float>.Zero); y6 = Vector512.Max(y6, Vector512<float>.Zero);
            x7 = Vector512.Max(x7, Vector512<float>.Zero); y7 = Vector512.Max(y7, Vector512<float>.Zero);
            x8 = Vector512.Max(x8, Vector512<float>.Zero); y8 = Vector512.Max(y8, Vector512<float>.Zero);
            x9 = Vector512.Max(x9, Vector512<float>.Zero); y9 = Vector512.Max(y9, Vector512<float>.Zero);
        }
        x0.Store(c + columns[0]); y0.Store(c + columns[0] + next);
        x1.Store(c + columns[1]); y1.Store(c + columns[1] + next);
        x2.Store(c + columns[2]); y2.Store(c + columns[2] + next);
        x3.Store(c + columns[3]); y3.Store(c + columns[3] + next);
        x4.Store(c + columns[4]); y4.Store(c + columns[4] + next);
        x5.Store(c + columns[5]); y5.Store(c + columns[5] + next);
        x6.Store(c + columns[6]); y6.Store(c + columns[6] + next);
        x7.Store(c + columns[7]); y7.Store(c + columns[7] + next);
        if (!all) return;
        x8.Store(c + columns[8]); y8.Store(c + columns[8] + next);
        x9.Store(c + columns[9]); y9.Store(c + columns[9] + next);
    }
}
