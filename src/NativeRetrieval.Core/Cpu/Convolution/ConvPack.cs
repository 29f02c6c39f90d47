using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Packs kernels for <see cref="ConvDirect"/>: panels [⌈O/16⌉][⌈I/16⌉][tap][input lane][16 out], times a scale.</summary>
internal static unsafe class ConvPack
{
    const int Lanes = ConvShape.Lanes;

    public static void Pack(ConvShape s, ConvWeights weights, float* packed) =>
        Workers.Run(s.OutBlocks, new Packing(s, weights, packed), static (packing, panel) => packing.Pack(panel));

    readonly struct Packing(ConvShape s, ConvWeights weights, float* packed)
    {
        public void Pack(int panel)
        {
            float* to = packed + panel * s.PanelFloats;
            for (int block = 0; block < s.InBlocks; block++, to += s.BlockFloats)
                Scale(s, weights.Block(s, panel, block, BlockOrder.ByTap(s), to), weights, panel, to);
        }
    }

    /// <summary>One block times the scale of its output channels; <paramref name="from"/> may be <paramref name="to"/>.</summary>
    public static void Scale(ConvShape s, float* from, ConvWeights weights, int panel, float* to)
    {
        if (weights.Scale == null)
        {
            if (from != to) new ReadOnlySpan<float>(from, (int)s.BlockFloats).CopyTo(new(to, (int)s.BlockFloats));
            return;
        }
        float* scale = weights.Scale + panel * Lanes;
        Vector256<float> low = Vector256.Load(scale), high = Vector256.Load(scale + Lanes / 2);
        for (nint e = 0; e < s.BlockFloats; e += Lanes)
        {
            (Vector256.Load(from + e) * low).Store(to + e);
            (Vector256.Load(from + e + Lanes / 2) * high).Store(to + e + Lanes / 2);
        }
    }

    /// <summary>One block of forward kernels, which begin at <paramref name="from"/>.</summary>
    public static void ForwardBlock(ConvShape s, float* from, int block, BlockOrder order, float* to)
    {
        int ins = Math.Min(s.InLanes, s.InChannels - block * s.InLanes);
        if (ins < s.InLanes) new Span<float>(to, (int)s.BlockFloats).Clear();
        for (int lane = 0; lane < ins; lane++)
        for (int tap = 0; tap < s.Taps; tap++, from += Lanes)
            new ReadOnlySpan<float>(from, Lanes).CopyTo(new(to + tap * order.TapFloats + lane * order.InFloats, Lanes));
    }

    /// <summary>
    /// One block of backward kernels: input and output channels exchanged and the taps in reverse order, so that the forward kernel run
    /// over output gradients gives input gradients. <paramref name="s"/> is the forward convolution; panel counts its input blocks, block
    /// its output blocks.
    /// </summary>
    public static void BackwardBlock(ConvShape s, float* kernels, int panel, int block, BlockOrder order, float* to)
    {
        const int side = 8;
        int ins = Math.Min(Lanes, s.InChannels - panel * Lanes);
        float* from = kernels + block * s.KernelPanelFloats + (nint)panel * Lanes * s.Taps * Lanes;
        if (ins < Lanes)
        {
            new Span<float>(to, Lanes * Lanes * s.Taps).Clear();
            for (int i = 0; i < ins; i++)
            for (int tap = s.Taps - 1; tap >= 0; tap--, from += Lanes)
                for (int o = 0; o < Lanes; o++) to[tap * order.TapFloats + o * order.InFloats + i] = from[o];
            return;
        }
        // The next block of this panel lies too far away for the processor to fetch it alone.
        float* ahead = from + s.KernelPanelFloats;
        for (int tap = 0; tap < s.Taps; tap++)
        {
            if (Sse.IsSupported)
                for (int line = 0; line < Lanes; line++, ahead += Lanes) Sse.Prefetch0(ahead);
            float* own = to + (s.Taps - 1 - tap) * order.TapFloats;
            for (int o = 0; o < Lanes; o += side)
            for (int i = 0; i < Lanes; i += side)
                Rows.Transpose(from + (i * s.Taps + tap) * Lanes + o, s.Taps * Lanes, own + o * order.InFloats + i, order.InFloats);
        }
    }
}
