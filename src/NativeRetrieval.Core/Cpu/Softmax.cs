using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Softmax(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Softmax<float>(x, y);
        else Softmax<double>(x, y);
    }

    static void Softmax<T>(Tensor x, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(x), x.Shape[^1], (x, y), static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            for (long row = first; row < end; row++) RowMath.Softmax(source + row * width, T.One, target + row * width, width);
        });
    }

    public void SoftmaxBackward(Tensor dy, Tensor y, Tensor dx)
    {
        if (y.DType == DType.Float32) SoftmaxBackward<float>(dy, y, dx);
        else SoftmaxBackward<double>(dy, y, dx);
    }

    static void SoftmaxBackward<T>(Tensor dy, Tensor y, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(y), y.Shape[^1], (dy, y, dx), static (s, first, end) =>
        {
            int width = s.y.Shape[^1];
            T* upstream = s.dy.Pointer<T>(), value = s.y.Pointer<T>(), target = s.dx.Pointer<T>();
            for (long row = first; row < end; row++)
                SoftmaxRowBackward(upstream + row * width, value + row * width, T.One, target + row * width, width);
        });
    }

    /// <summary>dx = scale·y·(dy − Σ dy·y); dx may be dy.</summary>
    static void SoftmaxRowBackward<T>(T* dy, T* y, T scale, T* dx, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T dot = RowMath.Dot(dy, y, count);
        var (dots, scales) = (new Vector<T>(dot), new Vector<T>(scale));
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store((Vector.Load(dy + i) - dots) * Vector.Load(y + i) * scales, dx + i);
        for (; i < count; i++) dx[i] = (dy[i] - dot) * y[i] * scale;
    }

    /// <summary>Rows of […, D].</summary>
    static int RowsOf(Tensor x) => checked((int)x.Shape[..^1].Count);
}
