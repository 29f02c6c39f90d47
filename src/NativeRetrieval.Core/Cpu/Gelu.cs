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
            double* from = x.Pointer<double>(), to = y.Pointer<double>();
            Slices.Run(x.Count, (start, length) =>
            {
                for (long i = start; i < start + length; i++) to[i] = from[i] * SpecialFunctions.NormalDistribution(from[i]);
            });
            return;
        }
        float* source = x.Pointer<float>(), target = y.Pointer<float>();
        Slices.Run(x.Count, (start, length) =>
        {
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
            double* from = x.Pointer<double>(), gradient = dy.Pointer<double>(), to = dx.Pointer<double>();
            Slices.Run(x.Count, (start, length) =>
            {
                for (long i = start; i < start + length; i++)
                    to[i] = gradient[i]
                        * (SpecialFunctions.NormalDistribution(from[i]) + from[i] * SpecialFunctions.NormalDensity(from[i]));
            });
            return;
        }
        float* source = x.Pointer<float>(), upstream = dy.Pointer<float>(), target = dx.Pointer<float>();
        Slices.Run(x.Count, (start, length) =>
        {
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
