using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Packs kernels [O, I, k, k] into panels [⌈O/16⌉][⌈I/16⌉][tap][16 in][16 out], zeros where channels are missing.</summary>
internal static unsafe class ConvPack
{
    const int Lanes = ConvShape.Lanes;

    public static void Pack(ConvShape s, ConvWeights weights, float* packed) =>
        Workers.Run(s.OutBlocks, panel =>
        {
            for (int block = 0; block < s.InBlocks; block++)
                weights.Block(s, panel, block, packed + panel * s.PanelFloats + block * s.BlockFloats);
        });

    /// <summary>
    /// One block of forward kernels: [tap][16 in][16 out]; <paramref name="scale"/> multiplies an output channel's weights (null: 1).
    /// </summary>
    public static void ForwardBlock(ConvShape s, float* weight, float* scale, int panel, int block, float* to)
    {
        int outs = Math.Min(Lanes, s.OutChannels - panel * Lanes), ins = Math.Min(s.InLanes, s.InChannels - block * s.InLanes);
        if (outs == Lanes && ins == Lanes)
        {
            WholeBlock(s, weight, scale, panel, block, to);
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
                to[(tap * s.InLanes + lane) * Lanes + column] = *from++ * factor;
        }
    }

    /// <summary>A block without missing channels: eight rows of eight values are transposed in registers.</summary>
    static void WholeBlock(ConvShape s, float* weight, float* scale, int panel, int block, float* to)
    {
        const int side = 8;
        var columns = stackalloc Vector256<float>[side];
        nint stride = (nint)s.InChannels * s.Taps;
        for (int column = 0; column < Lanes; column += side)
        {
            int o = panel * Lanes + column, tap = 0;
            float* from = weight + o * stride + (nint)block * Lanes * s.Taps, lane = to + column;
            var factor = scale == null ? Vector256<float>.One : Vector256.Load(scale + o);
            for (int at = 0; at < Lanes * s.Taps; at += side, from += side)
            {
                new Rows(Vector256.Load(from), Vector256.Load(from + stride), Vector256.Load(from + 2 * stride),
                    Vector256.Load(from + 3 * stride), Vector256.Load(from + 4 * stride), Vector256.Load(from + 5 * stride),
                    Vector256.Load(from + 6 * stride), Vector256.Load(from + 7 * stride)).Transpose(columns);
                for (int i = 0; i < side; i++)
                {
                    (columns[i] * factor).Store(lane + tap * Lanes * Lanes);
                    if (++tap < s.Taps) continue;
                    tap = 0;
                    lane += Lanes;
                }
            }
        }
    }

    /// <summary>
    /// One block of backward kernels: input and output channels exchanged and the taps in reverse order, so that the forward kernel run
    /// over output gradients gives input gradients. <paramref name="s"/> is the forward convolution; panel counts its input blocks, block
    /// its output blocks.
    /// </summary>
    public static void BackwardBlock(ConvShape s, float* weight, int panel, int block, float* to)
    {
        int lanes = s.Transposed.InLanes;
        int outs = Math.Min(lanes, s.OutChannels - block * lanes), ins = Math.Min(Lanes, s.InChannels - panel * Lanes);
        new Span<float>(to, (int)s.Transposed.BlockFloats).Clear();
        for (int lane = 0; lane < outs; lane++)
        {
            float* from = weight + ((nint)(block * lanes + lane) * s.InChannels + panel * Lanes) * s.Taps;
            for (int column = 0; column < ins; column++)
            for (int tap = s.Taps - 1; tap >= 0; tap--)
                to[(tap * lanes + lane) * Lanes + column] = *from++;
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
