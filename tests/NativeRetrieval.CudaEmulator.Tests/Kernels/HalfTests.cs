using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.CudaEmulator.Tests.Ops;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

/// <summary>
/// Entry points of 16-bit types: from inputs that both types hold exactly, the float32 entry point's results, rounded once.
/// </summary>
[Collection("device"), Trait(RaceTests.Name, RaceTests.Value)]
public sealed class HalfTests
{
    const int Rows = 5, Width = 37, Count = Rows * Width, Threads = 64, SharedBytes = 64;

    /// <summary>
    /// File, entry point without its type, arguments in order: I and J inputs and O the output of the type, B a second output.
    /// </summary>
    public static TheoryData<string, string, string> EntryPoints => new()
    {
        { "softmax", "softmax_forward", "I O width" }, { "softmax", "softmax_backward", "I J O width" },
        { "l2_normalize", "l2_normalize_forward", "I O epsilon width" },
        { "l2_normalize", "l2_normalize_backward", "I J O epsilon width" },
        { "spec_augment", "spec_augment_forward", "I null stripes limit stripes limit seed stream first per_token null O frames bins" },
    };

    [Theory, MemberData(nameof(EntryPoints))]
    public void Agree_with_float32(string file, string entryPoint, string arguments)
    {
        using var device = new KernelDevice(DeviceOrder.All[0]);
        foreach (var (type, step) in new[] { ("bf16", 1 / 256.0), ("f16", 1 / 2048.0) })
        {
            float[] first = Exact(1), second = Exact(2);
            float[] expected = Run(type: "f32", first, second, values => device.Upload(values),
                address => device.Download<float>(address, Count));
            float[] got = type == "bf16"
                ? Run(type, first, second, values => device.Upload(Array.ConvertAll(values, v => (BFloat16)v)),
                    address => Array.ConvertAll(device.Download<BFloat16>(address, Count), v => (float)v))
                : Run(type, first, second, values => device.Upload(Array.ConvertAll(values, v => (Half)v)),
                    address => Array.ConvertAll(device.Download<Half>(address, Count), v => (float)v));
            for (int i = 0; i < Count; i++)
                Assert.True(Math.Abs(expected[i] - got[i]) <= step * Math.Abs(expected[i]) + 1e-6,
                    $"{entryPoint}_{type}: element {i} is {got[i]}, rounded from {expected[i]}");
        }

        float[] Run(string type, float[] first, float[] second, Func<float[], nint> upload, Func<nint, float[]> download)
        {
            nint output = upload(new float[Count]);
            var list = arguments.Split(' ').Select(name => name switch
            {
                "I" => (KernelArgument)upload(first), // else the compiler would make numbers of all of them
                "J" => upload(second),
                "O" => output,
                "null" => (nint)0,
                "count" => (long)Count,
                "seed" or "stream" or "first" => 5L,
                "per_token" => 0L,
                "epsilon" => 1e-5f,
                "width" or "bins" => Width,
                "rows" or "frames" => Rows,
                "stripes" => 1,
                "limit" => 4,
                _ => throw new ArgumentException(name),
            }).ToArray();
            device.Launch(file, $"{entryPoint}_{type}", Rows, Threads, SharedBytes, list);
            return download(output);
        }
    }

    /// <summary>Multiples of 1/8 between -4 and 4: no type rounds them.</summary>
    static float[] Exact(ulong stream)
    {
        var random = new PhiloxSequence(new Philox(3, stream));
        return [.. Enumerable.Range(0, Count).Select(_ => random.NextBelow(65) / 8f - 4)];
    }
}
