using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Packs kernels [O, I, k, k] into panels [⌈O/16⌉][⌈I/16⌉][tap][16 in][16 out], zeros where channels are missing.</summary>
internal static unsafe class ConvPack
{
    const int Lanes = ConvShape.Lanes;

    /// <summary>Blocks of 3x3 kernels by which rows are fetched ahead: they lie too far apart for the processor to do it alone.</summary>
    const int AheadBlocks = 2;

    public static void Pack(ConvShape s, ConvWeights weights, float* packed) =>
        Workers.Run(s.OutBlocks, new Packing(s, weights, packed), static (packing, panel) => packing.Pack(panel));

    readonly struct Packing(ConvShape s, ConvWeights weights, float* packed)
    {
        public void Pack(int panel)
        {
            for (int block = 0; block < s.InBlocks; block++)
                weights.Block(s, panel, block, BlockOrder.ByTap(s), packed + panel * s.PanelFloats + block * s.BlockFloats);
        }
    }

    /// <summary>One block of forward kernels; <paramref name="scale"/> multiplies an output channel's weights (null: 1).</summary>
    public static void ForwardBlock(ConvShape s, float* weight, float* scale, int panel, int block, BlockOrder order, float* to)
    {
        int outs = Math.Min(Lanes, s.OutChannels - panel * Lanes), ins = Math.Min(s.InLanes, s.InChannels - block * s.InLanes);
        if (outs == Lanes && ins == Lanes)
        {
            WholeBlock(s, weight, scale, panel, block, order, to);
            return;
        }
        new Span<float>(to, (int)s.BlockFloats).Clear();
        for (int column = 0; column < outs; column++)
        {
            int o = panel * Lanes + column;
            float* from = weight + ((nint)o * s.InChannels + block * s.InLanes) * s.Taps;
            float factor = scale == null ? 1 : scale[o];
            for (int lane = 0; lane < ins; lane++)
            for (int tap = 0; tap < s.Taps; tap++)
                to[tap * order.TapFloats + lane * order.InFloats + column] = *from++ * factor;
        }
    }

    /// <summary>A block without missing channels: eight rows of eight values are transposed in registers.</summary>
    static void WholeBlock(ConvShape s, float* weight, float* scale, int panel, int block, BlockOrder order, float* to)
    {
        const int side = 8;
        nint stride = (nint)s.InChannels * s.Taps;
        bool inOrder = order == BlockOrder.ByInput(s);
        float* columns = stackalloc float[side * side];
        for (int column = 0; column < Lanes; column += side)
        {
            int o = panel * Lanes + column, tap = 0;
            float* from = weight + o * stride + (nint)block * Lanes * s.Taps, lane = to + column;
            Vector256<float> f0 = Factor(0), f1 = Factor(1), f2 = Factor(2), f3 = Factor(3);
            Vector256<float> f4 = Factor(4), f5 = Factor(5), f6 = Factor(6), f7 = Factor(7);
            for (int at = 0; at < Lanes * s.Taps; at += side, from += side)
            {
                Rows.Transpose(Vector256.Load(from) * f0, Vector256.Load(from + stride) * f1, Vector256.Load(from + 2 * stride) * f2,
                    Vector256.Load(from + 3 * stride) * f3, Vector256.Load(from + 4 * stride) * f4, Vector256.Load(from + 5 * stride) * f5,
                    Vector256.Load(from + 6 * stride) * f6, Vector256.Load(from + 7 * stride) * f7,
                    inOrder ? lane + (nint)at * Lanes : columns, inOrder ? Lanes : side);
                // One cache line of each row for every two steps of eight floats.
                if (Sse.IsSupported && at % Lanes == 0)
                    for (int row = 0; row < side; row++) Sse.Prefetch0(from + row * stride + AheadBlocks * Lanes * s.Taps);
                if (inOrder) continue;
                for (int i = 0; i < side; i++)
                {
                    Vector256.Load(columns + i * side).Store(lane + tap * order.TapFloats);
                    if (++tap < s.Taps) continue;
                    tap = 0;
                    lane += order.InFloats;
                }
            }

            Vector256<float> Factor(int row) => Vector256.Create(scale == null ? 1 : scale[o + row]);
        }
    }

    /// <summary>
    /// One block of backward kernels: input and output channels exchanged and the taps in reverse order, so that the forward kernel run
    /// over output gradients gives input gradients. <paramref name="s"/> is the forward convolution; panel counts its input blocks, block
    /// its output blocks.
    /// </summary>
    public static void BackwardBlock(ConvShape s, float* weight, int panel, int block, BlockOrder order, float* to)
    {
        int lanes = s.Transposed.InLanes;
        int outs = Math.Min(lanes, s.OutChannels - block * lanes), ins = Math.Min(Lanes, s.InChannels - panel * Lanes);
        new Span<float>(to, (int)s.Transposed.BlockFloats).Clear();
        for (int lane = 0; lane < outs; lane++)
        {
            float* from = weight + ((nint)(block * lanes + lane) * s.InChannels + panel * Lanes) * s.Taps;
            for (int column = 0; column < ins; column++)
            for (int tap = s.Taps - 1; tap >= 0; tap--)
                to[tap * order.TapFloats + lane * order.InFloats + column] = *from++;
        }
    }

    /// <summary>
    /// Inverse of <see cref="Pack"/> for forward kernels without a scale: gradients in packed order back to [O, I, k, k].
    /// </summary>
    public static void Unpack(ConvShape s, float* packed, float* weight) =>
        Workers.Run(s.OutBlocks, panel =>
        {
            for (int block = 0; block < s.InBlocks; block++)
                UnpackBlock(s, packed + panel * s.PanelFloats + block * s.BlockFloats, panel, block, weight);
        });

    /// <summary>Inverse of <see cref="ForwardBlock"/>.</summary>
    public static void UnpackBlock(ConvShape s, float* from, int panel, int block, float* weight)
    {
        int outs = Math.Min(Lanes, s.OutChannels - panel * Lanes), ins = Math.Min(s.InLanes, s.InChannels - block * s.InLanes);
        for (int column = 0; column < outs; column++)
        {
            float* to = weight + ((nint)(panel * Lanes + column) * s.InChannels + block * s.InLanes) * s.Taps;
            for (int lane = 0; lane < ins; lane++)
            for (int tap = 0; tap < s.Taps; tap++)
                *to++ = from[(tap * s.InLanes + lane) * Lanes + column];
        }
    }
}
