using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>
/// Gradients of blocked maps pixel by pixel: those of means over windows without overlap are spread over the windows' pixels as they are
/// read, as <see cref="Pool2dBlocked.AverageBackward"/> would have stored them.
/// </summary>
internal readonly unsafe struct SpreadGradients(float* dy, FrameMap map, int window)
{
    const int Lanes = CpuBackend.ChannelBlock;

    /// <summary>
    /// Gradients of <paramref name="count"/> pixels of a 16-channel block of one clip, in <paramref name="buffer"/> or where they lie.
    /// </summary>
    public float* Run(int part, int pixel, int count, float* buffer)
    {
        if (window == 1) return dy + (nint)part * map.BlockFloats + pixel * Lanes;
        int rows = map.Height / window, columns = map.Width / window, real = map.Frames(part / map.Blocks) / window;
        var factor = Vector512.Create(1f / (window * window));
        float* to = buffer, end = buffer + count * Lanes;
        for (int row = pixel / map.Width, column = pixel % map.Width; to < end; row++, column = 0)
        {
            float* next = to + (map.Width - column) * Lanes, from = dy + ((nint)part * rows + row / window) * columns * Lanes;
            if (next > end) next = end;
            for (int covered = row / window < real ? columns * window : 0; column < covered && to < next; column++, to += Lanes)
                (Vector512.Load(from + column / window * Lanes) * factor).Store(to);
            new Span<float>(to, (int)(next - to)).Clear();
            to = next;
        }
        return buffer;
    }
}
