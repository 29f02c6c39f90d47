using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.OpBenchmarks;

/// <summary>An op case at one of its sizes, its inputs on the CPU; the forward pass in float32 runs again and again.</summary>
public sealed class PreparedCase : IDisposable
{
    readonly OpCase _case;
    readonly string _size;
    readonly Tensor[] _inputs;

    public PreparedCase(OpCase opCase, string size)
    {
        (_case, _size) = (opCase, size);
        _inputs = [.. opCase.Inputs(size, new PhiloxSequence(new Philox(1))).Select(Place)];
    }

    /// <summary>Cases with a size worth timing: a model's, or else the largest that tests have.</summary>
    public static IEnumerable<(OpCase Case, string Size)> All => OpCaseCatalogue.All.SelectMany(opCase =>
        (opCase.ModelSizes.Any() ? opCase.ModelSizes : [opCase.Sizes.MaxBy(size => opCase.Cost(size).ForwardBytes)!])
        .Select(size => (opCase, size)));

    /// <summary>Name in tables: the case without its ending, since one op has several.</summary>
    public static string NameOf(OpCase opCase) => opCase.GetType().Name[..^"Case".Length];

    public void Run()
    {
        using var scope = TensorScope.Begin();
        _case.Run(_size, _inputs, CpuDevice.Shared);
    }

    public void Dispose()
    {
        foreach (var input in _inputs) input.Dispose();
    }

    static Tensor Place(Input input)
    {
        var device = CpuDevice.Shared;
        var x = Tensor.From(Array.ConvertAll(input.Values, value => (float)value), input.Shape, device);
        var layout = input.FeatureMap ? device.FeatureMaps : input.Filter ? device.Filters : Layout.Contiguous;
        if (layout == x.Layout) return x;
        using (x) return Op.ToLayout(x, layout);
    }
}
