using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Gelu(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float64)
        {
            Slices.Run(x.Count, (x, y), static (s, start, length) =>
            {
                double* from = s.x.Pointer<double>(), to = s.y.Pointer<double>();
                for (long i = start; i < start + length; i++) to[i] = from[i] * SpecialFunctions.NormalDistribution(from[i]);
            });
            return;
        }
        Slices.Run(x.Count, (x, y), static (s, start, length) =>
        {
            float* source = s.x.Pointer<float>(), target = s.y.Pointer<float>();
            long i = start, end = start + length;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
                Vector.Store(VectorMath.Gelu(Vector.Load(source + i)), target + i);
            for (; i < end; i++) target[i] = VectorMath.Gelu(new Vector<float>(source[i]))[0];
        });
    }

    public void GeluBackward(Tensor dy, Tensor x, Tensor dx)
    {
        if (x.DType == DType.Float64)
        {
            Slices.Run(x.Count, (dy, x, dx), static (s, start, length) =>
            {
                double* from = s.x.Pointer<double>(), gradient = s.dy.Pointer<double>(), to = s.dx.Pointer<double>();
                for (long i = start; i < start + length; i++)
                    to[i] = gradient[i]
                        * (SpecialFunctions.NormalDistribution(from[i]) + from[i] * SpecialFunctions.NormalDensity(from[i]));
            });
            return;
        }
        Slices.Run(x.Count, (dy, x, dx), static (s, start, length) =>
        {
            float* source = s.x.Pointer<float>(), upstream = s.dy.Pointer<float>(), target = s.dx.Pointer<float>();
            long i = start, end = start + length;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
                Vector.Store(Vector.Load(upstream + i) * GeluSlope(Vector.Load(source + i)), target + i);
            for (; i < end; i++) target[i] = upstream[i] * GeluSlope(new Vector<float>(source[i]))[0];
        });
    }

    static Vector<float> GeluSlope(Vector<float> x)
    {
        var (distribution, density) = VectorMath.Normal(x);
        return distribution + x * density;
    }
}
