using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void FirstToken(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Run<float>(x, y);
        else Run<double>(x, y);

        static void Run<T>(Tensor x, Tensor y) where T : unmanaged
        {
            int width = x.Shape[2];
            long sentence = (long)x.Shape[1] * width;
            T* source = x.Pointer<T>(), target = y.Pointer<T>();
            for (long b = 0; b < x.Shape[0]; b++) new Span<T>(source + b * sentence, width).CopyTo(new Span<T>(target + b * width, width));
        }
    }

    public void FirstTokenBackward(Tensor dy, Tensor dx)
    {
        if (dy.DType == DType.Float32) FirstTokenBackward<float>(dy, dx);
        else FirstTokenBackward<double>(dy, dx);
    }

    static void FirstTokenBackward<T>(Tensor dy, Tensor dx) where T : unmanaged
    {
        RowSlices.Run(dx.Shape[0], dx.Shape[1] * dx.Shape[2], (dy, dx), static (s, first, end) =>
        {
            int width = s.dx.Shape[2], tokens = s.dx.Shape[1];
            T* upstream = s.dy.Pointer<T>(), target = s.dx.Pointer<T>();
            for (long b = first; b < end; b++)
            {
                var sentence = new Span<T>(target + b * tokens * width, tokens * width);
                new Span<T>(upstream + b * width, width).CopyTo(sentence);
                sentence[width..].Clear();
            }
        });
    }
}
