using System.Runtime.InteropServices;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Kernels and linear weights between row-major order and <see cref="Layout.OIHW16o"/>, sixteen outputs at a time.</summary>
internal static unsafe class KernelBlocks
{
    const int Lanes = ConvShape.Lanes;

    /// <summary>
    /// Row-major kernels [O, I, k, k] or weights [O, I] in blocks. <paramref name="plain"/> may be <paramref name="blocked"/> where no
    /// output is padded.
    /// </summary>
    public static void Arrange<T>(Shape shape, T* plain, T* blocked) where T : unmanaged =>
        Workers.Run(PanelsOf(shape), new Panels<T>(shape, plain, blocked), static (panels, panel) => panels.Arrange(panel));

    /// <summary>The inverse of <see cref="Arrange"/>, into memory of its own.</summary>
    public static void ToRowMajor<T>(Shape shape, T* blocked, T* plain) where T : unmanaged =>
        Workers.Run(PanelsOf(shape), new Panels<T>(shape, plain, blocked), static (panels, panel) => panels.ToRowMajor(panel));

    static int PanelsOf(Shape shape) => (shape[0] + Lanes - 1) / Lanes;

    /// <summary>Both forms of all kernels, cut into panels of sixteen output channels.</summary>
    readonly struct Panels<T>(Shape shape, T* plain, T* blocked) where T : unmanaged
    {
        /// <summary>Weights of one output channel.</summary>
        readonly int _row = checked((int)shape[1..].Count);

        int Outs(int panel) => Math.Min(Lanes, shape[0] - panel * Lanes);

        T* Plain(int panel) => plain + (nint)panel * Lanes * _row;

        T* Blocked(int panel) => blocked + (nint)panel * Lanes * _row;

        public void Arrange(int panel)
        {
            if (plain != blocked)
            {
                Arrange(Plain(panel), Blocked(panel), Outs(panel));
                return;
            }
            var copy = (T*)NativeMemory.Alloc((nuint)(Lanes * _row), (nuint)sizeof(T));
            new ReadOnlySpan<T>(Plain(panel), Lanes * _row).CopyTo(new(copy, Lanes * _row));
            Arrange(copy, Blocked(panel), Lanes);
            NativeMemory.Free(copy);
        }

        void Arrange(T* from, T* to, int outs)
        {
            const int side = 8;
            int at = 0;
            if (typeof(T) == typeof(float) && outs == Lanes)
                for (; at + side <= _row; at += side)
                    for (int o = 0; o < Lanes; o += side)
                        Rows.Transpose((float*)from + (nint)o * _row + at, _row, (float*)to + (nint)at * Lanes + o, Lanes);
            for (; at < _row; at++)
                for (int o = 0; o < Lanes; o++) to[(nint)at * Lanes + o] = o < outs ? from[(nint)o * _row + at] : default;
        }

        public void ToRowMajor(int panel)
        {
            T* from = Blocked(panel), to = Plain(panel);
            for (int o = 0; o < Outs(panel); o++)
                for (int at = 0; at < _row; at++) to[(nint)o * _row + at] = from[(nint)at * Lanes + o];
        }
    }
}
