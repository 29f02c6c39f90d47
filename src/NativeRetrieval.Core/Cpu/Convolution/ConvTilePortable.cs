using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// A tile of 6 rows by 16 columns in 128-bit vectors, for processors without AVX2; 24 accumulators fit the 32 registers of ARM64.
/// </summary>
internal static unsafe class ConvTilePortable
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
        var bx = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        var by = bias == null ? Vector128<float>.Zero : Vector128.Load(bias + 4);
        var bz = bias == null ? Vector128<float>.Zero : Vector128.Load(bias + 8);
        var bu = bias == null ? Vector128<float>.Zero : Vector128.Load(bias + 12);
        var x0 = bx;
        var y0 = by;
        var z0 = bz;
        var u0 = bu;
        Vector128<float> x1 = bx, x2 = bx, x3 = bx, x4 = bx, x5 = bx;
        Vector128<float> y1 = by, y2 = by, y3 = by, y4 = by, y5 = by;
        Vector128<float> z1 = bz, z2 = bz, z3 = bz, z4 = bz, z5 = bz;
        Vector128<float> u1 = bu, u2 = bu, u3 = bu, u4 = bu, u5 = bu;

        nint* segment = tile->Segments, end = segment + tile->SegmentCount;
        nint last = tile->SegmentLength * TStep.Floats;
        for (; segment < end; segment++)
        {
            nint k = *segment;
            for (nint stop = k + last; k < stop; k += TStep.Floats, w += 16)
            {
                var wx = Vector128.Load(w);
                var wy = Vector128.Load(w + 4);
                var wz = Vector128.Load(w + 8);
                var wu = Vector128.Load(w + 12);
                var d0 = Vector128.Create(a0[k]);
                x0 = Vector128.FusedMultiplyAdd(d0, wx, x0); y0 = Vector128.FusedMultiplyAdd(d0, wy, y0);
                z0 = Vector128.FusedMultiplyAdd(d0, wz, z0); u0 = Vector128.FusedMultiplyAdd(d0, wu, u0);
                var d1 = Vector128.Create(a1[k]);
                x1 = Vector128.FusedMultiplyAdd(d1, wx, x1); y1 = Vector128.FusedMultiplyAdd(d1, wy, y1);
                z1 = Vector128.FusedMultiplyAdd(d1, wz, z1); u1 = Vector128.FusedMultiplyAdd(d1, wu, u1);
                var d2 = Vector128.Create(a2[k]);
                x2 = Vector128.FusedMultiplyAdd(d2, wx, x2); y2 = Vector128.FusedMultiplyAdd(d2, wy, y2);
                z2 = Vector128.FusedMultiplyAdd(d2, wz, z2); u2 = Vector128.FusedMultiplyAdd(d2, wu, u2);
                var d3 = Vector128.Create(a3[k]);
                x3 = Vector128.FusedMultiplyAdd(d3, wx, x3); y3 = Vector128.FusedMultiplyAdd(d3, wy, y3);
                z3 = Vector128.FusedMultiplyAdd(d3, wz, z3); u3 = Vector128.FusedMultiplyAdd(d3, wu, u3);
                var d4 = Vector128.Create(a4[k]);
                x4 = Vector128.FusedMultiplyAdd(d4, wx, x4); y4 = Vector128.FusedMultiplyAdd(d4, wy, y4);
                z4 = Vector128.FusedMultiplyAdd(d4, wz, z4); u4 = Vector128.FusedMultiplyAdd(d4, wu, u4);
                var d5 = Vector128.Create(a5[k]);
                x5 = Vector128.FusedMultiplyAdd(d5, wx, x5); y5 = Vector128.FusedMultiplyAdd(d5, wy, y5);
                z5 = Vector128.FusedMultiplyAdd(d5, wz, z5); u5 = Vector128.FusedMultiplyAdd(d5, wu, u5);
            }
        }

        float* c = tile->C;
        nint* columns = tile->ColumnOffsets;
        // All additions come before the first store, because rows of a tile may coincide.
        if (tile->Accumulate)
        {
            x0 += Vector128.Load(c + columns[0]); y0 += Vector128.Load(c + columns[0] + 4);
            z0 += Vector128.Load(c + columns[0] + 8); u0 += Vector128.Load(c + columns[0] + 12);
            x1 += Vector128.Load(c + columns[1]); y1 += Vector128.Load(c + columns[1] + 4);
            z1 += Vector128.Load(c + columns[1] + 8); u1 += Vector128.Load(c + columns[1] + 12);
            x2 += Vector128.Load(c + columns[2]); y2 += Vector128.Load(c + columns[2] + 4);
            z2 += Vector128.Load(c + columns[2] + 8); u2 += Vector128.Load(c + columns[2] + 12);
            x3 += Vector128.Load(c + columns[3]); y3 += Vector128.Load(c + columns[3] + 4);
            z3 += Vector128.Load(c + columns[3] + 8); u3 += Vector128.Load(c + columns[3] + 12);
            x4 += Vector128.Load(c + columns[4]); y4 += Vector128.Load(c + columns[4] + 4);
            z4 += Vector128.Load(c + columns[4] + 8); u4 += Vector128.Load(c + columns[4] + 12);
            x5 += Vector128.Load(c + columns[5]); y5 += Vector128.Load(c + columns[5] + 4);
            z5 += Vector128.Load(c + columns[5] + 8); u5 += Vector128.Load(c + columns[5] + 12);
        }
        if (tile->Relu)
        {
            x0 = Vector128.Max(x0, Vector128<float>.Zero); y0 = Vector128.Max(y0, Vector128<float>.Zero);
            z0 = Vector128.Max(z0, Vector128<float>.Zero); u0 = Vector128.Max(u0, Vector128<float>.Zero);
            x1 = Vector128.Max(x1, Vector128<float>.Zero); y1 = Vector128.Max(y1, Vector128<float>.Zero);
            z1 = Vector128.Max(z1, Vector128<float>.Zero); u1 = Vector128.Max(u1, Vector128<float>.Zero);
            x2 = Vector128.Max(x2, Vector128<float>.Zero); y2 = Vector128.Max(y2, Vector128<float>.Zero);
            z2 = Vector128.Max(z2, Vector128<float>.Zero); u2 = Vector128.Max(u2, Vector128<float>.Zero);
            x3 = Vector128.Max(x3, Vector128<float>.Zero); y3 = Vector128.Max(y3, Vector128<float>.Zero);
            z3 = Vector128.Max(z3, Vector128<float>.Zero); u3 = Vector128.Max(u3, Vector128<float>.Zero);
            x4 = Vector128.Max(x4, Vector128<float>.Zero); y4 = Vector128.Max(y4, Vector128<float>.Zero);
            z4 = Vector128.Max(z4, Vector128<float>.Zero); u4 = Vector128.Max(u4, Vector128<float>.Zero);
            x5 = Vector128.Max(x5, Vector128<float>.Zero); y5 = Vector128.Max(y5, Vector128<float>.Zero);
            z5 = Vector128.Max(z5, Vector128<float>.Zero); u5 = Vector128.Max(u5, Vector128<float>.Zero);
        }
        x0.Store(c + columns[0]); y0.Store(c + columns[0] + 4); z0.Store(c + columns[0] + 8); u0.Store(c + columns[0] + 12);
        x1.Store(c + columns[1]); y1.Store(c + columns[1] + 4); z1.Store(c + columns[1] + 8); u1.Store(c + columns[1] + 12);
        x2.Store(c + columns[2]); y2.Store(c + columns[2] + 4); z2.Store(c + columns[2] + 8); u2.Store(c + columns[2] + 12);
        x3.Store(c + columns[3]); y3.Store(c + columns[3] + 4); z3.Store(c + columns[3] + 8); u3.Store(c + columns[3] + 12);
        x4.Store(c + columns[4]); y4.Store(c + columns[4] + 4); z4.Store(c + columns[4] + 8); u4.Store(c + columns[4] + 12);
        x5.Store(c + columns[5]); y5.Store(c + columns[5] + 4); z5.Store(c + columns[5] + 8); u5.Store(c + columns[5] + 12);
    }
}
