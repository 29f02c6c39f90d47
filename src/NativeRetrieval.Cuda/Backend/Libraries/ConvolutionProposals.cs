using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cudnn;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>cuDNN's list of algorithms for a direction of a shape, its favourite first, without those that cannot be taken.</summary>
/// <param name="workspaceLimitBytes">More is refused.</param>
/// <param name="deterministic">True takes only algorithms that give the same bits in every run.</param>
internal sealed unsafe class ConvolutionProposals(CudnnHandle handle, long workspaceLimitBytes, bool deterministic)
{
    /// <summary>More proposals than any direction has algorithms, each with and without tensor cores.</summary>
    const int Most = 20;

    /// <param name="isSplit">True for the algorithms of a tripled shape, which must be those of tensor cores.</param>
    public List<ConvolutionAlgorithm> Of(
        ConvolutionDirection direction, ConvolutionDescriptors shape, ConvolutionHandle convolution, bool exact, bool isSplit)
    {
        var found = new List<ConvolutionAlgorithm>();
        int count;
        switch (direction)
        {
            case ConvolutionDirection.InputGradient:
                var input = stackalloc CudnnPlan<CudnnInputGradientAlgorithm>[Most];
                cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, shape.W, shape.Y, convolution, shape.X, Most, out count, input)
                    .ThrowIfFailed();
                Add(found, new ReadOnlySpan<CudnnPlan<CudnnInputGradientAlgorithm>>(input, count), exact, isSplit);
                return found;
            case ConvolutionDirection.FilterGradient:
                var filter = stackalloc CudnnPlan<CudnnFilterGradientAlgorithm>[Most];
                cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, shape.X, shape.Y, convolution, shape.W, Most, out count, filter)
                    .ThrowIfFailed();
                Add(found, new ReadOnlySpan<CudnnPlan<CudnnFilterGradientAlgorithm>>(filter, count), exact, isSplit);
                return found;
        }
        var forward = stackalloc CudnnPlan<CudnnForwardAlgorithm>[Most];
        cudnnGetConvolutionForwardAlgorithm_v7(handle, shape.X, shape.W, convolution, shape.Y, Most, out count, forward).ThrowIfFailed();
        Add(found, new ReadOnlySpan<CudnnPlan<CudnnForwardAlgorithm>>(forward, count), exact, isSplit);
        if (direction != ConvolutionDirection.ForwardWithBias) return found;

        // Without an activation the function that adds a bias knows one algorithm.
        const CudnnForwardAlgorithm Known = CudnnForwardAlgorithm.ImplicitPrecomputedGemm;
        found.RemoveAll(algorithm => algorithm.Number != (int)Known);
        if (found.Count > 0) return found;
        cudnnGetConvolutionForwardWorkspaceSize(handle, shape.X, shape.W, convolution, shape.Y, Known, out nuint bytes).ThrowIfFailed();
        return [new(NameOf(Known.ToString(), Math(default, exact), isSplit), (int)Known, bytes, true, Math(default, exact), isSplit)];
    }

    void Add<TAlgorithm>(
        List<ConvolutionAlgorithm> found, ReadOnlySpan<CudnnPlan<TAlgorithm>> plans, bool exact, bool isSplit)
        where TAlgorithm : unmanaged, Enum
    {
        foreach (var plan in plans)
        {
            bool sameBits = plan.Determinism == CudnnDeterminism.Deterministic;
            if (plan.Status != CudnnStatus.Success || plan.WorkspaceBytes > (nuint)workspaceLimitBytes) continue;
            if (deterministic && !sameBits) continue;
            var math = Math(plan.Math, exact);
            if (isSplit && math == CudnnMathType.FusedMultiplyAdd) continue;
            string name = NameOf(plan.Algorithm.ToString(), math, isSplit);
            if (found.Exists(other => other.Name == name)) continue;
            found.Add(new(name, Convert.ToInt32(plan.Algorithm, null), plan.WorkspaceBytes, sameBits, math, isSplit));
        }
    }

    /// <summary>The proposed math type, which may round; not where products must be exact.</summary>
    static CudnnMathType Math(CudnnMathType proposed, bool exact) => exact ? CudnnMathType.FusedMultiplyAdd : proposed;

    static string NameOf(string algorithm, CudnnMathType math, bool isSplit) =>
        isSplit ? $"{algorithm} of three TF32 products" : math == CudnnMathType.Default ? algorithm : $"{algorithm}, {math}";
}
