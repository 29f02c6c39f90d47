namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>Packs kernels [O, I, k, k] into panels [⌈O/16⌉][⌈I/16⌉][tap][16 in][16 out], zeros where channels are missing.</summary>
internal static unsafe class ConvPack
{
    /// <summary>Weights of the forward pass; <paramref name="scale"/> multiplies an output channel's weights (null: 1).</summary>
    public static void Forward(ConvShape s, float* weight, float* scale, float* packed) =>
        Workers.Run(s.OutBlocks, panel =>
        {
            float* to = packed + panel * s.PanelFloats;
            for (int block = 0; block < s.InBlocks; block++)
            for (int tap = 0; tap < s.Taps; tap++)
            for (int lane = 0; lane < s.InLanes; lane++)
            for (int column = 0; column < ConvShape.Lanes; column++, to++)
            {
                int o = panel * ConvShape.Lanes + column, i = block * ConvShape.Lanes + lane;
                bool real = o < s.OutChannels && i < s.InChannels;
                *to = real ? weight[((nint)o * s.InChannels + i) * s.Taps + tap] * (scale == null ? 1 : scale[o]) : 0;
            }
        });

    /// <summary>
    /// Weights of the backward pass: input and output channels exchanged and the taps in reverse order, so that
    /// the forward kernel run over output gradients gives input gradients. <paramref name="s"/> is the forward convolution.
    /// </summary>
    public static void Backward(ConvShape s, float* weight, float* packed)
    {
        ConvShape t = s.Transposed;
        Workers.Run(t.OutBlocks, panel =>
        {
            float* to = packed + panel * t.PanelFloats;
            for (int block = 0; block < t.InBlocks; block++)
            for (int tap = 0; tap < t.Taps; tap++)
            for (int lane = 0; lane < t.InLanes; lane++)
            for (int column = 0; column < ConvShape.Lanes; column++, to++)
            {
                int i = panel * ConvShape.Lanes + column, o = block * ConvShape.Lanes + lane;
                bool real = o < s.OutChannels && i < s.InChannels;
                *to = real ? weight[((nint)o * s.InChannels + i) * s.Taps + (s.Taps - 1 - tap)] : 0;
            }
        });
    }

    /// <summary>Inverse of <see cref="Forward"/> without a scale: gradients in packed order back to [O, I, k, k].</summary>
    public static void Unpack(ConvShape s, float* packed, float* weight) =>
        Workers.Run(s.OutBlocks, panel =>
        {
            int columns = Math.Min(ConvShape.Lanes, s.OutChannels - panel * ConvShape.Lanes);
            for (int i = 0; i < s.InChannels; i++)
            for (int tap = 0; tap < s.Taps; tap++)
            {
                nint row = ((nint)(i / ConvShape.Lanes) * s.Taps + tap) * s.InLanes + i % ConvShape.Lanes;
                float* from = packed + panel * s.PanelFloats + row * ConvShape.Lanes;
                for (int column = 0; column < columns; column++)
                    weight[((nint)(panel * ConvShape.Lanes + column) * s.InChannels + i) * s.Taps + tap] = from[column];
            }
        });
}
